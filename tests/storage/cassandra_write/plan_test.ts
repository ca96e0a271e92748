import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeBatch } from "../../../src/rows/batch.ts";
import type { TableSpec } from "../../../src/rows/column.ts";
import { chunkHeader, chunkRequests, eachRow } from "../../../src/storage/cassandra/write/chunk.ts";
import { type Ring, routed } from "../../../src/storage/cassandra/write/replica_sets.ts";
import { CqlChunkEncoder } from "../../../src/storage/cassandra/write/chunk_encoder.ts";

const WIDE: TableSpec = {
  name: "wide",
  columns: [{ name: "v", type: "text" }, { name: "p", type: "int" }, { name: "c", type: "int" }],
  partitionKey: ["p"],
  clusteringKey: ["c"],
};
const NARROW: TableSpec = { ...WIDE, name: "narrow", partitionKey: ["p", "c"], clusteringKey: [] };
const TIMESTAMP = 1_700_000_000_000_001;

interface Row {
  p: number;
  c: number;
  v: string;
}

/** The requests that are made of rows, read back. */
async function requestsOf(spec: TableSpec, rows: Row[]): Promise<Row[][]> {
  const encoder = new CqlChunkEncoder([WIDE, NARROW]);
  const columns = [rows.map((row) => row.v), rows.map((row) => row.p), rows.map((row) => row.c)];
  const index = spec === WIDE ? 0 : 1;
  const chunk = await encoder.encode(encodeBatch(index, spec, columns, rows.length), TIMESTAMP);
  assert.deepEqual(chunkHeader(chunk.bytes), { table: index, timestamp: BigInt(TIMESTAMP) });
  const requests = [...chunkRequests(chunk.bytes)].map((request) => {
    const read: Row[] = [];
    eachRow(request, (start, end) => read.push(rowAt(request.bytes.slice(start, end))));
    assert.equal(read.length, request.rows);
    return read;
  });
  assert.equal(chunk.rows, rows.length);
  return requests;
}

/** The key comes first: three values behind their count, the last a text. */
function rowAt(bytes: Uint8Array): Row {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  assert.equal(view.getInt16(0), 3);
  assert.equal(view.getInt32(18), bytes.length - 22);
  const v = new TextDecoder().decode(bytes.subarray(22));
  return { p: view.getInt32(6), c: view.getInt32(14), v };
}

const byKey = (one: Row, other: Row) => one.p - other.p || one.c - other.c;

/** Of rows with one key the last. */
function lastOf(rows: Row[]): Row[] {
  return [...new Map(rows.map((row) => [`${row.p}/${row.c}`, row])).values()].sort(byKey);
}

/** What the server adds up for the warning about a batch's size: values, cells, rows. */
function size(rows: Row[]): number {
  return rows.reduce((sum, row) => sum + 8 + row.v.length + 20 + 40, 0);
}

function partitions(spec: TableSpec, rows: Row[]): number {
  return new Set(rows.map((row) => spec === WIDE ? row.p : `${row.p}/${row.c}`)).size;
}

const rowsArbitrary = fc.tuple(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 40 }))
  .chain(([count, spread]) =>
    fc.array(
      fc.record({
        p: fc.nat(spread),
        c: fc.nat(200),
        v: fc.oneof(fc.nat(40), fc.nat(3_000)).map((length) => "x".repeat(length)),
      }, { noNullPrototype: true }),
      { minLength: 1, maxLength: count, size: "max" },
    )
  );

for (const spec of [WIDE, NARROW]) {
  Deno.test(`plan (${spec.name}): of each key the last row goes out once, in requests that warn nobody`, async () => {
    await fc.assert(
      fc.asyncProperty(rowsArbitrary, async (rows) => {
        const requests = await requestsOf(spec, rows);
        assert.deepEqual(requests.flat().sort(byKey), lastOf(rows));
        for (const request of requests) {
          const count = partitions(spec, request);
          assert.ok(count <= 10, `${count} partitions`);
          assert.ok(count === 1 || size(request) <= 5 * 1024, `${size(request)} bytes`);
        }
      }),
      { numRuns: 60 },
    );
  });
}

Deno.test("plan: rows of one partition go together, small partitions by ten", async () => {
  const value = (i: number) => `value ${i}`;
  const long = Array.from({ length: 2_000 }, (_, i) => ({ p: i % 4, c: i, v: value(i) }));
  const requests = await requestsOf(WIDE, long);
  assert.deepEqual(new Set(requests.map((rows) => partitions(WIDE, rows))), new Set([1]));
  assert.ok(requests.length <= 12, `${requests.length} requests`);
  const short = await requestsOf(NARROW, long);
  assert.equal(short.length, 200);
});

Deno.test("routes: partitions are gathered by their replicas, each row once, warning nobody", async () => {
  const rows = Array.from({ length: 2_000 }, (_, i) => ({ p: i % 900, c: i, v: `value ${i}` }));
  const columns = [rows.map((row) => row.v), rows.map((row) => row.p), rows.map((row) => row.c)];
  for (const spec of [WIDE, NARROW]) {
    const batch = encodeBatch(0, spec, columns, rows.length);
    const chunk = await new CqlChunkEncoder([spec]).encode(batch, TIMESTAMP);
    const asked: string[] = [];
    // Six nodes, two of which hold each partition: the lowest bits of its key say which.
    const ring: Ring = {
      size: 6,
      replicasOf(key) {
        const first = key.at(spec === WIDE ? 3 : 5)! % 6;
        return [`node ${first}`, `node ${(first + 1) % 6}`];
      },
    };
    const seen: Row[] = [];
    for (const { request, routingKey } of routed(chunkRequests(chunk.bytes), ring, spec)) {
      const read: Row[] = [];
      eachRow(request, (start, end) => read.push(rowAt(request.bytes.slice(start, end))));
      assert.equal(read.length, request.rows);
      assert.ok(partitions(spec, read) <= 10);
      assert.ok(size(read) <= 5 * 1024);
      assert.equal(new Set(read.map((row) => row.p % 256 % 6)).size, 1);
      asked.push(ring.replicasOf(routingKey!)![0]!);
      seen.push(...read);
    }
    assert.deepEqual(seen.sort(byKey), rows.toSorted(byKey));
    assert.equal(new Set(asked).size, 6);
    assert.ok(asked.length <= rows.length / 10 + 6, `${asked.length} requests`);
    const everywhere = routed(chunkRequests(chunk.bytes), { ...ring, size: 2 }, spec);
    assert.ok([...everywhere].every(({ routingKey }) => routingKey === null));
  }
});

Deno.test("plan: the same batch and timestamp give the same bytes", async () => {
  const rows = Array.from({ length: 500 }, (_, i) => ({ p: i % 7, c: i % 90, v: `${i}` }));
  const columns = [rows.map((row) => row.v), rows.map((row) => row.p), rows.map((row) => row.c)];
  const batch = encodeBatch(0, WIDE, columns, rows.length);
  const [one, other] = await Promise.all(
    [0, 1].map(() => new CqlChunkEncoder([WIDE]).encode(batch, TIMESTAMP)),
  );
  assert.deepEqual(one, other);
});
