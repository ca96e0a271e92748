import assert from "node:assert/strict";
import { cancelFile } from "../../src/manage/cancel.ts";
import { Layout } from "../../src/data/layout.ts";
import type { FileRecord } from "../../src/storage/contract.ts";
import { lockStorage, openStorage } from "../../src/storage/open.ts";
import { code } from "../contracts/storage_fixtures.ts";
import { keepAll } from "../harness/modules.ts";
import { Platform } from "../harness/platform.ts";
import { childrenOf, Running } from "../harness/process.ts";
import { pause, until } from "../harness/until.ts";

const CONFIG = "[manage]\nscan_seconds = 0.5\n";
const ROUNDS = 50;
const ROWS = 3_000;
/** A module that never ends if a record says so. */
const STUCK = keepAll({ before: `while (record.a === "stuck") ;` });

/** The id of a file that has reached a state. */
async function inState(platform: Platform, name: string, state: string): Promise<string> {
  return await until(`"${name}" is ${state}`, async () => {
    const [file] = await platform.files({ name });
    return file?.state === state ? file.id : null;
  });
}

Deno.test("cancel ends a running file: the sandbox is gone, its customer sees why, the next one loads", async () => {
  await using platform = await Platform.create(CONFIG);
  await platform.seedAccounts();
  await platform.deploy("customer-1", STUCK);
  const { url } = await platform.serve();
  const manage = platform.manage();
  const dir = await platform.inputDir({ "stuck.csv": "a\n1\nstuck\n" });
  const fetching = platform.own(
    new Running(
      ["fetch", "-u", "customer-1", "-p", "password-1", "--server", url, "-d", dir, "--wait"],
    ),
  );
  const id = await inState(platform, "stuck.csv", "running");
  await platform.stage("customer-1", "next.csv", "a\n1\n");
  await until("its sandbox runs", async () => (await childrenOf(manage.pid)).length > 0);
  const cancelled = JSON.parse(await platform.must("manage", "files", "cancel", id, "--json"));
  assert.equal(cancelled.state, "quarantined");
  assert.deepEqual(cancelled.reason, {
    code: "cancelled",
    message: "Cancelled by the operator before it was loaded: none of its rows are stored. " +
      "To load it, ask the operator for a replay, or send a corrected file.",
  });
  assert.equal((await fetching.ended()).code, 1, fetching.transcript());
  assert.match(fetching.stdout.text, /stuck\.csv.*Cancelled by the operator/s);
  assert.equal((await platform.settled("customer-1", "next.csv")).state, "ingested");
  await manage.line(/"file\.cancelled"/);
  assert.equal(platform.count("customer-1", "items"), 1);
  await until("its bytes are in quarantine", async () => {
    return (await platform.list("quarantine", "customer-1")).includes(id);
  });
  await platform.emptied("staging", ".cancel");
  assert.match(await platform.must("manage", "audit"), new RegExp(`file\\.cancel +${id} +done`));

  const again = await platform.run("manage", "files", "cancel", id);
  assert.equal(again.code, 2);
  assert.match(again.stderr, /Cannot cancel "stuck\.csv": it is already quarantined \(cancelled\)/);
  const [next] = await platform.files({ name: "next.csv" });
  const loaded = await platform.run("manage", "files", "cancel", next!.id);
  assert.match(loaded.stderr, /Cannot cancel "next\.csv": it is already loaded/);
  const unknown = await platform.run("manage", "files", "cancel", "01m85y00ganbv9ywtdr0sns4a8");
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /it is not in the ledger/);
});

Deno.test("cancel ends waiting files, and one whose manage was killed, without a manage", async () => {
  await using platform = await Platform.create(CONFIG);
  await platform.deploy("customer-1", STUCK);
  platform.addTenant("customer-2");
  await platform.stage("customer-1", "stuck.csv", "a\nstuck\n");
  await platform.stage("customer-2", "received.csv", "a\n1\n");
  const manage = platform.manage();
  const stuck = await inState(platform, "stuck.csv", "running");
  await platform.stage("customer-1", "queued.csv", "a\n1\n");
  const ids = [
    stuck,
    await inState(platform, "queued.csv", "queued"),
    await inState(platform, "received.csv", "received"),
  ];
  await manage.stop("SIGKILL");
  for (const id of ids) {
    await platform.must("manage", "files", "cancel", id);
    const file = (await platform.files()).find((file) => file.id === id)!;
    assert.deepEqual([file.state, file.reason?.code], ["quarantined", "cancelled"]);
    assert.ok((await platform.list("quarantine", file.tenant)).includes(id));
  }
  const queued = ids[1]!;
  await platform.must("manage", "replay", queued);
  const { code, stderr } = await platform.run("manage", "--once");
  assert.equal(code, 0, stderr);
  const states = new Map((await platform.files()).map(({ id, state }) => [id, state]));
  assert.deepEqual(ids.map((id) => states.get(id)), ["quarantined", "ingested", "quarantined"]);
});

Deno.test(`a cancel that races with the commit: loaded or cancelled, never both (${ROUNDS} files)`, async () => {
  await using platform = await Platform.create(CONFIG);
  const tenant = "one";
  // So slow that a request is seen before the end.
  await platform.deploy(tenant, keepAll({ before: "for (let i = 0; i < 300_000; i++);" }));
  for (let n = 0; n < ROUNDS; n++) {
    // With rows of its own: the next file must not replace them.
    const text = `a\n${Array.from({ length: ROWS }, (_, row) => `${n} ${row}\n`).join("")}`;
    await platform.stage(tenant, `${n}.csv`, text);
  }
  const settings = { data: platform.data, storage: { url: "sqlite:" } };
  const storage = openStorage(settings);
  const outcomes: string[] = [];
  try {
    platform.manage();
    const seen = new Set<string>();
    while (seen.size < ROUNDS) {
      const record = await until("a file is running or has ended", async () => {
        const files = await storage.ledger.list({ tenant, limit: ROUNDS });
        const isNew = ({ id, state }: FileRecord) =>
          !seen.has(id) && state !== "queued" && state !== "received";
        return files.find((file) => isNew(file) && file.state === "running") ?? files.find(isNew);
      });
      const { name } = record;
      seen.add(record.id);
      await pause(Math.random() * 300);
      const cancelling = cancelFile(record.id, {
        ...{ layout: new Layout(platform.data), storage, lock: () => lockStorage(settings) },
        patienceMs: 60_000,
      });
      const isCancelled = await cancelling.then(() => true, (error) => {
        assert.ok(code("file-ended")(error), String(error));
        return false;
      });
      const { state, rows } = (await storage.ledger.get(record.id))!;
      outcomes.push(state);
      assert.equal(state, isCancelled ? "quarantined" : "ingested");
      const stored = platform.query(
        tenant,
        `SELECT count(*) AS n FROM items WHERE file = '${name}'`,
      )[0]!["n"];
      assert.deepEqual([stored, rows.stored], isCancelled ? [0, 0] : [ROWS, ROWS]);
      assert.equal(await storage.receipt(tenant, record.id) !== null, !isCancelled);
    }
  } finally {
    await storage.close();
  }
  assert.ok(outcomes.includes("quarantined"), outcomes.join());
  await platform.emptied("staging", tenant);
});
