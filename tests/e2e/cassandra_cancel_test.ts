import assert from "node:assert/strict";
import { Layout } from "../../src/data/layout.ts";
import { cancelFile } from "../../src/manage/cancel.ts";
import { formatNumber } from "../../src/base/count.ts";
import type { FileRecord, Storage } from "../../src/storage/contract.ts";
import { lockStorage, openStorage } from "../../src/storage/open.ts";
import { code } from "../contracts/storage_fixtures.ts";
import { whyNoCassandra } from "../harness/cassandra.ts";
import { CassandraPlatform } from "../harness/cassandra_platform.ts";
import { checkLimits } from "../harness/limits.ts";
import { keepAll } from "../harness/modules.ts";
import { pause, until } from "../harness/until.ts";

const ROUNDS = 12;
const ROWS = 2_000;
/** Takes long enough to send to be cancelled meanwhile. */
const MANY_ROWS = 20_000;

const csvOf = (rows: number) => `a\n${Array.from({ length: rows }, (_, n) => `${n}\n`).join("")}`;

/** Cancels a file like the command does. @returns false if it was loaded before */
async function cancel(on: CassandraPlatform, storage: Storage, id: string): Promise<boolean> {
  const settings = { data: on.platform.data, storage: { url: on.url } };
  return await cancelFile(id, {
    ...{ layout: new Layout(on.platform.data), storage, lock: () => lockStorage(settings) },
    patienceMs: 60_000,
  }).then(() => true, (error) => {
    assert.ok(code("file-ended")(error), String(error));
    return false;
  });
}

/** A file that is running or has ended, and is none of these. */
async function started(storage: Storage, seen: ReadonlySet<string>): Promise<FileRecord> {
  return await until("a file is running or has ended", async () => {
    const files = (await storage.ledger.list({ tenant: "one", limit: ROUNDS })).filter((file) =>
      !seen.has(file.id) && file.state !== "queued" && file.state !== "received"
    );
    return files.find(({ state }) => state === "running") ?? files[0];
  });
}

async function running(storage: Storage, name: string): Promise<FileRecord> {
  return await until(`${name} is running`, async () => {
    const [file] = await storage.ledger.list({ tenant: "one", name });
    return file && file.state !== "queued" && file.state !== "received" ? file : null;
  });
}

Deno.test({
  name: "cassandra: files are cancelled at any moment, and values beyond CQL are rejects",
  ignore: await whyNoCassandra() !== null,
  async fn(t) {
    await using on = await CassandraPlatform.create("[manage]\nscan_seconds = 0.5\n");
    const { platform } = on;
    await platform.deploy("one", keepAll());
    const storage = openStorage({ data: platform.data, storage: { url: on.url } });
    const rowsOf = async (name: string) =>
      (await on.rows("one", "items", "file")).filter(({ file }) => file === name).length;
    const manage = platform.manage();
    try {
      await t.step(`loaded or cancelled, never both (${ROUNDS} files)`, async () => {
        // Files with rows of their own: the next one must not replace them.
        for (let n = 0; n < ROUNDS; n++) await platform.stage("one", `${n}.csv`, csvOf(ROWS + n));
        const outcomes: string[] = [];
        const seen = new Set<string>();
        while (seen.size < ROUNDS) {
          const record = await started(storage, seen);
          seen.add(record.id);
          await pause(Math.random() * 400);
          const isCancelled = await cancel(on, storage, record.id);
          const { state, reason } = (await storage.ledger.get(record.id))!;
          outcomes.push(state);
          assert.equal(state, isCancelled ? "quarantined" : "ingested");
          assert.equal(await storage.receipt("one", record.id) !== null, !isCancelled);
          assert.equal(await storage.begun("one", record.id), null);
          const stored = await rowsOf(record.name);
          const rows = ROWS + parseInt(record.name);
          if (!isCancelled) assert.equal(stored, rows);
          else if (/none of its rows/.test(reason!.message)) assert.equal(stored, 0);
          else assert.ok(reason!.message.includes(`up to ${formatNumber(rows)} rows may be in`));
        }
        assert.ok(outcomes.includes("quarantined"), outcomes.join());
      });

      await t.step(
        "while its rows are sent: it stops, and a replay loads all of them",
        async () => {
          let cancelled: FileRecord | null = null;
          for (let n = 0; cancelled === null; n++) {
            await platform.stage("one", `many${n}.csv`, csvOf(MANY_ROWS + n));
            const { id } = await running(storage, `many${n}.csv`);
            await until("its load is decided", async () => {
              return await storage.begun("one", id) !== null ||
                (await storage.ledger.get(id))?.state === "ingested";
            });
            if (await cancel(on, storage, id)) cancelled = await storage.ledger.get(id);
            assert.ok(n < 5, "each file was loaded before it could be cancelled");
          }
          const { id, name, reason } = cancelled;
          assert.match(
            reason!.message,
            /^Cancelled by the operator while its rows were being stored/,
          );
          assert.match(reason!.message, /up to 20,00\d rows may be in the tables/);
          assert.equal(await storage.begun("one", id), null);
          await platform.must("manage", "replay", id);
          const loaded = await until("it is loaded", async () => {
            const file = await storage.ledger.get(id);
            return file?.state === "ingested" ? file : null;
          });
          assert.equal(await rowsOf(name), loaded.rows.stored);
        },
      );

      await t.step("one whose manage was killed while its rows were sent", async () => {
        await platform.stage("one", "killed.csv", csvOf(MANY_ROWS));
        const { id } = await running(storage, "killed.csv");
        await until("its load is decided", () => storage.begun("one", id));
        await manage.stop("SIGKILL");
        const output = await platform.must("manage", "files", "cancel", id);
        assert.match(output, /up to 20,000 rows may be in the tables/);
        assert.equal(await storage.begun("one", id), null);
        assert.ok((await platform.list("quarantine", "one")).includes(id));
      });

      await t.step("values at the limits of CQL are stored, those beyond are rejects", async () => {
        platform.manage();
        await checkLimits(platform, "limits");
      });
    } finally {
      await storage.close();
    }
  },
});
