import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { keepOwner } from "../base/owner.ts";
import { Failure } from "../base/failure.ts";
import { explainFullDisk } from "./free_space.ts";
import type { Layout } from "./layout.ts";

const WAIT_MS = 1_000;

/** The lock of the one `serve` that may use a data directory. */
interface ServeLock {
  /** Releases the lock; the end of the process does so too. */
  release(): void;
}

/**
 * Takes the lock; blocks for up to one second. It is a lock of the operating system, taken through
 * SQLite. It has its own file so that the databases can be backed up while `serve` runs.
 *
 * @throws {Failure} `data-in-use` when another process has it
 */
export function lockServe(layout: Layout): ServeLock {
  const path = join(layout.db, "serve.lock");
  const db = new DatabaseSync(path);
  try {
    keepOwner(path);
    db.exec(`PRAGMA busy_timeout=${WAIT_MS}; BEGIN EXCLUSIVE`);
  } catch (error) {
    db.close();
    if (!isLocked(error)) throw explainFullDisk(error);
    const text = `Cannot serve "${layout.root}": another server uses it`;
    throw new Failure("server", "data-in-use", text, {
      hint: "Stop the other server, or choose another --data for this one.",
      cause: error,
    });
  }
  return {
    release: () => {
      if (db.isOpen) db.close();
    },
  };
}

/** Whether SQLite failed because another process has the database locked. */
export function isLocked(error: unknown): boolean {
  return error instanceof Error && /database is locked|SQLITE_BUSY/i.test(error.message);
}
