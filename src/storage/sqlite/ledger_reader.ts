import { statSync } from "node:fs";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { RejectView } from "../../protocol/file_view.ts";
import type { FileCount, FileQuery, FileRecord, LedgerReader } from "../contract.ts";
import { conditionsOf, DEFAULT_LIMIT, recordOf, rejectOf } from "../ledger_columns.ts";
import { promised } from "./errors.ts";
import { rawOf } from "./ledger_rows.ts";

const BUSY_MS = 2_000;

/**
 * Reads the ledger that another process writes. It is empty until its file exists; a file that was
 * replaced is opened again.
 *
 * @param path usually `DATA/db/ledger.sqlite`
 * @example
 * ```ts
 * import { openLedgerReader } from "./ledger_reader.ts";
 * const reader = openLedgerReader("/nowhere/ledger.sqlite");
 * await reader.list({}); // []
 * ```
 */
export function openLedgerReader(path: string): LedgerReader {
  return new SqliteLedgerReader(new AppearingDatabase(path));
}

/** The database of a reader; null while it does not exist. */
interface DatabaseSource {
  current(): DatabaseSync | null;
  close(): void;
}

/** A database that another process creates. */
export class AppearingDatabase implements DatabaseSource {
  readonly #path: string;
  #open: { db: DatabaseSync; inode: number } | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  current(): DatabaseSync | null {
    const inode = statSync(this.#path, { throwIfNoEntry: false })?.ino;
    if (this.#open !== null && this.#open.inode !== inode) this.close();
    if (this.#open !== null || inode === undefined) return this.#open?.db ?? null;
    const db = new DatabaseSync(this.#path, { readOnly: true });
    db.exec(`PRAGMA busy_timeout=${BUSY_MS}`);
    const isComplete = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'rejects'").get();
    if (isComplete === undefined) {
      // Its tables are not created yet.
      db.close();
      return null;
    }
    this.#open = { db, inode };
    return db;
  }

  close(): void {
    this.#open?.db.close();
    this.#open = null;
  }
}

/** All queries on the ledger. */
export class SqliteLedgerReader implements LedgerReader {
  readonly #source: DatabaseSource;

  constructor(source: DatabaseSource) {
    this.#source = source;
  }

  async get(id: string): Promise<FileRecord | null> {
    const [row] = await this.#all("SELECT * FROM files WHERE id = ?", [id]);
    return row === undefined ? null : recordOf(row);
  }

  async list(query: FileQuery): Promise<FileRecord[]> {
    const { conditions, values } = conditionsOf(query);
    const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    const rows = await this.#all(`SELECT * FROM files ${where} ORDER BY id DESC LIMIT ?`, [
      ...values,
      query.limit ?? DEFAULT_LIMIT,
    ]);
    return rows.map(recordOf);
  }

  async rejects(id: string, after: number, limit: number): Promise<RejectView[]> {
    const rows = await this.#all(
      `SELECT line, column_name, column_number, reason, raw FROM rejects
       WHERE file_id = ? AND n > ? ORDER BY n LIMIT ?`,
      [id, after, limit],
    );
    return rows.map((row) => rejectOf(row, rawOf(row)));
  }

  async counts(): Promise<FileCount[]> {
    const rows = await this.#all(
      `SELECT tenant, state, count(*) AS files, sum(rows_stored) AS stored,
              sum(rows_rejected) AS rejected
       FROM files GROUP BY tenant, state ORDER BY tenant, state`,
      [],
    );
    return rows.map((row) => ({ ...row }) as unknown as FileCount);
  }

  close(): Promise<void> {
    this.#source.close();
    return Promise.resolve();
  }

  #all(sql: string, values: SQLInputValue[]) {
    return promised(
      "Cannot read the ledger",
      () => this.#source.current()?.prepare(sql).all(...values) ?? [],
    );
  }
}
