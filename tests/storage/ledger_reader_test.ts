import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openLedger } from "../../src/storage/sqlite/ledger.ts";
import { openLedgerReader } from "../../src/storage/sqlite/ledger_reader.ts";
import { code, fileRecord } from "../contracts/storage_fixtures.ts";

async function inTempDir(body: (path: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await body(join(dir, "ledger.sqlite"));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("ledger reader: a missing file is an empty ledger, and is opened once it exists", () =>
  inTempDir(async (path) => {
    const reader = openLedgerReader(path);
    assert.equal(await reader.get("x"), null);
    assert.deepEqual(await reader.list({}), []);
    assert.deepEqual(await reader.rejects("x", 0, 10), []);
    assert.deepEqual(await reader.counts(), []);
    new DatabaseSync(path).close();
    assert.deepEqual(await reader.list({}), []);
    const ledger = openLedger(path);
    await ledger.insert(fileRecord());
    assert.deepEqual(await reader.get(fileRecord().id), fileRecord());
    await ledger.update(fileRecord({ state: "queued" }), "received");
    assert.equal((await reader.get(fileRecord().id))?.state, "queued");
    await reader.close();
    await ledger.close();
  }));

Deno.test("ledger reader: a ledger that was deleted and created again is read", () =>
  inTempDir(async (path) => {
    const first = openLedger(path);
    await first.insert(fileRecord());
    const reader = openLedgerReader(path);
    assert.equal((await reader.list({})).length, 1);
    await first.close();
    for (const end of ["", "-wal", "-shm"]) await Deno.remove(path + end).catch(() => undefined);
    assert.deepEqual(await reader.list({}), []);
    const second = openLedger(path);
    await second.insert(fileRecord({ id: "a" }));
    await second.insert(fileRecord({ id: "b" }));
    assert.equal((await reader.list({})).length, 2);
    await reader.close();
    await second.close();
  }));

Deno.test("ledger reader: the writer never blocks it", () =>
  inTempDir(async (path) => {
    const ledger = openLedger(path);
    await ledger.insert(fileRecord());
    const reader = openLedgerReader(path);
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE; DELETE FROM files");
    assert.equal((await reader.list({})).length, 1);
    await assert.rejects(ledger.insert(fileRecord({ id: "b" })), code("storage-busy"));
    other.close();
    await ledger.insert(fileRecord({ id: "b" }));
    await reader.close();
    await ledger.close();
  }));

Deno.test("ledger reader: a file that is not a database is reported as corrupt", () =>
  inTempDir(async (path) => {
    await Deno.writeTextFile(path, "not a database, but long enough to be read\n".repeat(50));
    const reader = openLedgerReader(path);
    await assert.rejects(reader.list({}), code("storage-corrupt"));
    assert.throws(() => openLedger(path), code("storage-corrupt"));
    await reader.close();
  }));
