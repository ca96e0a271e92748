import { DatabaseSync } from "node:sqlite";

/**
 * Checks a database. @returns what is wrong with it; null when it is intact
 *
 * @param readOnly creates no files beside the database
 */
export function databaseFault(path: string, { readOnly = false } = {}): string | null {
  const db = new DatabaseSync(path, { readOnly });
  try {
    db.exec("PRAGMA busy_timeout=5000");
    const result = Object.values(db.prepare("PRAGMA quick_check(1)").get() ?? {})[0];
    return result === "ok" ? null : String(result);
  } catch (error) {
    return (error as Error).message;
  } finally {
    db.close();
  }
}
