import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Failure } from "../base/failure.ts";
import type { Layout } from "./layout.ts";

const WAIT_MS = 1_000;

/** The right to be the only `serve` of a data directory. */
export interface ServeLock {
  /** Gives it back; the end of the process does so too, however it ends. */
  release(): void;
}

/**
 * Takes the lock of `serve`; blocks for at most a second. It is a lock of the operating system, taken
 * through SQLite, and apart from the databases so that they can be backed up meanwhile.
 *
 * @throws {Failure} `data-in-use` when another process holds it
 */
export function lockServe(layout: Layout): ServeLock {
  const path = join(layout.db, "serve.lock");
  const db = new DatabaseSync(path);
  try {
    db.exec(`PRAGMA busy_timeout=${WAIT_MS}; BEGIN EXCLUSIVE`);
  } catch (error) {
    db.close();
    if (!isLocked(error)) throw error;
    throw new Failure(
      "server",
      "data-in-use",
      `Cannot serve "${layout.root}": another server uses it`,
      { hint: "Stop the other server, or give this one another --data.", cause: error },
    );
  }
  return {
    release: () => {
      if (db.isOpen) db.close();
    },
  };
}

function isLocked(error: unknown): boolean {
  return error instanceof Error && /database is locked|SQLITE_BUSY/i.test(error.message);
}
