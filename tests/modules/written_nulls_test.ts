import assert from "node:assert/strict";
import type { TableSpec } from "../../src/batch/column.ts";
import { WrittenNulls } from "../../src/modules/test_run/written_nulls.ts";

const table = (onConflict: "merge" | "replace"): TableSpec => ({
  name: "stock",
  columns: [],
  partitionKey: [],
  clusteringKey: [],
  onConflict,
});
const columns = (value: null | undefined) => [["a"], ...new Array(30).fill([value])];

Deno.test("a test run warns about merged rows that write many nulls", () => {
  const nulls = new WrittenNulls();
  nulls.add(table("merge"), columns(null), 1);
  assert.match(nulls.notices().join(), /^table "stock": 30 nulls a row are written/);
});

Deno.test("values that are left out, and rows that are replaced, write no nulls", () => {
  const nulls = new WrittenNulls();
  nulls.add(table("merge"), columns(undefined), 1);
  nulls.add(table("replace"), columns(null), 1);
  assert.deepEqual(nulls.notices(), []);
});
