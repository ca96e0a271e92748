import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeBatch } from "../../../src/batch/batch.ts";
import type { TableSpec } from "../../../src/batch/column.ts";
import {
  chunkHeader,
  type ChunkRequest,
  chunkRequests,
  eachRow,
} from "../../../src/storage/cassandra/write/chunk.ts";
import { type Ring, routed } from "../../../src/storage/cassandra/write/replica_sets.ts";
import { ChunkEncoder } from "../../../src/storage/cassandra/write/chunk_encoder.ts";
import { CqlBytes } from "../../../src/storage/cassandra/write/cql_bytes.ts";
import { clusteringOrder } from "../../../src/storage/cassandra/write/clustering_order.ts";
import { chunkOf } from "./chunk_of.ts";

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

/** The requests for rows, decoded. */
function requestsOf(spec: TableSpec, rows: Row[]): Row[][] {
  const encoder = new ChunkEncoder([WIDE, NARROW]);
  const index = spec === WIDE ? 0 : 1;
  const chunk = chunkOf(encoder, batchOf(index, spec, rows), TIMESTAMP);
  assert.deepEqual(chunkHeader(chunk), { table: index, timestamp: BigInt(TIMESTAMP) });
  return requestsIn(chunk);
}

function requestsIn(chunk: Uint8Array): Row[][] {
  return [...chunkRequests(chunk)].map(rowsOf);
}

function rowsOf(request: ChunkRequest): Row[] {
  const read: Row[] = [];
  eachRow(request, (start, end) => read.push(rowAt(request.bytes.slice(start, end))));
  assert.equal(read.length, request.rows);
  return read;
}

function batchOf(index: number, spec: TableSpec, rows: Row[]): Uint8Array {
  const columns = [rows.map((row) => row.v), rows.map((row) => row.p), rows.map((row) => row.c)];
  return encodeBatch(index, spec, columns, rows.length);
}

/** Decodes a row: the count of its three values, then the values, the text last. */
function rowAt(bytes: Uint8Array): Row {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  assert.equal(view.getInt16(0), 3);
  assert.equal(view.getInt32(18), bytes.length - 22);
  const v = new TextDecoder().decode(bytes.subarray(22));
  return { p: view.getInt32(6), c: view.getInt32(14), v };
}

const byKey = (one: Row, other: Row) => one.p - other.p || one.c - other.c;

/** The last row with each key. */
function lastOf(rows: Row[]): Row[] {
  return [...new Map(rows.map((row) => [`${row.p}/${row.c}`, row])).values()].sort(byKey);
}

