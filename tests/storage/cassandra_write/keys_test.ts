import assert from "node:assert/strict";
import fc from "fast-check";
import type { TableSpec, Value } from "../../../src/batch/column.ts";
import { chunkHeader, chunkRequests } from "../../../src/storage/cassandra/write/chunk.ts";
import { ChunkEncoder } from "../../../src/storage/cassandra/write/chunk_encoder.ts";
import { eachKey, keysOf, remainingKeys } from "../../../src/storage/cassandra/write/key_chunk.ts";
import { KeySet } from "../../../src/storage/cassandra/write/key_set.ts";
import { chunkOf } from "./chunk_of.ts";
import { batchOf } from "./rig.ts";

const TABLE: TableSpec = {
  name: "readings",
  columns: [
    { name: "note", type: "text" },
    { name: "station", type: "text" },
    { name: "day", type: "int" },
  ],
  partitionKey: ["station"],
  clusteringKey: ["day"],
};
const TIMESTAMP = 1_700_000_000_000_000;

function chunk(rows: Value[][]): Uint8Array {
  return chunkOf(new ChunkEncoder([TABLE]), batchOf(TABLE, rows), TIMESTAMP);
}

/** The key of each row, as hexadecimal. */
function keysIn(bytes: Uint8Array): string[] {
  const found: string[] = [];
  eachKey(bytes, 2, (from, start, end) => found.push(from.subarray(start, end).toHex()));
  return found.sort();
}

const ROWS = Array.from({ length: 500 }, (_, i): Value[] => [`note ${i}`, `s${i % 7}`, i]);

Deno.test("keys: a chunk of keys has the keys of all rows, with a later timestamp", () => {
  const rows = chunk(ROWS);
  const keys = keysOf(rows, [TABLE], 1_000);
  assert.deepEqual(keysIn(keys), keysIn(rows));
  assert.equal(new Set(keysIn(keys)).size, ROWS.length);
  assert.deepEqual(chunkHeader(keys), { table: 0, timestamp: BigInt(TIMESTAMP + 1_000) });
  assert.ok(keys.length < rows.length);
  const none = remainingKeys(keys, { table: 3, timestamp: 5n }, () => true);
  assert.equal(none, null);
});

Deno.test("keys: those that a new load has too are left out, the others stay", () => {
  const property = fc.property(
    fc.uniqueArray(fc.nat(200), { maxLength: 60 }),
    fc.uniqueArray(fc.nat(200), { minLength: 1, maxLength: 60 }),
    (now, before) => {
      const rowsOf = (days: number[]) => days.map((day): Value[] => [null, `s${day % 3}`, day]);
      const kept = new KeySet(1 << 20);
      if (now.length > 0) {
        eachKey(chunk(rowsOf(now)), 2, (...key) => kept.add(...key));
      }
      const keys = keysOf(chunk(rowsOf(before)), [TABLE], 0);
      const left = remainingKeys(keys, chunkHeader(keys), (...key) => kept.has(...key));
      const expected = before.filter((day) => !now.includes(day));
      assert.deepEqual(
        left === null ? [] : keysIn(left),
        expected.length === 0 ? [] : keysIn(chunk(rowsOf(expected))),
      );
      const requests = left === null ? [] : [...chunkRequests(left)];
      assert.ok(requests.every(({ rows }) => rows > 0));
    },
  );
  fc.assert(property, { numRuns: 200 });
});

Deno.test("key set: it finds what was added and nothing else, within its memory", () => {
  const set = new KeySet(1 << 20);
  const key = (n: number) => new TextEncoder().encode(`key ${n}`);
  for (let n = 0; n < 200_000; n++) set.add(key(n), 0, key(n).length);
  let found = 0;
  for (let n = 0; n < 200_000; n++) if (set.has(key(n), 0, key(n).length)) found++;
  assert.ok(found > 50_000 && found < 110_000, `${found} keys in 1 MiB`);
  for (let n = 200_000; n < 300_000; n++) assert.ok(!set.has(key(n), 0, key(n).length));
});

Deno.test("key set: of keys with equal hashes it keeps few, so that they do not make it slow", () => {
  const pairs = collisions(8);
  const keys = Array.from(
    { length: 2 ** pairs.length },
    (_, n) => Uint8Array.from(pairs.flatMap((pair, i) => [...pair[(n >> i) & 1]!])),
  );
  const set = new KeySet(1 << 20);
  for (const key of keys) set.add(key, 0, key.length);
  const found = keys.filter((key) => set.has(key, 0, key.length)).length;
  assert.equal(found, 64);
});

/** Pairs of four bytes: whichever of each pair is taken, FNV-1a has the same state after them. */
function collisions(count: number): [Uint8Array, Uint8Array][] {
  const pairs: [Uint8Array, Uint8Array][] = [];
  for (let state = 0x811c9dc5; pairs.length < count;) {
    const seen = new Map<number, Uint8Array>();
    for (let n = 0, length = pairs.length; pairs.length === length; n++) {
      const bytes = new Uint8Array(new Uint32Array([Math.imul(n, 0x9e3779b1)]).buffer);
      let hash = state;
      for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
      const found = seen.get(hash);
      seen.set(hash, bytes);
      if (!found) continue;
      pairs.push([found, bytes]);
      state = hash;
    }
  }
  return pairs;
}
