import assert from "node:assert/strict";
import { encodeBatch } from "../../src/batch/batch.ts";
import type { TableSpec } from "../../src/batch/column.ts";
import type { LoadReceipt, Storage } from "../../src/storage/contract.ts";
import {
  type Backend,
  code,
  range,
  READINGS,
  readings,
  receiptFor,
  type Register,
  rowsIn,
} from "./storage_fixtures.ts";

export const TENANT = "customer-1";
const NOTES: TableSpec = { ...READINGS, name: "notes" };
const TABLES = [READINGS, NOTES];

/** One file that is loaded whole. */
interface Loaded {
  id: string;
  /** With `replaces`; without a name the rows are added. */
  name?: string;
  version?: number;
  days: number[];
  note?: string;
  station?: string;
  tables?: TableSpec[];
  receivedAt?: number;
}

async function begin(
  storage: Storage,
  { id, name, version = 1, tables = TABLES, receivedAt }: Loaded,
) {
  await storage.ensureKeyspace(TENANT);
  await storage.ensureTables(TENANT, tables);
  const replaces = name === undefined ? {} : { replaces: { name, version } };
  return await storage.begin(TENANT, id, tables, {
    ...replaces,
    ...(receivedAt && { receivedAt }),
  });
}

/** Loads a file whose rows are in {@link READINGS}. */
export async function loadFile(storage: Storage, file: Loaded): Promise<LoadReceipt> {
  const { id, days, station = "a", note = id } = file;
  const load = await begin(storage, file);
  try {
    if (days.length > 0) await load.write(readings(station, days, note));
    return await load.commit(receiptFor(days.length));
  } catch (error) {
    await load.abort();
    throw error;
  }
}

/** The notes in a table by day. */
export async function notesIn(
  backend: Backend,
  table: TableSpec = READINGS,
  station = "a",
): Promise<Record<string, unknown>> {
  const rows = await backend.readRows(TENANT, table);
  const own = rows.filter((row) => row[0] === station);
  return Object.fromEntries(own.map(([, day, note]) => [String(day), note]));
}

