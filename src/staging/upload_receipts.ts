import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { keepOwner } from "../base/owner.ts";
import { Failure } from "../base/failure.ts";
import { explainFullDisk } from "../data/free_space.ts";
import { isLocked } from "../data/serve_lock.ts";
import type { StagedFile } from "./sidecar.ts";

/** Proof that the bytes of an upload are durable, and which file they became. */
export interface UploadReceipt extends StagedFile {
  /** Equal to `id`, unless the server already had the file. */
  uploadId: string;
}

/** Which of a tenant's files to list. */
export interface ReceiptQuery {
  tenant: string;
  name?: string;
  sha256?: string;
  /** Only files with a smaller id: the next page, as the newest come first. */
  after?: string;
  limit: number;
}

const LOG_BYTES = 4 << 20;
/** Batches of a tenant that are kept: more than its programs use at the same time. */
const MAX_BATCHES = 1000;

const COLUMNS = `file_id AS id, upload_id AS uploadId, tenant, name, version, size, sha256,
  received_at AS receivedAt, batch`;

/**
 * The database of upload receipts and batches: which files the server already has, and their
 * versions. Only the process with the lock of `serve` may write it.
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

  private constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /**
   * Opens the database and creates its tables.
   * @throws {Failure} `data-in-use` when another process is writing it
   */
  static open(path: string): UploadReceipts {
    const db = new DatabaseSync(path);
    try {
      keepOwner(path);
      db.exec("PRAGMA busy_timeout = 2000; PRAGMA journal_mode = WAL");
      // A log that grew while it could not be moved into the database is cut off later.
      db.exec(`PRAGMA journal_size_limit = ${LOG_BYTES}`);
      db.exec("PRAGMA synchronous = FULL; BEGIN IMMEDIATE");
      db.exec(SCHEMA);
      db.exec("COMMIT");
    } catch (error) {
      db.close();
      if (!isLocked(error)) throw explainFullDisk(error);
      throw new Failure("server", "data-in-use", `Cannot open "${path}": another server uses it`, {
        hint: "Stop the other server, or choose another --data for this one.",
        cause: error,
      });
    }
    return new UploadReceipts(db);
  }

  /** Opens the database for queries, also while `serve` writes it; null when it cannot be read. */
  static openToRead(path: string): UploadReceipts | null {
    try {
      const receipts = new UploadReceipts(new DatabaseSync(path, { readOnly: true }));
      receipts.check();
      return receipts;
    } catch {
      return null;
    }
  }

  /** Records a finished upload; a receipt that exists is left unchanged. */
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

  /** The receipt of the tenant's file with this name and content; null when it is new. */
  same(tenant: string, name: string, sha256: string): UploadReceipt | null {
    const where = "WHERE tenant = ? AND name = ? AND sha256 = ? AND upload_id = file_id";
    return this.#receipt(where, tenant, name, sha256);
  }

  /**
   * Removes the receipt of a file that the server no longer has. Later uploads of it then belong to
   * the file that takes its place.
   */
  replace(tenant: string, id: string, by: string): void {
    this.#run("DELETE FROM receipts WHERE upload_id = ? AND tenant = ?", id, tenant);
    const sql = `UPDATE receipts SET file_id = ?
      WHERE file_id = ? AND tenant = ? AND upload_id <> file_id`;
    this.#run(sql, by, id, tenant);
  }

  /** The version of the next new content with this name, from 1. */
  nextVersion(tenant: string, name: string): number {
    const sql = "SELECT max(version) AS last FROM receipts WHERE tenant = ? AND name = ?";
    return (this.#one<{ last: number | null }>(sql, tenant, name)?.last ?? 0) + 1;
  }

  /**
   * When the next content with this name arrives: now, but later than the versions before it, also if
   * the clock was set back. @param now milliseconds since the epoch
   */
  nextArrival(tenant: string, name: string, now: number): number {
    const sql = "SELECT max(received_at) AS last FROM receipts WHERE tenant = ? AND name = ?";
    return Math.max(now, (this.#one<{ last: number | null }>(sql, tenant, name)?.last ?? 0) + 1);
  }

  /** The tenant's files, newest first. */
  list(query: ReceiptQuery): UploadReceipt[] {
    const where = ["tenant = ?", "upload_id = file_id"];
    const values: SQLInputValue[] = [query.tenant];
    const { name, sha256, after } = query;
    const filters = { "name = ?": name, "sha256 = ?": sha256, "file_id < ?": after };
    for (const [condition, value] of Object.entries(filters)) {
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

  /** Opens a batch: `number_files` counts within it. A tenant keeps its newest {@link MAX_BATCHES}. */
  openBatch(tenant: string, id: string, now: number): void {
    // A power cut ends the run of `fetch` too: waiting for the disk would only hold up other requests.
    this.#db.exec("PRAGMA synchronous = NORMAL");
    try {
      this.#run("INSERT INTO batches (id, tenant, opened_at) VALUES (?, ?, ?)", id, tenant, now);
      const old = "SELECT id FROM batches WHERE tenant = ? ORDER BY id DESC LIMIT -1 OFFSET ?";
      this.#run(`DELETE FROM batches WHERE id IN (${old})`, tenant, MAX_BATCHES);
    } finally {
      this.#db.exec("PRAGMA synchronous = FULL");
    }
  }

  hasBatch(tenant: string, id: string): boolean {
    return this.#one("SELECT 1 FROM batches WHERE id = ? AND tenant = ?", id, tenant) !== undefined;
  }

  /** The number of files received in a batch, without those that the server already had. */
  countInBatch(tenant: string, batch: string): number {
    const sql = `SELECT count(*) AS files FROM receipts
      WHERE tenant = ? AND batch = ? AND upload_id = file_id`;
    return this.#one<{ files: number }>(sql, tenant, batch)?.files ?? 0;
  }

  /** Removes the batches that were opened before a time (milliseconds since the epoch). */
  expireBatches(before: number): void {
    this.#run("DELETE FROM batches WHERE opened_at < ?", before);
  }

  /** Removes older receipts (milliseconds since the epoch): the same files can then be sent again. */
  expire(before: number): number {
    return Number(
      this.#db.prepare("DELETE FROM receipts WHERE received_at < ?").run(before).changes,
    );
  }

  /** Throws when the database cannot be read. */
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

  // The row types match the columns in SCHEMA, which only this class writes.
  #one<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#db.prepare(sql).get(...values) as Row | undefined;
  }

  #all<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#db.prepare(sql).all(...values) as Row[];
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#db.prepare(sql).run(...values);
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
CREATE INDEX IF NOT EXISTS receipts_duplicates ON receipts (file_id) WHERE upload_id <> file_id;
CREATE INDEX IF NOT EXISTS receipts_batch ON receipts (tenant, batch) WHERE batch IS NOT NULL;
CREATE INDEX IF NOT EXISTS receipts_age ON receipts (received_at);
CREATE TABLE IF NOT EXISTS batches (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  opened_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS batches_tenant ON batches (tenant, id);
CREATE INDEX IF NOT EXISTS batches_age ON batches (opened_at);
`;
