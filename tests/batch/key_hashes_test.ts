import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeBatch } from "../../src/batch/batch.ts";
import type { ColumnType, TableSpec, Value } from "../../src/batch/column.ts";
import { keyHashes } from "../../src/batch/key_hashes.ts";

const SEED: [number, number] = [1, -2];

function table(types: ColumnType[], key = types.length): TableSpec {
  const columns = types.map((type, i) => ({ name: `c${i}`, type }));
  const names = columns.map(({ name }) => name).slice(0, key);
  return { name: "t", columns, partitionKey: names, clusteringKey: [] };
}

/** The hash of each row, as text. */
function hashes(spec: TableSpec, rows: Value[][], seed = SEED): string[] {
  const columns = spec.columns.map((_, c) => rows.map((row) => row[c]!));
  const halves = keyHashes(encodeBatch(0, spec, columns, rows.length), [spec], seed);
  return rows.map((_, r) => `${halves[r * 2]} ${halves[r * 2 + 1]}`);
}

Deno.test("two rows have the same hash if their keys are equal, in any batch", () => {
  const spec = table(["text", "int", "double", "blob", "text"], 4);
  const text = fc.string({ unit: "binary", maxLength: 9 });
  const blob = fc.uint8Array({ maxLength: 6 });
  const other = fc.option(fc.string({ unit: "binary", maxLength: 9 }));
  const row = fc.tuple(text, fc.constantFrom(0, 1, -1), fc.double({ noNaN: true }), blob, other);
  fc.assert(fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), (rows) => {
    const together = hashes(spec, rows);
    rows.forEach((each, r) => assert.equal(hashes(spec, [each])[0], together[r]));
    const keyOf = (row: Value[]) =>
      JSON.stringify([row[0], row[1], Number(row[2]) + 0, [...row[3] as Uint8Array]]);
    const byKey = new Map(rows.map((row, r) => [keyOf(row), together[r]]));
    rows.forEach((row, r) => assert.equal(byKey.get(keyOf(row)), together[r]));
    assert.equal(new Set(together).size, byKey.size);
  }));
});

Deno.test("values that look alike are different keys", () => {
  const pairs: [ColumnType[], Value[], Value[]][] = [
    [["text", "text"], ["ab", "c"], ["a", "bc"]],
    [["text", "text"], ["", "ab"], ["ab", ""]],
    [["text"], ["a"], ["a\0"]],
    [["text"], ["é"], ["e\u0301"]],
    [["blob"], [new Uint8Array([1])], [new Uint8Array([1, 0])]],
    [["int", "int"], [1, 2], [2, 1]],
  ];
  for (const [types, one, other] of pairs) {
    const [a, b] = hashes(table(types), [one, other]);
    assert.notEqual(a, b, JSON.stringify(one));
  }
  const [zero, minus] = hashes(table(["double"]), [[0], [-0]]);
  assert.equal(zero, minus);
});

Deno.test("each half of the hashes is spread evenly", () => {
  const seen = new Set<string>();
  const size = 50_000;
  for (let from = 0; from < size; from += 1_000) {
    const numbers = Array.from({ length: 1_000 }, (_, n) => from + n);
    for (const hash of hashes(table(["text"]), numbers.map((n) => [String(n)]))) seen.add(hash);
    for (const hash of hashes(table(["double"]), numbers.map((n) => [n + 0.5]))) seen.add(hash);
    const days = numbers.map((n): Value[] => ["2024-01-01", n]);
    for (const hash of hashes(table(["date", "int"]), days)) seen.add(hash);
  }
  assert.equal(seen.size, 3 * size);
  // Of 150,000 values in 2^32, three pairs are equal on average.
  for (const half of [0, 1]) {
    const values = new Set([...seen].map((text) => text.split(" ")[half]));
    assert.ok(3 * size - values.size < 15, `${values.size}`);
  }
});

Deno.test("another seed gives other hashes", () => {
  const spec = table(["text"]);
  assert.notDeepEqual(hashes(spec, [["a"]]), hashes(spec, [["a"]], [1, -3]));
});
