import assert from "node:assert/strict";
import { encodeBatch } from "../../src/batch/batch.ts";
import type { Cell, TableSpec } from "../../src/batch/column.ts";
import type { Storage } from "../../src/storage/contract.ts";
import { type Backend, receiptFor, type Register } from "./storage_fixtures.ts";

const TENANT = "customer-1";
const STATIONS: TableSpec = {
  name: "stations",
  columns: [
    { name: "id", type: "text" },
    { name: "name", type: "text" },
    { name: "height", type: "int" },
    { name: "photo", type: "blob" },
    { name: "tags", type: "set<text>" },
  ],
  partitionKey: ["id"],
  clusteringKey: [],
};
/** The same with a clustering key, whose rows are collected over several batches. */
const VISITS: TableSpec = {
  ...STATIONS,
  name: "visits",
  partitionKey: ["id"],
  clusteringKey: ["name"],
};
const PHOTO = new Uint8Array([1, 2]);
const FULL = ["a", "first", 7, PHOTO, '["x"]'];

/** Each file arrives later than those before. */
let receivedAt = 1_000;

/** Loads a file of batches, each of rows. */
async function load(storage: Storage, table: TableSpec, id: string, batches: Cell[][][]) {
  await storage.ensureKeyspace(TENANT);
  const file = await storage.begin(TENANT, id, [table], { receivedAt: receivedAt++ });
  for (const rows of batches) {
    const columns = table.columns.map((_, c) => rows.map((row) => row[c]));
    await file.write(encodeBatch(0, table, columns, rows.length));
  }
  await file.commit(receiptFor(batches.flat().length));
}

async function rowsOf(backend: Backend, table: TableSpec): Promise<unknown[][]> {
  const rows = await backend.readRows(TENANT, table);
  return rows.sort((a, b) => `${a[0]} ${a[1]}` < `${b[0]} ${b[1]}` ? -1 : 1);
}

/** Tests of rows with the key of a stored row. */
export function conflictTests(test: Register): void {
  test(
    "a row replaces a stored one as a whole, also where it has no value",
    async (storage, backend) => {
      for (const table of [STATIONS, VISITS]) {
        await load(storage, table, `01a-${table.name}`, [[FULL], [["b", "other", 1, null, null]]]);
        await load(storage, table, `01b-${table.name}`, [
          [["a", "first", null, null, null], ["b", "other", 2, PHOTO, null]],
          [["b", "other", null, null, '["y"]']],
        ]);
        assert.deepEqual(await rowsOf(backend, table), [
          ["a", "first", null, null, null],
          ["b", "other", null, null, '["y"]'],
        ]);
      }
    },
  );

  test(
    "with merge, a row changes only the columns that it has, and null empties one",
    async (storage, backend) => {
      for (const each of [STATIONS, VISITS]) {
        const table: TableSpec = { ...each, onConflict: "merge" };
        const none = undefined;
        await load(storage, table, `01c-${table.name}`, [[FULL, ["b", "other", none, none, none]]]);
        await load(storage, table, `01d-${table.name}`, [
          [["a", "first", none, null, none], ["b", "other", 0, PHOTO, '["z"]']],
        ]);
        assert.deepEqual(await rowsOf(backend, table), [
          ["a", "first", 7, null, '["x"]'],
          ["b", "other", 0, PHOTO, '["z"]'],
        ]);
        await load(storage, table, `01e-${table.name}`, [[["a", "first", null, none, none]]]);
        assert.deepEqual((await rowsOf(backend, table))[0], ["a", "first", null, null, '["x"]']);
      }
    },
  );

  test(
    "with merge, rows of one file with the same key are merged in order",
    async (storage, backend) => {
      for (const each of [STATIONS, VISITS]) {
        const table: TableSpec = { ...each, onConflict: "merge" };
        const none = undefined;
        await load(storage, table, `01f-${table.name}`, [
          [
            ["a", "first", 1, PHOTO, '["x"]'],
            ["b", "other", 5, none, none],
            ["a", "first", none, null, none],
            ["a", "first", 2, none, none],
          ],
          [["b", "other", none, PHOTO, none], ["a", "first", none, none, '["y"]']],
          [["b", "other", 6, none, none]],
        ]);
        assert.deepEqual(await rowsOf(backend, table), [
          ["a", "first", 2, null, '["y"]'],
          ["b", "other", 6, PHOTO, null],
        ]);
      }
    },
  );

  test("with merge, many rows of which some are stored are merged", async (storage, backend) => {
    const table: TableSpec = { ...STATIONS, onConflict: "merge" };
    const ids = Array.from({ length: 120 }, (_, i) => `k${String(i).padStart(3, "0")}`);
    const some = ids.filter((_, i) => i % 7 === 0);
    await load(storage, table, "01g", [some.map((id) => [id, "old", 1, undefined, undefined])]);
    await load(storage, table, "01h", [
      ids.map((id) => [id, undefined, undefined, PHOTO, undefined]),
    ]);
    assert.deepEqual(
      await rowsOf(backend, table),
      ids.map((id, i) => i % 7 === 0 ? [id, "old", 1, PHOTO, null] : [id, null, null, PHOTO, null]),
    );
  });

  test(
    "with merge, rows that have only a key, and undeclared columns, stay",
    async (storage, backend) => {
      const table: TableSpec = { ...STATIONS, onConflict: "merge" };
      const narrow: TableSpec = {
        ...table,
        columns: table.columns.filter(({ name }) => ["id", "height"].includes(name)),
      };
      const onlyKey: TableSpec = { ...table, columns: table.columns.slice(0, 1) };
      await load(storage, table, "01i", [[FULL]]);
      await load(storage, narrow, "01j", [[["a", 8]]]);
      await load(storage, onlyKey, "01k", [[["a"], ["b"]]]);
      assert.deepEqual(await rowsOf(backend, table), [
        ["a", "first", 8, PHOTO, '["x"]'],
        ["b", null, null, null, null],
      ]);
    },
  );
}
