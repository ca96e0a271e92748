import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { keepOwner, makeFolders } from "../../base/owner.ts";

/** The folder of this engine in the data directory. */
export const DB_FOLDER = "db";

const BUSY_MS = 2_000;
/** A longer write-ahead log is cut off when it has been moved into the database. */
const LOG_BYTES = 4 << 20;

/**
 * Opens a database file durably: write-ahead log, every commit synced to disk.
 *
 * @param cacheKb page cache, in KB of 1,024 bytes
 */
export function openDatabase(path: string, cacheKb = 2_000): DatabaseSync {
  const db = new DatabaseSync(path);
  try {
    keepOwner(path);
    db.exec(
      `PRAGMA busy_timeout=${BUSY_MS}; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
       PRAGMA cache_size=-${cacheKb}; PRAGMA journal_size_limit=${LOG_BYTES}`,
    );
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
}

/** Closes a database that may be closed already. */
export function closeOnce(db: DatabaseSync): void {
  if (db.isOpen) db.close();
}

/** Runs `work` in a transaction that takes the write lock when it begins. */
export function transaction<T>(db: DatabaseSync, work: () => T): T {
  // Prepared, because errors of `exec` do not have SQLite's error code.
  db.prepare("BEGIN IMMEDIATE").run();
  try {
    const result = work();
    db.prepare("COMMIT").run();
    return result;
  } catch (error) {
    try {
      db.exec("ROLLBACK");
    } catch {
      // After a full disk SQLite has already rolled back.
    }
    throw error;
  }
}

/** Creates a folder if it is missing, durably. */
export function makeFolder(path: string): void {
  const first = makeFolders(path);
  if (first === null) return;
  const parent = Deno.openSync(dirname(first));
  try {
    parent.syncSync();
  } finally {
    parent.close();
  }
}
