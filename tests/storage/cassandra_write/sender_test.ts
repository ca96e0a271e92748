import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Failure } from "../../../src/base/failure.ts";
import {
  SCALAR_TYPES,
  type ScalarType,
  type TableSpec,
  type Value,
} from "../../../src/batch/column.ts";
import {
  chunkHeader,
  chunkRequests,
  joinRequests,
} from "../../../src/storage/cassandra/write/chunk.ts";
import { ChunkEncoder } from "../../../src/storage/cassandra/write/chunk_encoder.ts";
import { testCluster } from "../../harness/cassandra.ts";
import { Passage } from "../../harness/passage.ts";
import { chunkOf } from "./chunk_of.ts";
import { batchOf, missing, Rig } from "./rig.ts";

const READINGS: TableSpec = {
  name: "readings",
  columns: [
    { name: "station", type: "int" },
    { name: "day", type: "int" },
    { name: "note", type: "text" },
  ],
  partitionKey: ["station"],
  clusteringKey: ["day"],
};
/** In the past, so that rows written directly are newer. */
const TIMESTAMP = 1_700_000_000_000_000;
const ROWS_A_BATCH = 300;

/** Batches of different rows in `stations` partitions. */
function batches(count: number, stations: number): Uint8Array[] {
  return Array.from({ length: count }, (_, b) =>
    batchOf(
      READINGS,
      Array.from({ length: ROWS_A_BATCH }, (_, r): Value[] => {
        const i = b * ROWS_A_BATCH + r;
        return [i % stations, i, `note ${i}`];
      }),
    ));
}

/** Encodes and sends batches; returns how many chunks were acknowledged. */
async function load(rig: Rig, given: Uint8Array[], between: (sent: number) => unknown = () => {}) {
  const encoder = new ChunkEncoder([READINGS]);
  const sender = await rig.sender([READINGS]);
  let acknowledged = 0;
  for (const [i, batch] of given.entries()) {
    await sender.send(chunkOf(encoder, batch, TIMESTAMP + i), () => acknowledged++);
    await between(i + 1);
  }
  await sender.drain();
  return acknowledged;
}

type Run = (rig: Rig) => Promise<void>;
const tests: [name: string, run: Run][] = [];

function test(name: string, run: Run): void {
  tests.push([name, run]);
}

test("rows that the cluster refuses only together are sent one by one", async (rig) => {
  const large = "x".repeat(1 << 20);
  const rows = Array.from({ length: 10 }, (_, day): Value[] => [1, day, large]);
  const chunk = chunkOf(new ChunkEncoder([READINGS]), batchOf(READINGS, rows), TIMESTAMP);
  const requests = [...chunkRequests(chunk)];
  // Larger than a mutation may be, which no request of a load is.
  const together = joinRequests(chunkHeader(chunk), [{
    rows: requests.reduce((sum, each) => sum + each.rows, 0),
    bytes: Buffer.concat(requests.map(({ bytes }) => bytes)),
  }]);
  await rig.createTable(READINGS);
  const sender = await rig.sender([READINGS]);
  let acknowledged = 0;
  await sender.send(together, () => acknowledged++);
  await sender.drain();
  assert.equal(acknowledged, 1);
  assert.equal(await rig.count("readings"), 10);
});

test("every row is stored once with any partitions, and a repeated load changes nothing", async (rig) => {
  await rig.createTable(READINGS);
  for (const stations of [7, 3_000]) {
    await rig.client.execute(`TRUNCATE ${rig.keyspace}.readings`);
    const given = batches(12, stations);
    assert.equal(await load(rig, given), 12);
    assert.equal(await rig.count("readings"), 12 * ROWS_A_BATCH);
    assert.equal(await load(rig, given), 12);
    assert.equal(await rig.count("readings"), 12 * ROWS_A_BATCH);
  }
  const written = await rig.rows("SELECT station, writetime(note) AS t FROM readings");
  const times = new Set(written.map((row) => String(row["t"])));
  assert.equal(times.size, 12, "each batch has its own write timestamp");
  assert.ok([...times].every((time) => time.startsWith("17000000000000")));
});