/** The size that the server compares with the limit for its warning: values, cells, rows. */
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
  Deno.test(`plan (${spec.name}): the last row with each key is sent once, and no request causes a warning`, () => {
    fc.assert(
      fc.property(rowsArbitrary, (rows) => {
        const requests = requestsOf(spec, rows);
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

Deno.test("plan: rows of one partition share a request, and ten small partitions share one", () => {
  const value = (i: number) => `value ${i}`;
  const long = Array.from({ length: 2_000 }, (_, i) => ({ p: i % 4, c: i, v: value(i) }));
  const requests = requestsOf(WIDE, long);
  assert.deepEqual(new Set(requests.map((rows) => partitions(WIDE, rows))), new Set([1]));
  assert.ok(requests.length <= 12, `${requests.length} requests`);
  const short = requestsOf(NARROW, long);
  assert.equal(short.length, 200);
});

Deno.test("plan: batches of both tables are collected, and the last row with each key wins", () => {
  const batches = fc.array(fc.tuple(fc.boolean(), rowsArbitrary), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(batches, fc.integer({ min: 1, max: 200_000 }), (given, collected) => {
      const encoder = new ChunkEncoder([WIDE, NARROW], collected);
      let time = TIMESTAMP;
      const stamp = () => time++;
      const chunks: Uint8Array[] = [];
      for (const [isWide, rows] of given) {
        const batch = batchOf(isWide ? 0 : 1, isWide ? WIDE : NARROW, rows);
        chunks.push(...encoder.encode(batch, stamp));
      }
      chunks.push(...encoder.finish(stamp));
      assert.deepEqual(encoder.finish(stamp), [], "no row is returned twice");
      for (const index of [0, 1]) {
        const ofTable = chunks.map(chunkHeader).map((header, i) => ({
          ...header,
          rows: lastOf(requestsIn(chunks[i]!).flat()),
        })).filter(({ table }) => table === index);
        const times = ofTable.map(({ timestamp }) => timestamp);
        assert.deepEqual(times, times.toSorted((a, b) => a < b ? -1 : 1));
        assert.equal(new Set(times).size, times.length, "a later chunk has a later time");
        const stored = lastOf(ofTable.flatMap(({ rows }) => rows));
        const sent = given.filter(([isWide]) => isWide === (index === 0)).flatMap(([, r]) => r);
        assert.deepEqual(stored, lastOf(sent));
      }
    }),
    { numRuns: 40 },
  );
});

Deno.test("plan: neighbours in a large partition share a request, and large partitions alternate", () => {
  // 7,919 is prime, so the rows are in no order.
  const rows = Array.from({ length: 20_000 }, (_, i) => {
    const c = i * 7_919 % 20_000;
    return { p: c % 5, c, v: "some text of a row" };
  });
  const requests = requestsOf(WIDE, rows);
  const ends = new Map<number, number>();
  for (const request of requests) {
    assert.equal(partitions(WIDE, request), 1);
    const cs = request.map(({ c }) => c);
    const { p } = request[0]!;
    assert.ok(Math.min(...cs) > (ends.get(p) ?? -1), "after all rows of the previous request");
    ends.set(p, Math.max(...cs));
  }
  const alternate = requests.slice(0, -5).every((request, i) => {
    return request[0]!.p !== requests[i + 1]![0]!.p;
  });
  assert.ok(alternate);
});

Deno.test("plan: rows are ordered by their whole clustering key, and keep their order if it is equal", () => {
  const rows = 5_000;
  const at = (row: number) => row * 7 % 31;
  const second = (row: number) => row * 7_919 % rows >> 2;
  const out = new CqlBytes();
  out.reserve(rows * 32);
  const starts = new Uint32Array(rows + 1);
  const [partitionEnds, keyEnds] = [new Uint32Array(rows), new Uint32Array(rows)];
  for (let row = 0; row < rows; row++) {
    out.short(2);
    partitionEnds[row] = out.at;
    out.int(4);
    out.int(0x7fff_0000 + at(row));
    out.int(8);
    out.long(BigInt(second(row)) << 32n);
    keyEnds[row] = starts[row + 1] = out.at;
  }
  const encoded = { rows, bytes: out.bytes, starts, partitionEnds, keyEnds };
  const expected = Array.from({ length: rows }, (_, row) => row)
    .sort((a, b) => at(a) - at(b) || second(a) - second(b) || a - b);
  assert.deepEqual([...clusteringOrder(encoded)], expected);
});

Deno.test("routes: partitions are grouped by their replicas, each row once, without warnings", () => {
  const rows = Array.from({ length: 2_000 }, (_, i) => ({ p: i % 900, c: i, v: `value ${i}` }));
  for (const spec of [WIDE, NARROW]) {
    const batch = batchOf(0, spec, rows);
    const chunk = chunkOf(new ChunkEncoder([spec]), batch, TIMESTAMP);
    const nodes: string[] = [];
    // Two of six nodes have each partition, selected by the lowest bits of its key.
    const ring: Ring = {
      size: 6,
      replicasOf(key) {
        const first = key.at(spec === WIDE ? 3 : 5)! % 6;
        return [`node ${first}`, `node ${(first + 1) % 6}`];
      },
    };
    const seen: Row[] = [];
    for (const { request, routingKey } of routed(chunkRequests(chunk), ring, spec)) {
      const read = rowsOf(request);
      assert.ok(partitions(spec, read) <= 10);
      assert.ok(size(read) <= 5 * 1024);
      assert.equal(new Set(read.map((row) => row.p % 256 % 6)).size, 1);
      nodes.push(ring.replicasOf(routingKey!)![0]!);
      seen.push(...read);
    }
    assert.deepEqual(seen.sort(byKey), rows.toSorted(byKey));
    assert.equal(new Set(nodes).size, 6);
    assert.ok(nodes.length <= rows.length / 10 + 6, `${nodes.length} requests`);
    const everywhere = routed(chunkRequests(chunk), { ...ring, size: 2 }, spec);
    assert.ok([...everywhere].every(({ routingKey }) => routingKey === null));
  }
});

Deno.test("plan: the same batch and timestamp give the same bytes", () => {
  const rows = Array.from({ length: 500 }, (_, i) => ({ p: i % 7, c: i % 90, v: `${i}` }));
  const batch = batchOf(0, WIDE, rows);
  const [one, other] = [0, 1].map(() => chunkOf(new ChunkEncoder([WIDE]), batch, TIMESTAMP));
  assert.deepEqual(one, other);
});
