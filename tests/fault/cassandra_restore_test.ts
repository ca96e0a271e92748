import assert from "node:assert/strict";
import { join } from "node:path";
import { down, places } from "../../scripts/cassandra/cluster.ts";
import { ledgerKeyspace } from "../../src/storage/cassandra/names.ts";
import type { FileRecord } from "../../src/storage/contract.ts";
import { hasOwnNodes, ownCluster, restart } from "../harness/cassandra.ts";
import { CassandraPlatform } from "../harness/cassandra_platform.ts";
import { keepAll } from "../harness/modules.ts";
import { until } from "../harness/until.ts";

/** A node only for this test, because its folders are replaced. */
const NODE = { base: "127.0.0.91", heapMb: 512, nodes: 1, quick: true };
const CONFIG = "[manage]\nscan_seconds = 0.5\n";
const ROWS = 2_000;
/** Of a file whose load is interrupted. */
const BIG_ROWS = 100_000;
const SECONDS = 120;

const ignore = !await hasOwnNodes();

/** What is restored. */
type Content = "rows" | "ledger" | "both";

/** A node with one tenant, whose keyspaces are copied and put back without nodetool. */
class Site {
  readonly on: CassandraPlatform;
  readonly #backup: string;

  constructor(on: CassandraPlatform, backup: string) {
    this.on = on;
    this.#backup = backup;
  }

  /** As docs/cassandra.md says: stopping a node with SIGTERM writes all to its folders. */
  async backUp(): Promise<void> {
    await this.#whileStopped(async (data) => {
      await Deno.remove(this.#backup, { recursive: true });
      await Deno.mkdir(this.#backup);
      for (const keyspace of this.#keyspaces("both")) {
        await copy(join(data, keyspace), join(this.#backup, keyspace));
      }
    });
  }

  async restore(of: Content): Promise<void> {
    await this.#whileStopped(async (data) => {
      for (const keyspace of this.#keyspaces(of)) {
        await Deno.remove(join(data, keyspace), { recursive: true });
        await copy(join(this.#backup, keyspace), join(data, keyspace));
      }
    });
  }

  #keyspaces(of: Content): string[] {
    const [rows, ledger] = [this.on.keyspace("one"), ledgerKeyspace(this.on.namespace)];
    return { rows: [rows], ledger: [ledger], both: [rows, ledger] }[of];
  }

  async #whileStopped(work: (data: string) => Promise<void>): Promise<void> {
    const data = join(places(NODE)[0]!.dir, "data");
    await restart(this.on.client, NODE, () => work(data));
  }

  async stage(...names: string[]): Promise<void> {
    for (const name of names) await this.on.platform.stage("one", name, content(name, ROWS));
  }

  /** Loads what there is to load. */
  async load(): Promise<FileRecord[]> {
    await this.on.platform.must("manage", "--once");
    return await this.on.platform.files();
  }

  /** Counting takes so long on a busy machine that a load can be over before. */
  async hasRowsOf(file: string): Promise<boolean> {
    const table = `"${this.on.keyspace("one")}".items`;
    const query = `SELECT line FROM ${table} WHERE file = ? LIMIT 1 ALLOW FILTERING`;
    return (await this.on.client.execute(query, [file])).rows.length > 0;
  }

  /** How many rows of each file are in the table; none of them twice. */
  async rows(): Promise<Record<string, number>> {
    const rows = await this.on.rows("one", "items", "file, line");
    assert.equal(new Set(rows.map(({ file, line }) => `${file} ${line}`)).size, rows.length);
    const files = Map.groupBy(rows, ({ file }) => file as string);
    return Object.fromEntries([...files].map(([file, { length }]) => [file, length]).sort());
  }
}

async function copy(from: string, to: string): Promise<void> {
  const { success } = await new Deno.Command("cp", { args: ["-a", from, to] }).output();
  assert.ok(success, `cp ${from}`);
}

function content(name: string, rows: number): string {
  const lines = Array.from({ length: rows }, (_, row) => `${name},${row}`);
  return `a,b\n${lines.join("\n")}\n`;
}

Deno.test({
  name: "cassandra: keyspaces are backed up and restored without nodetool, with loads in between",
  ignore,
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    const backup = await Deno.makeTempDir();
    try {
      const cluster = await ownCluster(NODE);
      await using on = await CassandraPlatform.create(CONFIG, cluster);
      const site = new Site(on, backup);
      await on.platform.deploy("one", keepAll());
      await site.stage("a.csv");
      await site.load();
      await site.backUp();
      await site.stage("b.csv", "c.csv");
      await site.load();
      const all = { "a.csv": ROWS, "b.csv": ROWS, "c.csv": ROWS };
      assert.deepEqual(await site.rows(), all);

      await t.step("older rows and a newer ledger: replays bring the rows back", async () => {
        await site.restore("rows");
        assert.deepEqual(await site.rows(), { "a.csv": ROWS });
        const files = await site.load();
        assert.deepEqual(files.map(({ state }) => state), ["ingested", "ingested", "ingested"]);
        for (const { id, name } of files) {
          if (name !== "a.csv") await on.platform.must("manage", "replay", id, "--keep-order");
        }
        await site.load();
        assert.deepEqual(await site.rows(), all);
      });

      await t.step("an older ledger and newer rows: what it lacks is loaded again", async () => {
        await site.restore("ledger");
        assert.deepEqual((await on.platform.files()).map(({ name }) => name), ["a.csv"]);
        assert.deepEqual(await site.rows(), all);
        const files = await site.load();
        assert.deepEqual(files.map(({ name }) => name).sort(), Object.keys(all));
        for (const file of files) {
          assert.deepEqual([file.state, file.rows.stored], ["ingested", ROWS], file.name);
        }
        assert.deepEqual(await site.rows(), all);
      });

      await t.step("both from the middle of a load: it goes on", async () => {
        await on.platform.stage("one", "d.csv", content("d.csv", BIG_ROWS));
        const manage = on.platform.manage();
        await until("rows are being sent", () => site.hasRowsOf("d.csv"), SECONDS);
        manage.kill("SIGKILL");
        await manage.ended();
        assert.ok((await site.rows())["d.csv"]! < BIG_ROWS, "the load was over before");
        await site.backUp();
        await site.stage("e.csv");
        await site.load();
        const more = { ...all, "d.csv": BIG_ROWS, "e.csv": ROWS };
        assert.deepEqual(await site.rows(), more);
        await site.restore("both");
        const files = await site.load();
        assert.deepEqual(await site.rows(), more);
        assert.deepEqual(new Set(files.map(({ state }) => state)), new Set(["ingested"]));
      });
    } finally {
      await down(NODE.base, true);
      await Deno.remove(backup, { recursive: true });
    }
  },
});
