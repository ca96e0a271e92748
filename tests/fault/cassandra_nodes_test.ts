import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { places, up } from "../../scripts/cassandra/cluster.ts";
import { peakMemoryMb, pidOf, stopNode } from "../../scripts/cassandra/node.ts";
import { cassandraFailure } from "../../src/storage/cassandra/errors.ts";
import type { FileRecord } from "../../src/storage/contract.ts";
import { isPassing } from "../../src/base/retry.ts";
import { CassandraPlatform } from "../harness/cassandra_platform.ts";
import { hasOwnNodes, TEST_CLUSTER } from "../harness/cassandra.ts";
import { keepAll } from "../harness/modules.ts";
import { addsUp } from "../harness/platform.ts";
import type { Running } from "../harness/process.ts";
import { Shop, stock } from "../harness/shop.ts";
import { until } from "../harness/until.ts";

const ignore = !await hasOwnNodes();
const CONFIG = "[manage]\nscan_seconds = 0.5\nretry_seconds = 10\n";
const ROWS = Number(Deno.env.get("FAULT_ROWS") ?? 30_000);
const SECONDS = 180;

/** Nodes that are killed must be durable; those of other tests need not. */
const DURABLE = { ...TEST_CLUSTER, forgetful: false };
const all = places(DURABLE);
let areDurable = false;

async function stopAll(): Promise<void> {
  await Promise.all(all.map((place) => stopNode(place, "SIGTERM")));
}

/** Starts the nodes that do not run. */
async function startAll(): Promise<void> {
  if (!areDurable) await stopAll();
  areDurable = true;
  await up(DURABLE);
}

/** @param isEarly whether the test starts the nodes itself */
function test(
  name: string,
  body: (on: CassandraPlatform) => Promise<void>,
  isEarly = false,
): void {
  Deno.test({
    name: `cassandra: ${name}`,
    ignore,
    // After its shutdown, the test's driver still tries to reach a node that was down.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      if (!isEarly) await startAll();
      await using on = await CassandraPlatform.create(CONFIG);
      try {
        await body(on);
      } finally {
        await startAll();
        // Dropping the namespace next needs all nodes.
        await retried(() => on.client.execute("SELECT role FROM system_auth.roles"));
      }
    },
  });
}

/** A file with one record for each row. */
function content(rows: number): string {
  const lines = ["a,b"];
  for (let row = 0; row < rows; row++) lines.push(`${row},${"x".repeat(40)}`);
  return `${lines.join("\n")}\n`;
}

async function prepared(on: CassandraPlatform, rows = ROWS): Promise<Running> {
  const { platform } = on;
  await platform.deploy("one", keepAll());
  await platform.stage("one", "big.csv", content(rows));
  return platform.manage();
}

/** Retries a query of the test while too few nodes are up. */
async function retried<T>(ask: () => Promise<T>): Promise<T> {
  const { answer } = await until("the cluster answers", async () => {
    try {
      return { answer: await ask() };
    } catch (error) {
      if (isPassing(cassandraFailure(error, "Cannot ask"))) return null;
      throw error;
    }
  }, SECONDS);
  return answer;
}

function settled(on: CassandraPlatform, name = "big.csv"): Promise<FileRecord> {
  return retried(() => on.platform.settled("one", name, SECONDS));
}

/** Every record is stored, exactly once. */
async function checkRows(on: CassandraPlatform, rows = ROWS): Promise<void> {
  const file = await settled(on);
  assert.equal(file.state, "ingested", JSON.stringify(file));
  assert.ok(addsUp(file));
  assert.equal(file.rows.stored, rows);
  const found = await retried(() => on.rows("one", "items", "line"));
  assert.equal(found.length, rows);
  assert.equal(new Set(found.map(({ line }) => line)).size, rows);
}