const SAMPLES: Record<ScalarType, [Value, unknown]> = {
  ascii: ["plain", "plain"],
  bigint: ["-9223372036854775808", "-9223372036854775808"],
  blob: [new Uint8Array([0, 255, 1]), "00ff01"],
  boolean: [1, "true"],
  date: ["2019-10-31", "2019-10-31"],
  decimal: ["-12345678901234567890.123456789", "-12345678901234567890.123456789"],
  double: [0.1, "0.1"],
  duration: ["1mo2d3ns", "1mo2d3ns"],
  float: [1.5, "1.5"],
  inet: ["2001:db8::1", "2001:db8::1"],
  int: [-2147483648, "-2147483648"],
  smallint: [32767, "32767"],
  text: ["snö \u{1f41f} 007", "snö \u{1f41f} 007"],
  time: ["15:16:22.5", "15:16:22.5"],
  timestamp: ["1919-10-31T15:16:22.001Z", "1919-10-31T15:16:22.001Z"],
  timeuuid: ["00000000-0000-1000-8000-000000000000", "00000000-0000-1000-8000-000000000000"],
  tinyint: [-128, "-128"],
  uuid: ["cd613e30-d8f1-4adf-91b7-584a2265b1f5", "cd613e30-d8f1-4adf-91b7-584a2265b1f5"],
  varint: ["-123456789012345678901234567890", "-123456789012345678901234567890"],
};

function shown(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return value instanceof Uint8Array ? value.toHex() : String(value);
}

test("every type and null are stored, and a null deletes an old value", async (rig) => {
  const spec: TableSpec = {
    name: "all_types",
    columns: [
      { name: "k", type: "int" },
      ...SCALAR_TYPES.map((type) => ({ name: `c_${type}`, type })),
    ],
    partitionKey: ["k"],
    clusteringKey: [],
  };
  await rig.createTable(spec);
  const values = SCALAR_TYPES.map((type) => SAMPLES[type][0]);
  const none = SCALAR_TYPES.map(() => null);
  const encoder = new ChunkEncoder([spec]);
  const sender = await rig.sender([spec]);
  const first = batchOf(spec, [[1, ...values], [2, ...none], [3, ...values]]);
  await sender.send(chunkOf(encoder, first, TIMESTAMP), () => {});
  await sender.send(chunkOf(encoder, batchOf(spec, [[3, ...none]]), TIMESTAMP + 1), () => {});
  await sender.drain();
  const rows = new Map((await rig.rows("SELECT * FROM all_types")).map((row) => [row["k"], row]));
  for (const type of SCALAR_TYPES) {
    assert.equal(shown(rows.get(1)![`c_${type}`]), SAMPLES[type][1], type);
    assert.equal(rows.get(2)![`c_${type}`], null, type);
    assert.equal(rows.get(3)![`c_${type}`], null, type);
  }
});

test("the last row of a file with each key is kept, and newer data is not replaced", async (rig) => {
  await rig.createTable(READINGS);
  const note = async (day: number) =>
    (await rig.rows(`SELECT note FROM readings WHERE station = 1 AND day = ${day}`))[0]!["note"];
  // "z" is the greater value: at equal timestamps it would be kept.
  const first = batchOf(READINGS, [[1, 1, "z"], [1, 1, "a"], [1, 2, "z"], [1, 3, "z"]]);
  const second = batchOf(READINGS, [[1, 2, "b"]]);
  await rig.client.execute(
    `INSERT INTO ${rig.keyspace}.readings (station, day, note) VALUES (1, 3, 'direct')`,
  );
  for (let attempt = 0; attempt < 2; attempt++) {
    await load(rig, [first, second]);
    assert.deepEqual([await note(1), await note(2), await note(3)], ["a", "b", "direct"]);
  }
});

test("long rows, many columns and collections give no batch that the node warns about", async (rig) => {
  const wide: TableSpec = {
    name: "all_types",
    columns: [
      { name: "k", type: "int" },
      { name: "long", type: "text" },
      { name: "some", type: "list<tinyint>" },
      ...Array.from({ length: 30 }, (_, n) => ({ name: `n${n}`, type: "tinyint" as const })),
    ],
    partitionKey: ["k"],
    clusteringKey: [],
  };
  await rig.createTable(wide);
  const rows = Array.from({ length: 3_000 }, (_, k): Value[] => {
    const some = Array.from({ length: 1 + k % 40 }, (_, i) => i % 10);
    return [k, "ö".repeat(k % 900), JSON.stringify(some), ...new Array(30).fill(k % 100)];
  });
  const sender = await rig.sender([wide]);
  const chunk = chunkOf(new ChunkEncoder([wide]), batchOf(wide, rows), TIMESTAMP);
  await sender.send(chunk, () => {});
  await sender.drain();
  assert.equal(await rig.count("all_types"), rows.length);
});

