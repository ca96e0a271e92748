import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Failure } from "../../base/failure.ts";
import { closeOnce, DB_FOLDER, makeFolder } from "./database.ts";

const WAIT_MS = 1_000;

/** The right to be the only `manage` of a data directory. */
export interface ManageLock {
  /** Gives it back; the end of the process does so too, however it ends. */
  release(): void;
}

/**
 * Takes the lock of `manage`; blocks for at most a second.
 *
 * It is a lock of the operating system, taken through SQLite because that one can wait for a
 * limited time and is freed when the process dies, also by SIGKILL.
 *
 * @throws {Failure} `manage-running` when another process holds it
 */
export function acquireManageLock(dataDir: string): ManageLock {
  const folder = join(dataDir, DB_FOLDER);
  makeFolder(folder);
  const db = new DatabaseSync(join(folder, "manage.lock"));
  try {
    db.exec(`PRAGMA busy_timeout=${WAIT_MS}`);
    db.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    db.close();
    throw new Failure(
      "storage",
      "manage-running",
      `Cannot manage data directory "${dataDir}": another manage is running there`,
      { hint: "Stop the other one first; only one may write at a time.", cause: error },
    );
  }
  return { release: () => closeOnce(db) };
}
