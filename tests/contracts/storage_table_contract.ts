import assert from "node:assert/strict";
import { encodeBatch } from "../../src/batch/batch.ts";
import type { ColumnType, TableSpec, Value } from "../../src/batch/column.ts";
import {
  code,
  READINGS,
  readings,
  receiptFor,
  type Register,
  started,
} from "./storage_fixtures.ts";

const SAMPLES: Record<string, Value> = {
  ascii: "plain",
  bigint: "-9223372036854775808",
  blob: new Uint8Array([0, 255, 1]),
  boolean: 1,
  date: "2019-10-31",
  decimal: "12345678901234567890.123456789",
  double: 0.1,
  duration: "1mo2d3ns",
  float: 1.5,
  inet: "2001:db8::1",
  int: -2147483648,
  smallint: 32767,
  text: "snö \u{1f41f} 007",
  time: "15:16:22.5",
  timestamp: "2019-10-31T15:16:22.000Z",
  timeuuid: "00000000-0000-1000-8000-000000000000",
  tinyint: -128,
  uuid: "cd613e30-d8f1-4adf-91b7-584a2265b1f5",
  varint: "123456789012345678901234567890",
  "list<text>": '["b","a","b","snö"]',
  "list<double>": "[0.5,-1]",
  "set<bigint>": '["-1","7"]',
  "set<uuid>": '["cd613e30-d8f1-4adf-91b7-584a2265b1f5"]',
  "map<text, int>": '[["a",1],["b",-2147483648]]',
  "map<date, boolean>": '[["2019-10-31",true]]',
};

