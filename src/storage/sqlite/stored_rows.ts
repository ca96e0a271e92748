import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { checkTenantName } from "../../base/tenant_name.ts";
import type { LedgerReader, StoredRows } from "../contract.ts";
import { DB_FOLDER } from "./database.ts";
import { promised } from "./errors.ts";
import { AppearingDatabase, SqliteLedgerReader } from "./ledger_reader.ts";

const BUSY_MS = 2_000;

/** Opens the ledger and the load receipts below `dataDir/db` read-only, while another process writes. */
export function openSqliteReader(dataDir: string): LedgerReader & StoredRows {
  return new SqliteReader(join(dataDir, DB_FOLDER));
}

class SqliteReader extends SqliteLedgerReader implements StoredRows {
  readonly #folder: string;

  constructor(folder: string) {
    super(new AppearingDatabase(join(folder, "ledger.sqlite")));
    this.#folder = folder;
  }

  isStored(tenant: string, fileId: string): Promise<boolean> {
    return promised(`Cannot read the receipt of "${fileId}"`, () => {
      const path = join(this.#folder, "tenants", `${checkTenantName(tenant)}.sqlite`);
      // No rows have been stored yet.
      if (!existsSync(path)) return false;
      const db = new DatabaseSync(path, { readOnly: true });
      try {
        db.exec(`PRAGMA busy_timeout=${BUSY_MS}`);
        const hasLoads = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = '_mysimbdp_loads'");
        if (hasLoads.get() === undefined) return false;
        const loaded = db.prepare("SELECT 1 FROM _mysimbdp_loads WHERE file_id = ?");
        return loaded.get(fileId) !== undefined;
      } finally {
        db.close();
      }
    });
  }
}
