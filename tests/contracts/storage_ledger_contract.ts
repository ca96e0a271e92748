import assert from "node:assert/strict";
import type { FileState } from "../../src/protocol/file_view.ts";
import { code, fileRecord, NO_ROWS, range, type Register } from "./storage_fixtures.ts";

/** The tests of a ledger. */
export function ledgerTests(test: Register): void {
  test("a record is read with all fields as it was written", async ({ ledger }) => {
    const full = fileRecord({
      batch: "b",
      state: "quarantined",
      attempts: 3,
      nextTryAt: 5,
      startedAt: 6,
      finishedAt: 7,
      size: 2 ** 40,
      name: 'ö "x".csv',
      rows: { read: 10, stored: 5, rejected: 3, skipped: 2, written: 7, replaced: 1 },
      seconds: 0.25,
      moduleVersion: "v1",
      reason: { code: "c", message: "m" },
      notices: ['"a.csv": column "ö" is not read', "b"],
    });
    await ledger.insert(full);
    assert.deepEqual(await ledger.get(full.id), full);
    assert.equal(await ledger.get("nobody"), null);
  });

  test("an existing id is not changed by an insert", async ({ ledger }) => {
    await ledger.insert(fileRecord());
    await ledger.insert(fileRecord({ name: "other.csv", state: "ingested" }));
    assert.deepEqual(await ledger.get(fileRecord().id), fileRecord());
  });

  test("update writes only if the state is the expected one", async ({ ledger }) => {
    await ledger.insert(fileRecord());
    const queued = fileRecord({ state: "queued" });
    await ledger.update(queued, "received");
    await assert.rejects(
      ledger.update(fileRecord({ state: "running" }), "received"),
      code("ledger-conflict"),
    );
    await assert.rejects(
      ledger.update(fileRecord({ id: "none" }), "received"),
      code("ledger-conflict"),
    );
    assert.deepEqual(await ledger.get(queued.id), queued);
  });

  test("of many updates from one state exactly one wins", async ({ ledger }) => {
    await ledger.insert(fileRecord());
    const tries = range(0, 20).map((attempts) =>
      ledger.update(fileRecord({ state: "queued", attempts }), "received")
    );
    const settled = await Promise.allSettled(tries);
    assert.equal(settled.filter(({ status }) => status === "fulfilled").length, 1);
  });

  test("pending: files that can be run, oldest first", async ({ ledger }) => {
    const states: FileState[] = [
      "received",
      "queued",
      "running",
      "ingested",
      "refused",
      "quarantined",
    ];
    for (const [i, state] of states.entries()) {
      await ledger.insert(fileRecord({ id: `f${i}`, state, receivedAt: 100 - i }));
    }
    await ledger.insert(fileRecord({ id: "a", state: "queued", receivedAt: 99 }));
    const ids = (await ledger.pending()).map(({ id }) => id);
    assert.deepEqual(ids, ["f2", "a", "f1", "f0"]);
  });

  test("list: newest first, filtered, page by page", async ({ ledger }) => {
    for (const i of range(0, 7)) {
      await ledger.insert(fileRecord({
        id: `f${i}`,
        tenant: i % 2 === 0 ? "even" : "odd",
        name: i < 3 ? "low" : "high",
        sha256: `s${i}`,
        state: i === 4 ? "ingested" : "received",
        receivedAt: i,
      }));
    }
    const ids = async (query: Parameters<typeof ledger.list>[0]) =>
      (await ledger.list(query)).map(({ id }) => id);
    assert.deepEqual(await ids({}), ["f6", "f5", "f4", "f3", "f2", "f1", "f0"]);
    assert.deepEqual(await ids({ tenant: "even", limit: 2 }), ["f6", "f4"]);
    assert.deepEqual(await ids({ tenant: "even", limit: 2, after: "f4" }), ["f2", "f0"]);
    assert.deepEqual(await ids({ name: "low", tenant: "odd" }), ["f1"]);
    assert.deepEqual(await ids({ sha256: "s3" }), ["f3"]);
    assert.deepEqual(await ids({ state: "ingested" }), ["f4"]);
  });

  test("rejects keep their order and every character, and can be cleared", async ({ ledger }) => {
    const reject = (line: number) => ({
      line,
      column: [null, "Flight Date", 3][line % 3]!,
      reason: "no date",
      raw: `a\0b,"é\n${line}`,
    });
    await ledger.addRejects("f", range(1, 4).map(reject));
    await ledger.addRejects("f", range(4, 6).map(reject));
    await ledger.addRejects("other", [reject(9)]);
    assert.deepEqual(await ledger.rejects("f", 0, 100), range(1, 6).map(reject));
    assert.deepEqual(await ledger.rejects("f", 2, 2), [reject(3), reject(4)]);
    await ledger.clearRejects("f");
    assert.deepEqual(await ledger.rejects("f", 0, 100), []);
    assert.deepEqual(await ledger.rejects("other", 0, 100), [reject(9)]);
  });

  test("a removed file is gone, the others stay", async ({ ledger }) => {
    await ledger.insert(fileRecord({ id: "a", state: "ingested" }));
    await ledger.insert(fileRecord({ id: "b", state: "ingested" }));
    await ledger.remove("a");
    await ledger.remove("a");
    await ledger.remove("nobody");
    assert.equal(await ledger.get("a"), null);
    assert.deepEqual((await ledger.list({})).map(({ id }) => id), ["b"]);
  });

  test("counts files and rows by tenant and state", async ({ ledger }) => {
    const rows = { ...NO_ROWS, read: 7, stored: 5, rejected: 2 };
    await ledger.insert(fileRecord({ id: "a", state: "ingested", rows }));
    await ledger.insert(fileRecord({ id: "b", state: "ingested", rows }));
    await ledger.insert(fileRecord({ id: "c", tenant: "customer-2" }));
    assert.deepEqual(await ledger.counts(), [
      { tenant: "customer-1", state: "ingested", files: 2, stored: 10, rejected: 4 },
      { tenant: "customer-2", state: "received", files: 1, stored: 0, rejected: 0 },
    ]);
  });

  test("the ledger can be opened again", async ({ ledger }, backend) => {
    await ledger.insert(fileRecord());
    const second = await backend.open();
    assert.deepEqual(await second.ledger.get(fileRecord().id), fileRecord());
    await second.close();
  });
}
