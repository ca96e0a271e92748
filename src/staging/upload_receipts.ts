import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { Failure } from "../base/failure.ts";
import type { StagedFile } from "./contract.ts";

/** That an upload was finished, and which file it became. */
export interface UploadReceipt extends StagedFile {
  /** Equal to `id`, unless the upload brought what the server already had. */
  uploadId: string;
}

/** Which of a tenant's files to list. */
export interface ReceiptQuery {
  tenant: string;
  name?: string;
  sha256?: string;
  /** Files with a smaller id than this: the next page, as the newest come first. */
  after?: string;
  limit: number;
}

const COLUMNS = `file_id AS id, upload_id AS uploadId, tenant, name, version, size, sha256,
  received_at AS receivedAt, batch`;

/**
 * What `serve` remembers of finished uploads: which files it already has, their versions, and the
 * batches. One process at a time may write it: the one that holds the lock of `serve`.
 *
 * @example
 * ```ts
 * import { UploadReceipts } from "./upload_receipts.ts";
 * using receipts = UploadReceipts.open(":memory:");
 * receipts.nextVersion("customer-1", "a.csv"); // 1
 * ```
 */
export class UploadReceipts {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, ReturnType<DatabaseSync["prepare"]>>();

  private constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /**
   * Opens the database and makes its tables.
   * @throws {Failure} `data-in-use` when another process has it open
   */
  static open(path: string): UploadReceipts {
    const db = new DatabaseSync(path);
    try {
      db.exec("PRAGMA busy_timeout = 2000; PRAGMA journal_mode = WAL");
      db.exec("PRAGMA synchronous = FULL; BEGIN IMMEDIATE");
      db.exec(SCHEMA);
      db.exec("COMMIT");
    } catch (error) {
      db.close();
      if (!isLocked(error)) throw error;
      throw new Failure("server", "data-in-use", `Cannot open "${path}": another server uses it`, {
        hint: "Stop the other server, or give this one another --data.",
        cause: error,
      });
    }
    return new UploadReceipts(db);
  }

  /** Records a finished upload; one that is recorded stays as it is. */
  insert(receipt: UploadReceipt): void {
    this.#run(
      `INSERT OR IGNORE INTO receipts
         (upload_id, file_id, tenant, name, version, size, sha256, received_at, batch)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      receipt.uploadId,
      receipt.id,
      receipt.tenant,
      receipt.name,
      receipt.version,
      receipt.size,
      receipt.sha256,
      receipt.receivedAt,
      receipt.batch,
    );
  }

  /** The receipt of one of the tenant's uploads, by the upload's id. */
  ofUpload(tenant: string, uploadId: string): UploadReceipt | null {
    return this.#receipt("WHERE tenant = ? AND upload_id = ?", tenant, uploadId);
  }

  /** The tenant's file with this name and content, if it was received before. */
  same(tenant: string, name: string, sha256: string): UploadReceipt | null {
    return this.#receipt(
      "WHERE tenant = ? AND name = ? AND sha256 = ? AND upload_id = file_id",
      tenant,
      name,
      sha256,
    );
  }

  /** The version that the next new content under this name gets, from 1. */
  nextVersion(tenant: string, name: string): number {
    const row = this.#one<{ version: number }>(
      `SELECT coalesce(max(version), 0) + 1 AS version FROM receipts
       WHERE tenant = ? AND name = ?`,
      tenant,
      name,
    );
    return row?.version ?? 1;
  }

  /** The tenant's files, newest first. */
  list(query: ReceiptQuery): UploadReceipt[] {
    const where = ["tenant = ?", "upload_id = file_id"];
    const values: SQLInputValue[] = [query.tenant];
    const conditions = [["name = ?", query.name], ["sha256 = ?", query.sha256], [
      "file_id < ?",
      query.after,
    ]] as const;
    for (const [condition, value] of conditions) {
      if (value === undefined) continue;
      where.push(condition);
      values.push(value);
    }
    return this.#all<UploadReceipt>(
      `SELECT ${COLUMNS} FROM receipts WHERE ${where.join(" AND ")}
       ORDER BY file_id DESC LIMIT ?`,
      ...values,
      query.limit,
    );
  }

  /** Opens a batch, within which the number of files is counted. */
  openBatch(tenant: string, id: string, now: number): void {
    this.#run("INSERT INTO batches (id, tenant, opened_at) VALUES (?, ?, ?)", id, tenant, now);
  }

  hasBatch(tenant: string, id: string): boolean {
    return this.#one("SELECT 1 FROM batches WHERE id = ? AND tenant = ?", id, tenant) !== undefined;
  }

  /** How many files of a batch were received; those that the server already had do not count. */
  countInBatch(tenant: string, batch: string): number {
    const row = this.#one<{ files: number }>(
      `SELECT count(*) AS files FROM receipts
       WHERE tenant = ? AND batch = ? AND upload_id = file_id`,
      tenant,
      batch,
    );
    return row?.files ?? 0;
  }

  /** Forgets the batches that were opened before a time (milliseconds). */
  expireBatches(before: number): void {
    this.#run("DELETE FROM batches WHERE opened_at < ?", before);
  }

  /** Forgets what was received before a time (milliseconds): it can be sent again then. */
  expire(before: number): number {
    return Number(this.#prepare("DELETE FROM receipts WHERE received_at < ?").run(before).changes);
  }

  /** Throws when the database does not answer. */
  check(): void {
    this.#one("SELECT 1 FROM receipts LIMIT 1");
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #receipt(where: string, ...values: SQLInputValue[]): UploadReceipt | null {
    return this.#one<UploadReceipt>(`SELECT ${COLUMNS} FROM receipts ${where}`, ...values) ?? null;
  }

  // The row types below are those of the columns in SCHEMA, which only this class writes.
  #one<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepare(sql).get(...values) as Row | undefined;
  }

  #all<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepare(sql).all(...values) as Row[];
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#prepare(sql).run(...values);
  }

  #prepare(sql: string): ReturnType<DatabaseSync["prepare"]> {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS receipts (
  upload_id TEXT PRIMARY KEY,
  file_id TEXT NOT NULL,
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  size INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  batch TEXT
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS receipts_content ON receipts (tenant, name, sha256)
  WHERE upload_id = file_id;
CREATE INDEX IF NOT EXISTS receipts_files ON receipts (tenant, file_id) WHERE upload_id = file_id;
CREATE INDEX IF NOT EXISTS receipts_batch ON receipts (tenant, batch) WHERE batch IS NOT NULL;
CREATE INDEX IF NOT EXISTS receipts_age ON receipts (received_at);
CREATE TABLE IF NOT EXISTS batches (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  opened_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS batches_age ON batches (opened_at);
`;

function isLocked(error: unknown): boolean {
  return error instanceof Error && /database is locked|SQLITE_BUSY/i.test(error.message);
}
