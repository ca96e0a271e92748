import assert from "node:assert/strict";
import type { BeginOptions } from "../../src/storage/contract.ts";
import {
  code,
  range,
  READINGS,
  readings,
  receiptFor,
  type Register,
  rowsIn,
  started,
} from "./storage_fixtures.ts";

/** The tests of a load. */
export function loadTests(test: Register): void {
  test("no row of a load is visible before its commit, all rows after it", async (storage) => {
    const load = await started(storage);
    for (const i of range(0, 10)) {
      await load.write(readings("a", range(i * 100, i * 100 + 100), "x"));
    }
    assert.equal(await load.flush(), 1000);
    assert.equal(await rowsIn(storage), 0);
    assert.equal(await storage.receipt("customer-1", "f1"), null);
    await load.commit(receiptFor(1000));
    assert.equal(await rowsIn(storage), 1000);
    assert.deepEqual(await storage.receipt("customer-1", "f1"), receiptFor(1000));
  });

  test("an aborted load stores nothing, also when it is aborted twice", async (storage) => {
    const load = await started(storage);
    await load.write(readings("a", range(0, 5), "x"));
    await load.abort();
    await load.abort();
    await assert.rejects(load.write(readings("a", [1], "x")));
    await assert.rejects(load.commit(receiptFor(5)));
    assert.equal(await rowsIn(storage), 0);
    assert.equal(await storage.receipt("customer-1", "f1"), null);
    const again = await started(storage);
    await again.write(readings("a", range(0, 5), "x"));
    await again.commit(receiptFor(5));
    assert.equal(await rowsIn(storage), 5);
  });

  test("closing the storage rolls back an open load", async (storage, backend) => {
    const load = await started(storage);
    await load.write(readings("a", range(0, 5), "x"));
    await load.flush();
    await storage.close();
    await assert.rejects(load.commit(receiptFor(5)));
    const second = await backend.open();
    assert.equal(await rowsIn(second), 0);
    assert.equal(await second.receipt("customer-1", "f1"), null);
    await second.close();
  });

  test(
    "a row replaces a stored row with the same key",
    async (storage, backend) => {
      const first = await started(storage, "f1");
      await first.write(readings("a", range(0, 100), "old"));
      await first.commit(receiptFor(100));
      const second = await started(storage, "f2");
      await second.write(readings("a", range(70, 130), "new"));
      await second.write(readings("a", [129, 129, 200], "last"));
      assert.equal(await second.flush(), 63);
      await second.commit(receiptFor(63, 32));
      const rows = await backend.readRows("customer-1", READINGS);
      const notes = new Map(rows.map(([, day, note]) => [day, note]));
      assert.equal(rows.length, 131);
      assert.deepEqual([0, 69, 70, 128, 129, 200].map((day) => notes.get(day)), [
        "old",
        "old",
        "new",
        "new",
        "last",
        "last",
      ]);
    },
  );

  test(
    "a loaded file cannot be loaded again until its receipt is removed",
    async (storage) => {
      const load = await started(storage);
      await load.write(readings("a", range(0, 5), "x"));
      await load.commit(receiptFor(5));
      await assert.rejects(storage.begin("customer-1", "f1", [READINGS]), code("already-loaded"));
      await storage.forget("customer-1", "f1");
      assert.equal(await storage.receipt("customer-1", "f1"), null);
      assert.equal(await rowsIn(storage), 5);
      const again = await storage.begin("customer-1", "f1", [READINGS]);
      await again.write(readings("a", range(0, 5), "x"));
      assert.equal(await again.flush(), 5);
      await again.commit(receiptFor(5, 5));
      assert.equal(await rowsIn(storage), 5);
    },
  );

  test(
    "a replay removes the receipts of earlier loads only, and its order decides which rows win",
    async (storage, backend) => {
      const at = Date.now();
      const loadAs = async (fileId: string, note: string, options: BeginOptions) => {
        const load = await storage.begin("customer-1", fileId, [READINGS], options);
        await load.write(readings("a", range(0, 5), note));
        return await load.commit(receiptFor(5));
      };
      const notes = async () => {
        const rows = await backend.readRows("customer-1", READINGS);
        return [...new Set(rows.map(([, , note]) => note))];
      };
      await storage.ensureKeyspace("customer-1");
      await loadAs("f1", "one", { receivedAt: at - 2_000 });
      await loadAs("f2", "two", { receivedAt: at - 1_000 });
      const inPlace = { order: "arrival", at } as const;
      await storage.forget("customer-1", "f1", inPlace);
      await storage.forget("customer-1", "f1", inPlace);
      assert.equal(await storage.receipt("customer-1", "f1"), null);
      const { readBack } = await loadAs("f1", "again", { receivedAt: at, replay: inPlace });
      assert.deepEqual(readBack, storage.keepsOrder ? { sampled: 5, hidden: 0 } : undefined);
      assert.deepEqual(await notes(), [storage.keepsOrder ? "two" : "again"]);
      await storage.forget("customer-1", "f1", inPlace);
      assert.notEqual(await storage.receipt("customer-1", "f1"), null);
      const now = { order: "now", at: at + 1 } as const;
      await storage.forget("customer-1", "f1", now);
      assert.equal(await storage.receipt("customer-1", "f1"), null);
      await loadAs("f1", "now", { receivedAt: at, replay: now });
      assert.deepEqual(await notes(), ["now"]);
    },
  );

  test("a hostile batch fails the load, which stores nothing", async (storage) => {
    const load = await started(storage);
    await load.write(readings("a", range(0, 5), "x"));
    const broken = readings("b", range(0, 5), "x").subarray(0, 60);
    await assert.rejects(async () => {
      await load.write(broken);
      await load.flush();
    }, code("bad-batch"));
    await assert.rejects(load.commit(receiptFor(5)), code("bad-batch"));
    await load.abort();
    assert.equal(await rowsIn(storage), 0);
  });

  test(
    "two tenants load at the same time and do not see each other's rows",
    async (storage, backend) => {
      const [one, two] = await Promise.all([
        started(storage, "f1", "customer-1"),
        started(storage, "f1", "customer-2"),
      ]);
      await Promise.all([
        one.write(readings("a", range(0, 10), "one")),
        two.write(readings("a", range(0, 20), "two")),
      ]);
      await two.commit(receiptFor(20));
      await one.abort();
      assert.equal(await rowsIn(storage, "customer-1"), 0);
      assert.equal(await rowsIn(storage, "customer-2"), 20);
      assert.equal(await storage.receipt("customer-1", "f1"), null);
      const notes = (await backend.readRows("customer-2", READINGS)).map(([, , note]) => note);
      assert.deepEqual(new Set(notes), new Set(["two"]));
    },
  );

  test("a tenant that never loaded has no rows and no receipts", async (storage) => {
    assert.deepEqual(await storage.countRows("nobody"), []);
    assert.equal(await storage.receipt("nobody", "f1"), null);
    await storage.forget("nobody", "f1");
  });
}