/** The tests of loads that replace the rows of a file's earlier versions. */
export function versionTests(test: Register): void {
  test(
    "the rows of an earlier version are gone when those of the new one are there",
    async (storage, backend) => {
      const first = await loadFile(storage, { id: "f1", name: "s.csv", days: range(0, 100) });
      assert.deepEqual(first.replacedFiles, []);
      const load = await begin(storage, { id: "f2", name: "s.csv", version: 2, days: [] });
      await load.write(readings("a", range(90, 120), "f2"));
      await load.flush();
      assert.equal(await rowsIn(storage), 100, "until the commit the earlier version is there");
      assert.deepEqual((await load.commit(receiptFor(30))).replacedFiles, ["f1"]);
      assert.deepEqual(
        await notesIn(backend),
        Object.fromEntries(range(90, 120).map((day) => [day, "f2"])),
      );
      const receipt = { ...receiptFor(30), replacedFiles: ["f1"] };
      assert.deepEqual(await storage.receipt(TENANT, "f2"), receipt);
      await loadFile(storage, { id: "f3", name: "s.csv", version: 3, days: [1] });
      assert.deepEqual(await notesIn(backend), { 1: "f3" });
      await storage.close();
      const second = await backend.open();
      assert.deepEqual(await second.receipt(TENANT, "f2"), receipt, "also for another process");
      await second.close();
    },
  );

  test(
    "a version that is not committed leaves the rows of the earlier one",
    async (storage, backend) => {
      await loadFile(storage, { id: "f1", name: "s.csv", days: [1, 2] });
      const load = await begin(storage, { id: "f2", name: "s.csv", version: 2, days: [] });
      await load.write(readings("a", [2, 3], "f2"));
      await load.flush();
      await load.abort();
      assert.deepEqual(await notesIn(backend), { 1: "f1", 2: "f1" });
      // The number of the aborted version does not count.
      await loadFile(storage, { id: "f1b", name: "s.csv", version: 1, days: [4] });
      assert.deepEqual(await notesIn(backend), { 4: "f1b" });
    },
  );

  test("an earlier version is refused when a later one is loaded", async (storage, backend) => {
    await loadFile(storage, { id: "f1", name: "s.csv", days: [1] });
    await loadFile(storage, { id: "f3", name: "s.csv", version: 3, days: [2] });
    const earlier = { id: "f2", name: "s.csv", version: 2, days: [2, 3] };
    await assert.rejects(loadFile(storage, earlier), (error: { details?: { by?: string } }) => {
      assert.equal(error.details?.by, "f3");
      return code("superseded")(error);
    });
    // Also when the later one is about to be replayed.
    await storage.forget(TENANT, "f3");
    await assert.rejects(loadFile(storage, earlier), code("superseded"));
    assert.equal(await storage.receipt(TENANT, "f2"), null);
    assert.deepEqual(await notesIn(backend), { 2: "f3" });
    await loadFile(storage, { id: "f4", name: "s.csv", version: 4, days: [5] });
    assert.deepEqual(await notesIn(backend), { 5: "f4" });
  });

  test(
    "when a file is loaded again, rows that it no longer writes are removed",
    async (storage, backend) => {
      await loadFile(storage, { id: "f1", name: "s.csv", days: range(0, 50) });
      await storage.forget(TENANT, "f1");
      const again = await loadFile(storage, {
        id: "f1",
        name: "s.csv",
        days: [48, 70],
        note: "new",
      });
      assert.deepEqual(again.replacedFiles, []);
      assert.deepEqual(await notesIn(backend), { 48: "new", 70: "new" });
    },
  );

  test(
    "files of other names and rows that they have written since stay",
    async (storage, backend) => {
      await loadFile(storage, { id: "f1", name: "s.csv", days: [1, 2, 3] });
      await loadFile(storage, { id: "g1", name: "S.csv", days: [3, 4] });
      const second = { id: "f2", name: "s.csv", version: 2, days: [2] };
      assert.deepEqual((await loadFile(storage, second)).replacedFiles, ["f1"]);
      assert.deepEqual(await notesIn(backend), { 2: "f2", 3: "g1", 4: "g1" });
    },
  );

  test("a version without rows replaces too", async (storage, backend) => {
    await loadFile(storage, { id: "f1", name: "s.csv", days: [1, 2, 3] });
    const empty = { id: "f2", name: "s.csv", version: 2, days: [] };
    assert.deepEqual((await loadFile(storage, empty)).replacedFiles, ["f1"]);
    assert.deepEqual(await notesIn(backend), {});
    await assert.rejects(
      loadFile(storage, { id: "f0", name: "s.csv", version: 1, days: [1] }),
      code("superseded"),
    );
  });

  test(
    "rows are removed from tables that the new version does not write",
    async (storage, backend) => {
      const load = await begin(storage, { id: "f1", name: "s.csv", days: [] });
      await load.write(readings("a", [1, 2], "f1"));
      await load.write(encodeBatch(1, NOTES, [["a", "a"], [1, 2], ["f1", "f1"]], 2));
      await load.commit(receiptFor(2));
      const second = { id: "f2", name: "s.csv", version: 2, days: [2], tables: [READINGS] };
      await loadFile(storage, second);
      assert.deepEqual(await notesIn(backend), { 2: "f2" });
      assert.deepEqual(await notesIn(backend, NOTES), {});
    },
  );

  test("rows of loads that add are not tracked: they stay", async (storage, backend) => {
    await loadFile(storage, { id: "f1", days: [1, 2] });
    const second = { id: "f2", name: "s.csv", version: 2, days: [2, 3, 4] };
    assert.deepEqual((await loadFile(storage, second)).replacedFiles, []);
    // The module adds again: what it writes is not tracked either.
    await loadFile(storage, { id: "f3", days: [3, 5] });
    const fourth = { id: "f4", name: "s.csv", version: 4, days: [6] };
    assert.deepEqual((await loadFile(storage, fourth)).replacedFiles, ["f2"]);
    assert.deepEqual(await notesIn(backend), { 1: "f1", 3: "f3", 5: "f3", 6: "f4" });
  });

  test("a new row has nothing of the row that it replaces", async (storage, backend) => {
    const wide: TableSpec = {
      ...READINGS,
      columns: [...READINGS.columns, { name: "rain", type: "double" }],
    };
    const load = await begin(storage, { id: "f1", name: "s.csv", days: [], tables: [wide] });
    await load.write(encodeBatch(0, wide, [["a"], [1], ["x"], [0.5]], 1));
    await load.commit(receiptFor(1));
    await loadFile(storage, { id: "f2", name: "s.csv", version: 2, days: [1], tables: [READINGS] });
    assert.deepEqual(await backend.readRows(TENANT, wide), [["a", 1, "f2", null]]);
  });

  test("a table that has only a key", async (storage, backend) => {
    const keys: TableSpec = {
      name: "seen",
      columns: [{ name: "day", type: "int" }],
      partitionKey: ["day"],
      clusteringKey: [],
    };
    const load = async (file: Omit<Loaded, "days">, days: number[]) => {
      const open = await begin(storage, { ...file, days, tables: [keys] });
      await open.write(encodeBatch(0, keys, [days], days.length));
      await open.commit(receiptFor(days.length));
    };
    await load({ id: "f1", name: "s.csv" }, [1, 2, 3]);
    await load({ id: "g1" }, [3]);
    await load({ id: "f2", name: "s.csv", version: 2 }, [2]);
    const days = (await backend.readRows(TENANT, keys)).map(([day]) => day).sort();
    assert.deepEqual(days, [2, 3]);
  });

  test("lookups and counts see the columns and rows of the module alone", async (storage) => {
    await loadFile(storage, { id: "f1", name: "s.csv", days: [1, 2] });
    await loadFile(storage, { id: "f2", name: "s.csv", version: 2, days: [2, 3, 4] });
    const found = await storage.lookup(TENANT, READINGS, [["a", 1], ["a", 2]]);
    assert.deepEqual(found, [null, ["a", 2, "f2"]]);
    const counts = (await storage.countRows(TENANT)).toSorted((a, b) => a.table < b.table ? -1 : 1);
    assert.deepEqual(counts, [{ table: "notes", rows: 0 }, { table: "readings", rows: 3 }]);
  });

  test("a version with many rows", async (storage, backend) => {
    await loadFile(storage, { id: "f1", name: "s.csv", days: range(0, 20_000) });
    await loadFile(storage, { id: "g1", name: "g.csv", days: [5_000] });
    await loadFile(storage, { id: "f2", name: "s.csv", version: 2, days: [20_000, 20_001] });
    assert.deepEqual(await notesIn(backend), { 5000: "g1", 20000: "f2", 20001: "f2" });
  });

  test("versions of more than 16 MiB replace each other too", async (storage, backend) => {
    const note = "x".repeat(1_000);
    const load = async (id: string, version: number, days: number[]) => {
      const open = await begin(storage, { id, name: "s.csv", version, days });
      for (let at = 0; at < days.length; at += 1_000) {
        await open.write(readings("a", days.slice(at, at + 1_000), note));
      }
      return await open.commit(receiptFor(days.length));
    };
    await load("f1", 1, range(0, 20_000));
    assert.deepEqual((await load("f2", 2, range(1_000, 21_000))).replacedFiles, ["f1"]);
    const days = Object.keys(await notesIn(backend)).map(Number).sort((a, b) => a - b);
    assert.deepEqual(days, range(1_000, 21_000));
  });

  test("tenants with the same names do not affect each other", async (storage, backend) => {
    await loadFile(storage, { id: "f2", name: "s.csv", version: 2, days: [1] });
    await storage.ensureKeyspace("customer-2");
    const other = await storage.begin("customer-2", "f1", [READINGS], {
      replaces: { name: "s.csv", version: 1 },
    });
    await other.write(readings("a", [7], "other"));
    assert.deepEqual((await other.commit(receiptFor(1))).replacedFiles, []);
    assert.deepEqual(await notesIn(backend), { 1: "f2" });
    assert.equal(await rowsIn(storage, "customer-2"), 1);
  });

  test(
    "after the ledger forgot a file, the numbers of its name can start again",
    async (storage, backend) => {
      await loadFile(storage, { id: "f5", name: "s.csv", version: 5, days: [1, 2] });
      await storage.expire(TENANT, "f5");
      assert.equal(await storage.receipt(TENANT, "f5"), null);
      assert.deepEqual(await notesIn(backend), { 1: "f5", 2: "f5" });
      await loadFile(storage, { id: "f6", name: "s.csv", version: 1, days: [3] });
      assert.deepEqual(await notesIn(backend), { 3: "f6" });
      await storage.expire(TENANT, "nobody");
      await storage.expire("nobody", "f6");
    },
  );
}