test("a column that is added during a load, and a statement that a node has forgotten, cost no row", async (rig) => {
  await rig.createTable(READINGS);
  const given = batches(12, 50);
  const acknowledged = await load(rig, given, async (sent) => {
    if (sent === 5) {
      await rig.client.execute(`ALTER TABLE ${rig.keyspace}.readings ADD rain double`);
    }
  });
  assert.equal(acknowledged, 12);
  assert.equal(await rig.count("readings"), 12 * ROWS_A_BATCH);
});

test("connections that break repeatedly cost no row", async (rig) => {
  await rig.createTable(READINGS);
  await using proxy = await Passage.open(rig.address, `${rig.address}:9042`);
  const encoder = new ChunkEncoder([READINGS]);
  const sender = await rig.sender([READINGS], 30_000, proxy.port);
  let acknowledged = 0;
  for (const [i, batch] of batches(24, 300).entries()) {
    const isCut = i % 8 === 4;
    // A sender has one connection to a node, which must be there again.
    if (isCut) await sender.drain();
    await sender.send(chunkOf(encoder, batch, TIMESTAMP + i), () => acknowledged++);
    if (isCut) proxy.cut();
  }
  await sender.drain();
  assert.equal(acknowledged, 24);
  assert.ok(proxy.cuts >= 2, `${proxy.cuts} connections were cut`);
  assert.equal(await rig.count("readings"), 24 * ROWS_A_BATCH);
});

test("a node that is unreachable for longer than silenceMs fails the load, with a clear error", async (rig) => {
  await rig.createTable(READINGS);
  await using proxy = await Passage.open(rig.address, `${rig.address}:9042`);
  const encoder = new ChunkEncoder([READINGS]);
  const sender = await rig.sender([READINGS], 1_000, proxy.port);
  await sender.send(chunkOf(encoder, batches(1, 10)[0]!, TIMESTAMP), () => {});
  await sender.drain();
  proxy.refuse();
  const isUnreachable = (error: unknown) =>
    error instanceof Failure && error.kind === "storage" && error.code === "storage-unreachable";
  let early = 0;
  await assert.rejects(async () => {
    await sender.send(chunkOf(encoder, batches(1, 10)[0]!, TIMESTAMP), () => early++);
    await sender.drain();
  }, isUnreachable);
  assert.equal(early, 0);
  await assert.rejects(sender.drain(), isUnreachable);
  await sender.close();
  await sender.close();
});

test("wrong tables and permissions are reported before and while rows are sent", async (rig) => {
  const code = (wanted: string) => (error: unknown) =>
    error instanceof Failure && error.kind === "storage" && error.code === wanted;
  await assert.rejects(rig.sender([READINGS]), code("table-mismatch"));
  await rig.createTable({
    ...READINGS,
    columns: READINGS.columns.map((c) => c.name === "note" ? { ...c, type: "blob" } : c),
  });
  await assert.rejects(rig.sender([READINGS]), code("table-mismatch"));
  await rig.client.execute(`DROP TABLE ${rig.keyspace}.readings`);
  await rig.createTable(READINGS);
  const encoder = new ChunkEncoder([READINGS]);
  const sender = await rig.sender([READINGS]);
  await rig.client.execute(`REVOKE MODIFY ON KEYSPACE ${rig.keyspace} FROM ${rig.keyspace}`);
  // The node caches permissions for two seconds.
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  await assert.rejects(async () => {
    await sender.send(chunkOf(encoder, batches(1, 10)[0]!, TIMESTAMP), () => {});
    await sender.drain();
  }, code("storage-denied"));
});

Deno.test({
  name: `rows sent to a real node${missing === null ? "" : ` (skipped: ${missing})`}`,
  ignore: missing !== null,
  // The driver leaves resources open when connections break.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    await using rig = await Rig.open();
    for (const [name, run] of tests) {
      await t.step({ name, sanitizeOps: false, sanitizeResources: false, fn: () => run(rig) });
      await rig.clear();
    }
    assert.deepEqual(rig.warnings(), []);
  },
});

Deno.test({
  name: `rows sent to a cluster${missing === null ? "" : ` (skipped: ${missing})`}`,
  ignore: missing !== null,
  // The cluster keeps running for the next test file.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const { hosts } = await testCluster();
    await using rig = await Rig.open(hosts[0]!.replace(/:\d+$/, ""));
    await rig.createTable(READINGS);
    for (const stations of [40, 3_000]) {
      await rig.client.execute(`TRUNCATE ${rig.keyspace}.readings`);
      assert.equal(await load(rig, batches(12, stations)), 12);
      assert.equal(await rig.count("readings"), 12 * ROWS_A_BATCH);
    }
  },
});