/** Waits until rows are being sent and the load has not ended. */
async function midway(on: CassandraPlatform): Promise<void> {
  const query = `SELECT line FROM "${on.keyspace("one")}".items LIMIT 1`;
  await until("rows are being sent", async () => {
    try {
      return (await on.client.execute(query)).rows.length > 0;
    } catch (error) {
      // A node that has just started learns of a new table later than the others.
      if (/does not exist/.test(`${error}`)) return false;
      throw error;
    }
  }, SECONDS);
}

/** Whether `manage` has logged that a file was loaded. */
function isOver(manage: Running): boolean {
  return manage.stdout.text.includes("Ingestion of the file");
}

test("manage that starts before the cluster waits, logs it, and loads", async (on) => {
  const manage = await prepared(on, 100);
  await settled(on);
  await manage.stop();
  await stopAll();
  await on.platform.stage("one", "late.csv", content(50));
  const early = on.platform.manage();
  await early.line(/"event":"storage\.waiting"/, SECONDS);
  const once = await on.platform.run("manage", "--once");
  assert.equal(once.code, 5, once.stderr);
  assert.match(once.stderr, /cluster is up/);
  await startAll();
  const late = await settled(on, "late.csv");
  assert.equal(late.state, "ingested");
  const rows = await retried(() => on.rows("one", "items", "line"));
  assert.equal(rows.length, 150);
  await early.stop();
}, true);

test("one of three nodes is killed during a load and restarted: every row exactly once", async (on) => {
  const manage = await prepared(on);
  await midway(on);
  const [, second] = all;
  await stopNode(second!, "SIGKILL");
  assert.equal(pidOf(second!), null);
  assert.ok(!isOver(manage), "the load was over before");
  await settled(on);
  await startAll();
  await checkRows(on);
  assert.equal((await manage.stop()).code, 0);
});

test("two of three nodes are down: the load waits, logs it, and ends when they are back", async (on) => {
  const manage = await prepared(on);
  await midway(on);
  const [, second, third] = all;
  await Promise.all([stopNode(second!, "SIGKILL"), stopNode(third!, "SIGKILL")]);
  assert.ok(!isOver(manage), "the load was over before");
  await manage.line(
    /"event":"(file\.retry|ledger\.failed|scan\.failed|storage\.waiting)"/,
    SECONDS,
  );
  assert.ok(!manage.hasEnded);
  await startAll();
  await checkRows(on);
  assert.equal((await manage.stop()).code, 0);
});

test("two of three nodes are down when manage starts: it waits and says so", async (on) => {
  const { platform } = on;
  await platform.deploy("one", keepAll());
  const [, second, third] = all;
  await Promise.all([stopNode(second!, "SIGKILL"), stopNode(third!, "SIGKILL")]);
  await platform.stage("one", "a.csv", content(10));
  const early = platform.manage();
  const logged = await early.line(/"event":"storage\.waiting"/, SECONDS);
  assert.match(logged, /Too few nodes are up/);
  const once = await platform.run("manage", "--once");
  assert.equal(once.code, 5, once.stderr);
  assert.match(once.stderr, /Too few nodes are up/);
  assert.doesNotMatch(once.stderr, /user and password/);
  await startAll();
  const loaded = await settled(on, "a.csv");
  assert.equal(loaded.state, "ingested", JSON.stringify(loaded));
  assert.equal(loaded.attempts, 1);
  await early.stop();
});

test("the node with the only copy of a tenant's role is down: its file waits", async (on) => {
  const { platform } = on;
  await copiesOfRoles(on, 1);
  try {
    const keeperOf = (role: string) =>
      on.client.getReplicas("system_auth", Buffer.from(role))[0]!.address.replace(/:\d+$/, "");
    const operator = keeperOf(`${on.namespace}_operator`);
    const tenant = ["one", "two", "three", "four", "five", "six"]
      .find((name) => keeperOf(on.keyspace(name)) !== operator)!;
    for (const name of new Set(["one", tenant])) await platform.deploy(name, keepAll());
    const keeper = all.find(({ address }) => address === keeperOf(on.keyspace(tenant)))!;
    await stopNode(keeper, "SIGKILL");
    await platform.stage(tenant, "a.csv", content(10));
    const manage = platform.manage();
    const retry = await manage.line(/"event":"file\.retry"/, SECONDS);
    assert.match(retry, /"code":"storage-unavailable"/);
    const [waiting] = await retried(() => platform.files({ tenant, name: "a.csv" }));
    assert.doesNotMatch(JSON.stringify(waiting?.reason), /127\.|password|authentication/);
    await startAll();
    const loaded = await retried(() => platform.settled(tenant, "a.csv", SECONDS));
    assert.equal(loaded.state, "ingested", JSON.stringify(loaded));
    assert.equal(loaded.attempts, 1);
    await manage.stop();
  } finally {
    await startAll();
    await copiesOfRoles(on, all.length);
  }
});

