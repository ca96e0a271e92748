import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeBatch, encodeBatch } from "../../src/batch/batch.ts";
import { BadBatch } from "../../src/batch/batch_bytes.ts";
import type { TableSpec, Value } from "../../src/batch/column.ts";
import { type ColumnView, viewBatch } from "../../src/batch/view_batch.ts";

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
};
const text = fc.string({ unit: "binary", maxLength: 12 });
const rowsOf = fc.array(
  fc.tuple(
    text,
    fc.option(text),
    fc.option(fc.uint8Array({ maxLength: 8 })),
    fc.option(fc.double()),
  ),
  { maxLength: 30 },
);

function encode(rows: Value[][]): Uint8Array<ArrayBuffer> {
  const columns = SPEC.columns.map((_, c) => rows.map((row) => row[c]!));
  return encodeBatch(0, SPEC, columns, rows.length);
}

function valuesOf(column: ColumnView, rows: number): Value[] {
  if (column.physical === "number") return [...column.values];
  const { bytes, starts, nulls, physical } = column;
  return Array.from({ length: rows }, (_, r) => {
    if (nulls?.[r] === 1) return null;
    const value = bytes.slice(starts[r], starts[r + 1]);
    return physical === "bytes"
      ? value
      : new TextDecoder("utf-8", { ignoreBOM: true }).decode(value);
  });
}

/** The result of reading bytes: the values, or the error. */
function resultOf(read: () => Value[][]): unknown {
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
    assert.notEqual(values, "bad");
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
