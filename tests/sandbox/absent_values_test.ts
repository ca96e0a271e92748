import assert from "node:assert/strict";
import type { TableSpec } from "../../src/batch/column.ts";
import { TableBuffer } from "../../src/sandbox/worker/table_buffer.ts";

const NAMES = ["id", "price", "code", "tags"];
const TABLE: TableSpec = {
  name: "stock",
  columns: [
    { name: "id", type: "text" },
    { name: "price", type: "decimal", options: { null: ["-", "-999"] } },
    { name: "code", type: "text" },
    { name: "tags", type: "set<text>", options: { null: [""] } },
  ],
  partitionKey: ["id"],
  clusteringKey: [],
};

function converted(table: TableSpec, row: object): unknown[] {
  const read = (given: object) => NAMES.map((name) => (given as Record<string, unknown>)[name]);
  return new TableBuffer(0, table, read).convert(row);
}

const ROWS: [string, object, unknown[]][] = [
  ["what is missing or undefined is absent", { code: undefined }, [
    undefined,
    undefined,
    undefined,
  ]],
  ["blank text is absent, except where it is a value", { price: " ", code: "" }, [
    undefined,
    "",
    undefined,
  ]],
  ["null is null", { price: null, code: null, tags: null }, [null, null, null]],
  ["texts and numbers that mean null are null", { price: " - ", tags: " " }, [
    null,
    undefined,
    null,
  ]],
  ["a number that means null is null", { price: -999 }, [null, undefined, undefined]],
  ["an empty collection is null", { tags: [] }, [undefined, undefined, null]],
];

for (const [what, row, expected] of ROWS) {
  Deno.test(`a table that merges rows: ${what}`, () => {
    const values = converted({ ...TABLE, onConflict: "merge" }, { id: "a", ...row });
    assert.deepEqual(values, ["a", ...expected]);
  });
}

Deno.test("a table that replaces rows has no absent values", () => {
  for (const [, row, expected] of ROWS) {
    const values = expected.map((value) => value ?? null);
    assert.deepEqual(converted(TABLE, { id: "a", ...row }), ["a", ...values]);
  }
});

Deno.test("a table that merges rows: a key is never absent", () => {
  const table: TableSpec = { ...TABLE, onConflict: "merge" };
  for (const id of [undefined, null, ""]) {
    assert.throws(() => converted(table, { id }), /a key column is empty/);
  }
});
