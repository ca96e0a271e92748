import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { checkTenantName } from "../../base/tenant_name.ts";
import type { LedgerReader, LoadStates, StoredRows } from "../contract.ts";
import { DB_FOLDER } from "./database.ts";
import { promised } from "./errors.ts";
import { isManageLocked } from "./manage_lock.ts";
import { AppearingDatabase, SqliteLedgerReader } from "./ledger_reader.ts";

const BUSY_MS = 2_000;

/** Opens the ledger and the load receipts below `dataDir/db` read-only, while another process writes. */
export function openSqliteReader(dataDir: string): LedgerReader & StoredRows & LoadStates {
  return new SqliteReader(join(dataDir, DB_FOLDER));
}

/** Those of the files that have a load receipt in the database of their tenant. */
export function storedIn(db: DatabaseSync, fileIds: readonly string[]): Set<string> {
  const rows = db.prepare(
    "SELECT file_id FROM _mysimbdp_loads WHERE file_id IN (SELECT value FROM json_each(?))",
  ).all(JSON.stringify(fileIds));
  return new Set(rows.map((row) => row["file_id"] as string));
}

class SqliteReader extends SqliteLedgerReader implements StoredRows, LoadStates {
  readonly #folder: string;

  constructor(folder: string) {
    super(new AppearingDatabase(join(folder, "ledger.sqlite")));
    this.#folder = folder;
  }

  begun(): Promise<null> {
    // Rows and receipt are stored in one transaction.
    return Promise.resolve(null);
  }

  hasOwner(): Promise<boolean> {
    return promised("Cannot check the lock of manage", () => isManageLocked(this.#folder));
  }

  stored(tenant: string, fileIds: readonly string[]): Promise<ReadonlySet<string>> {
    return promised(`Cannot read the receipts of "${tenant}"`, () => {
      const path = join(this.#folder, "tenants", `${checkTenantName(tenant)}.sqlite`);
      // No rows have been stored yet.
      if (!existsSync(path)) return new Set<string>();
      const db = new DatabaseSync(path, { readOnly: true });
      try {
        db.exec(`PRAGMA busy_timeout=${BUSY_MS}`);
        const hasLoads = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = '_mysimbdp_loads'");
        return hasLoads.get() === undefined ? new Set<string>() : storedIn(db, fileIds);
      } finally {
        db.close();
      }
    });
  }
}
