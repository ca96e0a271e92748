import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const LOG = /\.sqlite-wal$/;

/**
 * Moves the write-ahead logs in a folder into their databases and truncates them: those of loads that
 * were killed, rolled back, or committed when the disk was full. A log that is in use, or whose
 * database has no room, stays.
 */
export function truncateLogs(folder: string): void {
  for (const name of readdirSync(folder)) {
    const log = join(folder, name);
    if (!LOG.test(name) || sizeOf(log) === 0) continue;
    const path = log.replace(/-wal$/, "");
    // Without shared memory if that cannot be created, which also takes room.
    if (!truncateLog(path, "NORMAL")) truncateLog(path, "EXCLUSIVE");
  }
}

/** @returns whether the database could be opened */
function truncateLog(path: string, locking: "NORMAL" | "EXCLUSIVE"): boolean {
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(path);
    db.exec(`PRAGMA locking_mode=${locking}; PRAGMA busy_timeout=0`);
    db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get();
    return true;
  } catch {
    return false;
  } finally {
    if (db?.isOpen) db.close();
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
