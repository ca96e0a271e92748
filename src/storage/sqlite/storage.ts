import { existsSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { RESERVE_BYTES } from "../../base/disk.ts";
import { checkTenantName } from "../../base/tenant_name.ts";
import { rowCountsSchema } from "../../protocol/file_view.ts";
import type { TableSpec, Value } from "../../batch/column.ts";
import type {
  BeginOptions,
  Ledger,
  Load,
  LoadReceipt,
  ReplayTime,
  Storage,
  TableLimits,
} from "../contract.ts";
import { quoted } from "../table_rules.ts";
import { DB_FOLDER, makeFolder, openDatabase, transaction } from "./database.ts";
import { guarded, promised } from "./errors.ts";
import { openLedger } from "./ledger.ts";
import { LoadThreads } from "./load.ts";
import { truncateLogs } from "./logs.ts";
import { lookUpRows } from "./lookup.ts";
import { storedIn } from "./stored_rows.ts";
import { ensureOwnTables, ensureTables } from "./tables.ts";
import { forgetVersion } from "./versions.ts";

const OPEN_KEYSPACES = 16;

/**
 * Opens the embedded engine below `dataDir/db`: `ledger.sqlite` and `tenants/<tenant>.sqlite`.
 * Only one process can write, see `acquireManageLock`.
 *
 * @param reserveBytes bytes of the disk that loads leave free
 * @throws {Failure} kind `storage`
 */
export function openSqliteStorage(dataDir: string, reserveBytes = RESERVE_BYTES): Storage {
  return new SqliteStorage(join(dataDir, DB_FOLDER), reserveBytes);
}

class SqliteStorage implements Storage {
  readonly ledger: Ledger;
  readonly keepsOrder = false;
  readonly #folder: string;
  readonly #threads: LoadThreads;
  /** Open keyspaces, the least recently used first. */
  readonly #keyspaces = new Map<string, DatabaseSync>();

  constructor(folder: string, reserveBytes: number) {
    this.#folder = join(folder, "tenants");
    this.#threads = new LoadThreads(reserveBytes);
    guarded(`Cannot open storage "${folder}"`, () => {
      makeFolder(this.#folder);
      // A load that was killed may have left so long a log that nothing else can be opened.
      truncateLogs(this.#folder);
    });
    this.ledger = openLedger(join(folder, "ledger.sqlite"));
  }

  ensureKeyspace(tenant: string): Promise<void> {
    return promised(`Cannot open keyspace "${tenant}"`, () => {
      this.#keyspace(tenant);
    });
  }

  ensureTables(tenant: string, tables: TableSpec[], limits?: TableLimits): Promise<void> {
    return promised(
      `Cannot prepare the tables of "${tenant}"`,
      () => ensureTables(this.#keyspace(tenant), tables, limits),
    );
  }

  receipt(tenant: string, fileId: string): Promise<LoadReceipt | null> {
    return promised(`Cannot read the receipt of "${fileId}"`, () => {
      if (!this.#exists(tenant)) return null;
      const row = this.#keyspace(tenant)
        .prepare("SELECT * FROM _mysimbdp_loads WHERE file_id = ?").get(fileId);
      if (row === undefined) return null;
      const rows = rowCountsSchema.parse(JSON.parse(row["rows"] as string));
      const replacedFiles = JSON.parse(row["replaced_files"] as string | null ?? "[]") as string[];
      return { rows, moduleVersion: row["module_version"] as string, replacedFiles };
    });
  }

  stored(tenant: string, fileIds: readonly string[]): Promise<ReadonlySet<string>> {
    return promised(
      `Cannot read the receipts of "${tenant}"`,
      () => this.#exists(tenant) ? storedIn(this.#keyspace(tenant), fileIds) : new Set<string>(),
    );
  }

  forget(tenant: string, fileId: string, replay?: ReplayTime): Promise<void> {
    return promised(`Cannot remove the receipt of "${fileId}"`, () => {
      if (!this.#exists(tenant)) return;
      forgetReceipt(this.#keyspace(tenant), fileId, replay?.at);
    });
  }

  expire(tenant: string, fileId: string): Promise<void> {
    return promised(`Cannot remove the receipt of "${fileId}"`, () => {
      if (!this.#exists(tenant)) return;
      const db = this.#keyspace(tenant);
      transaction(db, () => {
        forgetReceipt(db, fileId);
        forgetVersion(db, fileId);
      });
    });
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  begun(): Promise<null> {
    // Rows and receipt are stored in one transaction.
    return Promise.resolve(null);
  }

  abandon(): Promise<number> {
    return Promise.resolve(0);
  }

  async begin(
    tenant: string,
    fileId: string,
    tables: TableSpec[],
    { replaces, replay, bytes = 0 }: BeginOptions = {},
  ): Promise<Load> {
    await this.ensureTables(tenant, tables);
    const replayedAt = replay?.at ?? null;
    const target = { path: this.#path(tenant), fileId, tables, replaces, replayedAt };
    return await this.#threads.begin(target, bytes);
  }

  lookup(tenant: string, table: TableSpec, keys: readonly Value[][]): Promise<(Value[] | null)[]> {
    return promised(`Cannot look up rows of "${tenant}"`, () => {
      if (!this.#exists(tenant)) return keys.map(() => null);
      return lookUpRows(this.#keyspace(tenant), table, keys);
    });
  }

  countRows(tenant: string): Promise<{ table: string; rows: number }[]> {
    return promised(`Cannot count the rows of "${tenant}"`, () => {
      if (!this.#exists(tenant)) return [];
      const db = this.#keyspace(tenant);
      const names = db.prepare("SELECT name FROM _mysimbdp_tables ORDER BY name").all();
      return names.map((row) => {
        const table = row["name"] as string;
        const count = db.prepare(`SELECT count(*) AS rows FROM ${quoted(table)}`).get();
        return { table, rows: Number(count?.["rows"]) };
      });
    });
  }

  reclaim(): Promise<void> {
    return promised("Cannot truncate the logs of loads", () => truncateLogs(this.#folder));
  }

  async close(): Promise<void> {
    await this.#threads.close();
    for (const db of this.#keyspaces.values()) db.close();
    this.#keyspaces.clear();
    await this.ledger.close();
  }

  #path(tenant: string): string {
    return join(this.#folder, `${checkTenantName(tenant)}.sqlite`);
  }

  #exists(tenant: string): boolean {
    return this.#keyspaces.has(tenant) || existsSync(this.#path(tenant));
  }

  #keyspace(tenant: string): DatabaseSync {
    const path = this.#path(tenant);
    let db = this.#keyspaces.get(tenant);
    if (db === undefined) {
      db = openDatabase(path);
      ensureOwnTables(db);
      const [oldest] = this.#keyspaces;
      if (oldest !== undefined && this.#keyspaces.size >= OPEN_KEYSPACES) {
        oldest[1].close();
        this.#keyspaces.delete(oldest[0]);
      }
    }
    this.#keyspaces.delete(tenant);
    this.#keyspaces.set(tenant, db);
    return db;
  }
}

/** @param replayedAt keeps the receipt of a load for the replay of this time */
function forgetReceipt(db: DatabaseSync, fileId: string, replayedAt: number | null = null): void {
  db.prepare(
    "DELETE FROM _mysimbdp_loads WHERE file_id = ? AND (replayed_at IS NULL OR replayed_at IS NOT ?)",
  ).run(fileId, replayedAt);
}
