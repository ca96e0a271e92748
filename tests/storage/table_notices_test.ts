import assert from "node:assert/strict";
import { tableNotices } from "../../src/storage/open.ts";
import type { TableSpec } from "../../src/batch/column.ts";

const CLUSTER = { data: "/data", storage: { url: "cassandra://u:p@host?datacenter=dc1" } };
const SQLITE = { data: "/data", storage: { url: "sqlite:" } };

function stock(values: number, onConflict: "merge" | "replace"): TableSpec {
  const columns = Array.from(
    { length: values },
    (_, i) => ({ name: `v${i}`, type: "int" as const }),
  );
  return {
    name: "stock",
    columns: [{ name: "id", type: "text" }, ...columns],
    partitionKey: ["id"],
    clusteringKey: [],
    onConflict,
  };
}

Deno.test("a deploy to Cassandra warns of merged tables whose nulls could make them unreadable", () => {
  const wide = [stock(21, "merge"), stock(20, "merge"), stock(40, "replace")];
  const notices = tableNotices(CLUSTER, wide);
  assert.equal(notices.length, 1);
  assert.match(notices[0]!, /^table "stock": each null that a row writes to one of its 21 columns/);
  assert.deepEqual(tableNotices(SQLITE, wide), []);
});