/** The tests of keyspaces and tables. */
export function tableTests(test: Register): void {
  test("every column type stores its value, and null", async (storage, backend) => {
    const types = Object.keys(SAMPLES) as ColumnType[];
    const spec: TableSpec = {
      name: "all_types",
      columns: [
        { name: "k", type: "int" },
        ...types.map((type, n) => ({ name: `c_${n}`, type })),
      ],
      partitionKey: ["k"],
      clusteringKey: [],
    };
    await storage.ensureKeyspace("customer-1");
    await storage.ensureTables("customer-1", [spec]);
    const load = await storage.begin("customer-1", "f1", [spec]);
    const columns = [[1, 2], ...types.map((type) => [SAMPLES[type] ?? null, null])];
    await load.write(encodeBatch(0, spec, columns, 2));
    await load.commit(receiptFor(2));
    const rows = await backend.readRows("customer-1", spec);
    const byKey = new Map(rows.map((row) => [row[0], row.slice(1)]));
    assert.deepEqual(byKey.get(1), types.map((type) => SAMPLES[type]));
    assert.deepEqual(byKey.get(2), types.map(() => null));
  });

  test("a batch refers to its table by its index in the list", async (storage, backend) => {
    const second: TableSpec = { ...READINGS, name: "order" };
    await storage.ensureKeyspace("customer-1");
    await storage.ensureTables("customer-1", [READINGS, second]);
    const load = await storage.begin("customer-1", "f1", [READINGS, second]);
    await load.write(readings("a", [1], "x"));
    await load.write(encodeBatch(1, second, [["b"], [2], ["y"]], 1));
    await load.commit(receiptFor(2));
    assert.deepEqual(await backend.readRows("customer-1", READINGS), [["a", 1, "x"]]);
    assert.deepEqual(await backend.readRows("customer-1", second), [["b", 2, "y"]]);
  });

  test(
    "new columns are added, and columns that are no longer declared stay",
    async (storage, backend) => {
      const load = await started(storage);
      await load.write(readings("a", [1], "x"));
      await load.commit(receiptFor(1));
      const { columns } = READINGS;
      const wide: TableSpec = {
        ...READINGS,
        columns: [...columns, { name: "rain", type: "double" }],
      };
      await storage.ensureTables("customer-1", [wide]);
      const second = await storage.begin("customer-1", "f2", [wide]);
      await second.write(encodeBatch(0, wide, [["a"], [2], ["y"], [0.5]], 1));
      await second.commit(receiptFor(1));
      const third = await started(storage, "f3");
      await third.write(readings("a", [2, 3], "z"));
      await third.commit(receiptFor(2, 1));
      const rows = await backend.readRows("customer-1", wide);
      rows.sort((a, b) => Number(a[1]) - Number(b[1]));
      // A row replaces the earlier one as a whole.
      assert.deepEqual(rows, [["a", 1, "x", null], ["a", 2, "z", null], ["a", 3, "z", null]]);
      assert.deepEqual(await storage.countRows("customer-1"), [{ table: "readings", rows: 3 }]);
    },
  );

  test("another key or type is refused, and no table is changed", async (storage) => {
    await storage.ensureKeyspace("customer-1");
    await storage.ensureTables("customer-1", [READINGS]);
    const columns = READINGS.columns.map((column) => ({ ...column }));
    const others: TableSpec[] = [
      { ...READINGS, columns: [...columns.slice(0, 2), { name: "note", type: "int" }] },
      { ...READINGS, clusteringKey: [] },
      { ...READINGS, partitionKey: ["station", "day"], clusteringKey: [] },
      { ...READINGS, partitionKey: ["day"], clusteringKey: ["station"] },
    ];
    const fresh = { ...READINGS, name: "fresh" };
    for (const table of others) {
      await assert.rejects(
        storage.ensureTables("customer-1", [fresh, table]),
        code("table-mismatch"),
      );
    }
    assert.deepEqual(await storage.countRows("customer-1"), [{ table: "readings", rows: 0 }]);
  });

  test("tables and columns beyond the limits are not created, with those that exist", async (storage) => {
    await storage.ensureKeyspace("customer-1");
    const named = (name: string): TableSpec => ({ ...READINGS, name });
    const limits = { tables: 2, columns: READINGS.columns.length + 1 };
    const three = [named("a"), named("b"), named("c")];
    const ensure = (tables: TableSpec[]) => storage.ensureTables("customer-1", tables, limits);
    await assert.rejects(ensure(three), code("too-many-tables"));
    assert.deepEqual(await storage.countRows("customer-1"), []);
    await ensure([named("a")]);
    await ensure([named("b")]);
    await assert.rejects(ensure([named("c")]), code("too-many-tables"), "others count");
    await ensure([named("a"), named("b")]);
    const with1 = (name: string): TableSpec => {
      return { ...named("a"), columns: [...READINGS.columns, { name, type: "text" }] };
    };
    await ensure([with1("more")]);
    await assert.rejects(ensure([with1("other")]), code("too-many-columns"), "earlier ones count");
    await ensure([with1("more")]);
    await storage.ensureTables("customer-1", three);
  });

  test("invalid names and keys are refused", async (storage) => {
    await storage.ensureKeyspace("customer-1");
    const [first] = READINGS.columns;
    const hostile: Partial<TableSpec>[] = [
      { name: 'x"; DROP TABLE readings; --' },
      { name: "_mysimbdp_loads" },
      { name: "Upper" },
      { name: "a".repeat(49) },
      { name: "" },
      {
        columns: [{ name: 'a" TEXT)', type: "text" }],
        partitionKey: ['a" TEXT)'],
        clusteringKey: [],
      },
      { columns: [first!, first!], clusteringKey: [] },
      { partitionKey: [] },
      { partitionKey: ["nowhere"] },
      { clusteringKey: ["station"] },
      {
        columns: [{ name: "all", type: "list<int>" }],
        partitionKey: ["all"],
        clusteringKey: [],
      },
    ];
    for (const change of hostile) {
      await assert.rejects(
        storage.ensureTables("customer-1", [{ ...READINGS, ...change }]),
        code("bad-table"),
        JSON.stringify(change),
      );
    }
    await assert.rejects(
      storage.ensureTables("customer-1", [READINGS, READINGS]),
      code("bad-table"),
    );
  });

  test("a tenant name cannot escape from the folder of keyspaces", async (storage) => {
    for (const tenant of ["../ledger", "", ".", "a/b", "a\0b"]) {
      await assert.rejects(storage.ensureKeyspace(tenant), code("bad-tenant-name"), tenant);
    }
  });
}
