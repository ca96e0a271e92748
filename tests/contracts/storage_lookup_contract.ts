import assert from "node:assert/strict";
import { encodeBatch } from "../../src/batch/batch.ts";
import type { TableSpec, Value } from "../../src/batch/column.ts";
import {
  range,
  READINGS,
  readings,
  receiptFor,
  type Register,
  started,
} from "./storage_fixtures.ts";

/** The tests of lookups by key. */
export function lookupTests(test: Register): void {
  test("lookup: rows in the order of their keys, null for a missing row", async (storage) => {
    const load = await started(storage);
    await load.write(readings("a", range(0, 10), "x"));
    assert.deepEqual(
      await storage.lookup("customer-1", READINGS, [["a", 1]]),
      [null],
      "rows are invisible before the commit",
    );
    await load.commit(receiptFor(10));
    const keys: Value[][] = [["a", 7], ["b", 7], ["a", 0], ["a", 7], ["a", 10]];
    assert.deepEqual(await storage.lookup("customer-1", READINGS, keys), [
      ["a", 7, "x"],
      null,
      ["a", 0, "x"],
      ["a", 7, "x"],
      null,
    ]);
    assert.deepEqual(await storage.lookup("customer-1", READINGS, []), []);
  });

  test("lookup: a thousand keys at once", async (storage) => {
    const load = await started(storage);
    await load.write(readings("a", range(0, 1000), "x"));
    await load.commit(receiptFor(1000));
    const rows = await storage.lookup("customer-1", READINGS, range(0, 1000).map((n) => ["a", n]));
    assert.deepEqual(rows.map((row) => row?.[1]), range(0, 1000));
  });

  test("lookup: another tenant, a missing keyspace, table or column gives null", async (storage) => {
    const load = await started(storage);
    await load.write(readings("a", [1], "x"));
    await load.commit(receiptFor(1));
    assert.deepEqual(await storage.lookup("nobody", READINGS, [["a", 1]]), [null]);
    await storage.ensureKeyspace("customer-2");
    assert.deepEqual(await storage.lookup("customer-2", READINGS, [["a", 1]]), [null]);
    const other = { ...READINGS, name: "others" };
    assert.deepEqual(await storage.lookup("customer-1", other, [["a", 1]]), [null]);
    const { columns } = READINGS;
    const wide: TableSpec = {
      ...READINGS,
      columns: [...columns, { name: "rain", type: "double" as const }],
    };
    assert.deepEqual(await storage.lookup("customer-1", wide, [["a", 1]]), [["a", 1, "x", null]]);
  });

  test("lookup: keys and values have their form in a batch", async (storage) => {
    const spec: TableSpec = {
      name: "forms",
      columns: [
        { name: "big", type: "bigint" },
        { name: "day", type: "date" },
        { name: "on", type: "boolean" },
        { name: "amount", type: "decimal" },
        { name: "at", type: "timestamp" },
        { name: "bytes", type: "blob" },
        { name: "share", type: "double" },
      ],
      partitionKey: ["big"],
      clusteringKey: ["day"],
    };
    const row: Value[] = [
      "-9223372036854775808",
      "2019-10-31",
      1,
      "12345678901234567890.123456789",
      "2019-10-31T15:16:22.000Z",
      new Uint8Array([0, 255]),
      0.1,
    ];
    await storage.ensureKeyspace("customer-1");
    await storage.ensureTables("customer-1", [spec]);
    const load = await storage.begin("customer-1", "f1", [spec]);
    await load.write(encodeBatch(0, spec, row.map((value) => [value]), 1));
    await load.commit(receiptFor(1));
    const [found, none] = await storage.lookup("customer-1", spec, [
      [row[0]!, row[1]!],
      ["9223372036854775807", row[1]!],
    ]);
    assert.deepEqual(found, row);
    assert.equal(none, null);
  });
}
