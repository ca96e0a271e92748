import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { storageContract } from "../contracts/storage_contract.ts";
import { READINGS, receiptFor } from "../contracts/storage_fixtures.ts";
import { loadFile, notesIn, TENANT } from "../contracts/storage_versions_contract.ts";
import { sqliteBackend } from "./sqlite_backend.ts";

storageContract("sqlite", sqliteBackend);

Deno.test("sqlite: a database of an earlier program is upgraded when it is opened", async () => {
  const backend = await sqliteBackend();
  try {
    await Deno.mkdir(join(backend.dir, "db/tenants"), { recursive: true });
    const db = new DatabaseSync(join(backend.dir, "db/tenants", `${TENANT}.sqlite`));
    db.exec(`CREATE TABLE _mysimbdp_loads (
        file_id TEXT NOT NULL PRIMARY KEY, module_version TEXT NOT NULL, rows TEXT NOT NULL,
        committed_at TEXT NOT NULL
      ) STRICT;
      CREATE TABLE _mysimbdp_tables (name TEXT NOT NULL PRIMARY KEY, spec TEXT NOT NULL) STRICT;
      CREATE TABLE readings (station TEXT NOT NULL, day INTEGER NOT NULL, note TEXT,
        PRIMARY KEY (station, day)) STRICT;
      INSERT INTO readings VALUES ('a', 1, 'f1'), ('a', 2, 'f1')`);
    const { rows } = receiptFor(2);
    db.prepare("INSERT INTO _mysimbdp_loads VALUES ('f1', 'v1', ?, '')").run(JSON.stringify(rows));
    db.prepare("INSERT INTO _mysimbdp_tables VALUES ('readings', ?)").run(JSON.stringify(READINGS));
    db.close();
    const storage = await backend.open();
    assert.deepEqual(await storage.receipt(TENANT, "f1"), receiptFor(2));
    const tables = [READINGS];
    await loadFile(storage, { id: "f2", name: "s.csv", version: 2, days: [2, 3], tables });
    await loadFile(storage, { id: "f3", name: "s.csv", version: 3, days: [4], tables });
    assert.deepEqual(await notesIn(backend), { 1: "f1", 4: "f3" });
    await storage.close();
  } finally {
    await backend.remove();
  }
});