/** Sets how many nodes have each role. */
async function copiesOfRoles({ client, cluster }: CassandraPlatform, copies: number) {
  await client.execute(
    `ALTER KEYSPACE system_auth WITH replication =
     {'class': 'NetworkTopologyStrategy', '${cluster.datacenter}': ${copies}}`,
  );
  await client.metadata.refreshKeyspace("system_auth");
}

test("the clock of one node is 30 s ahead: rows keep their order, and doctor names the node", async (on) => {
  const { platform } = on;
  const second = all[1]!;
  await stopNode(second, "SIGTERM");
  await up({ ...DURABLE, aheadMs: { [second.number]: 30_000 } });
  const shop = new Shop(on, SECONDS);
  const load = async (name: string, keys: string[]) => {
    const loaded = await shop.load(name, keys);
    assert.deepEqual([loaded.state, loaded.attempts, loaded.notices], ["ingested", 1, []]);
    return loaded;
  };
  try {
    const { stdout } = await platform.run("manage", "doctor");
    const found = /clocks differ from the clock of this machine: (\S+) (\d+\.\d) s\n/.exec(stdout);
    assert.equal(found?.[1], `${second.address}:9042`, stdout);
    assert.ok(Math.abs(Number(found[2]) - 30) < 2, found[0]);
    await platform.deploy("shop", stock());
    const manage = platform.manage();
    // Each node coordinates some of the transactions.
    const files: FileRecord[] = [];
    for (let n = 0; n < 6; n++) files.push(await load(`${n}.csv`, ["a", "b", `${n}`]));
    const before = await shop.names();
    assert.deepEqual([before["a"], before["5"]], ["5.csv", "5.csv"]);
    for (const [n, order] of [[0, "--now"], [1, "--keep-order"]] as const) {
      assert.equal((await shop.replay(files[n]!, order)).file.state, "ingested");
      assert.equal((await shop.names())["a"], "0.csv");
    }
    await manage.stop();
  } finally {
    await stopNode(second, "SIGTERM");
    await startAll();
  }
  // Transactions of the last 30 s have times that are still to come.
  const manage = platform.manage();
  await load("after.csv", ["a"]);
  const after = await shop.names();
  assert.deepEqual([after["a"], after["5"]], ["after.csv", "5.csv"]);
  await manage.stop();
});

test("a deploy adds a column during a load: every row exactly once, and the next file fills the column", async (on) => {
  const manage = await prepared(on);
  await midway(on);
  const files = keepAll();
  const wide = files["ingest.ts"]!
    .replace('content: "text"', 'content: "text", size: "int"')
    .replace("content: JSON", "size: record.b.length, content: JSON");
  await on.platform.deploy("one", { ...files, "ingest.ts": wide });
  await checkRows(on);
  await on.platform.stage("one", "next.csv", content(10));
  assert.equal((await settled(on, "next.csv")).state, "ingested");
  const rows = await on.rows("one", "items", "size");
  assert.equal(rows.filter(({ size }) => size === 40).length, 10);
  assert.equal((await manage.stop()).code, 0);
});

Deno.test({
  name: "cassandra: no node has used more than 1.5 GB",
  ignore,
  fn() {
    const peaks = all.map((place) => peakMemoryMb(pidOf(place)!));
    assert.ok(Math.max(...peaks) < 1536, `${peaks} MB`);
  },
});
