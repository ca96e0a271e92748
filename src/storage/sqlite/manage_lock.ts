import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Failure } from "../../base/failure.ts";
import { keepOwner } from "../../base/owner.ts";
import { closeOnce, DB_FOLDER, makeFolder } from "./database.ts";
import { storageFailure } from "./errors.ts";

const WAIT_MS = 1_000;
const LOCK = "manage.lock";

/** The lock that only one `manage` of a data directory can have. */
export interface ManageLock {
  /** Releases it. The operating system does so too when the process ends. */
  release(): void;
}

/**
 * Takes the lock of `manage`; blocks for up to a second.
 *
 * SQLite takes it as a lock of the operating system, which waits for a limited time and is released
 * when the process ends, also by SIGKILL.
 *
 * @throws {Failure} `manage-running` if another process has it
 */
export function acquireManageLock(dataDir: string): ManageLock {
  const folder = join(dataDir, DB_FOLDER);
  makeFolder(folder);
  const path = join(folder, LOCK);
  const db = new DatabaseSync(path);
  try {
    keepOwner(path);
    db.exec(`PRAGMA busy_timeout=${WAIT_MS}`);
    db.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    db.close();
    const sentence = `Cannot manage data directory "${dataDir}"`;
    const failure = storageFailure(error, sentence);
    if (failure.code !== "storage-busy") throw failure;
    const text = `${sentence}: another manage is running`;
    throw new Failure("storage", "manage-running", text, {
      hint: "Stop the other one first. Only one can run at a time.",
      cause: error,
    });
  }
  return { release: () => closeOnce(db) };
}

/** Whether a process has the lock of `manage`. @param folder the folder of the databases */
export function isManageLocked(folder: string): boolean {
  const path = join(folder, LOCK);
  if (!existsSync(path)) return false;
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    // The lock refuses readers too.
    db.prepare("SELECT 1 FROM sqlite_schema").get();
    return false;
  } catch (error) {
    if (storageFailure(error, "Cannot read the lock").code === "storage-busy") return true;
    throw error;
  } finally {
    db.close();
  }
}
