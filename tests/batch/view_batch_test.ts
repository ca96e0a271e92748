import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeBatch, encodeBatch } from "../../src/batch/batch.ts";
import { BadBatch } from "../../src/batch/batch_bytes.ts";
import type { Cell, TableSpec } from "../../src/batch/column.ts";
import { ABSENT, type ColumnView, NULL, viewBatch } from "../../src/batch/view_batch.ts";

const SPEC: TableSpec = {
  name: "t",
  columns: [
    { name: "k", type: "text" },
    { name: "t", type: "text" },
    { name: "b", type: "blob" },
    { name: "n", type: "double" },
  ],
  partitionKey: ["k"],
  clusteringKey: [],
  onConflict: "merge",
};
const text = fc.string({ unit: "binary", maxLength: 12 });
/** A value, null, or undefined for an absent one. */
function cell<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null | undefined> {
  return fc.oneof({ weight: 5, arbitrary: value }, fc.constantFrom(null, undefined));
}

const rowsOf = fc.array(
  fc.tuple(
    text,
    cell(text),
    cell(fc.uint8Array({ maxLength: 8 })),
    cell(fc.double()),
  ),
  { maxLength: 30 },
);

function encode(rows: Cell[][]): Uint8Array<ArrayBuffer> {
  const columns = SPEC.columns.map((_, c) => rows.map((row) => row[c]));
  return encodeBatch(0, SPEC, columns, rows.length);
}

function valuesOf(column: ColumnView, rows: number): Cell[] {
  if (column.physical === "number") return [...column.values];
  const { bytes, starts, nulls, physical } = column;
  return Array.from({ length: rows }, (_, r) => {
    if (nulls?.[r] === NULL) return null;
    if (nulls?.[r] === ABSENT) return undefined;
    const value = bytes.slice(starts[r], starts[r + 1]);
    return physical === "bytes"
      ? value
      : new TextDecoder("utf-8", { ignoreBOM: true }).decode(value);
  });
}

/** A value as it is read: only text with lone surrogates would differ, and 0 is -0's equal. */
function plain(value: Cell): Cell {
  return typeof value === "string" ? value.toWellFormed() : value;
}

/** The result of reading bytes: the values, or the error. */
function resultOf(read: () => Cell[][]): unknown {
  try {
    return read();
  } catch (error) {
    assert.ok(error instanceof BadBatch, String(error));
    return "bad";
  }
}

function viewed(bytes: Uint8Array): unknown {
  return resultOf(() => {
    const { columns, rows } = viewBatch(bytes, [SPEC]);
    return columns.map((column) => valuesOf(column, rows));
  });
}

function decoded(bytes: Uint8Array): unknown {
  return resultOf(() =>
    decodeBatch(bytes, [SPEC]).columns.map((column) =>
      column.map((value) => value instanceof Uint8Array ? value.slice() : value)
    )
  );
}

Deno.test("batch view: shows the decoded values", () => {
  fc.assert(fc.property(rowsOf, (rows) => {
    const bytes = encode(rows);
    const values = viewed(bytes);
    assert.deepEqual(values, SPEC.columns.map((_, c) => rows.map((row) => plain(row[c]))));
    assert.deepEqual(values, decoded(bytes));
  }));
});

Deno.test("batch view: refuses damaged bytes exactly when decoding does", () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(rowsOf, damage, fc.nat(), (rows, changes, cut) => {
      const bytes = encode(rows);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      const shown = cut % 4 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes;
      assert.deepEqual(viewed(shown), decoded(shown));
    }),
    { numRuns: 1000 },
  );
});

Deno.test("batch view: only tables that merge rows have absent values, and keys never are", () => {
  const bytes = encode([["k", undefined, undefined, undefined]]);
  const replaces: TableSpec = { ...SPEC, onConflict: "replace" };
  for (const read of [viewBatch, decodeBatch]) {
    assert.throws(() => read(bytes, [replaces]), /column "t" of a batch: a value is absent/);
    assert.throws(
      () => read(encode([[undefined, "t", null, 1]]), [SPEC]),
      /column "k" of a batch: a key is null/,
    );
  }
});
