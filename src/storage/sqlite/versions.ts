import type { DatabaseSync } from "node:sqlite";
import type { TableSpec } from "../../batch/column.ts";
import type { BeginOptions } from "../contract.ts";
import { superseded } from "../failures.ts";
import { quoted } from "../table_rules.ts";

/**
 * The number of the load that wrote a row last, in tables of modules with `versions: "replace"`; null
 * for rows of other loads. No column of a module can start with `_`.
 */
export const FILE_COLUMN = "_mysimbdp_file";

/** Rows that are removed at once; in between the disk is checked. */
const ROWS_A_STEP = 10_000;

/** Which loads have rows that the next version of their file replaces. */
export const VERSION_TABLES = `
  CREATE TABLE IF NOT EXISTS _mysimbdp_versions (
    number INTEGER NOT NULL PRIMARY KEY, file_id TEXT NOT NULL, name TEXT NOT NULL,
    version INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS _mysimbdp_versions_name ON _mysimbdp_versions (name);
  CREATE INDEX IF NOT EXISTS _mysimbdp_versions_file ON _mysimbdp_versions (file_id);`;

/** Whether the rows of a table can belong to a load. */
export function isTracked(db: DatabaseSync, table: string): boolean {
  const sql = "SELECT 1 FROM pragma_table_info(?) WHERE name = ?";
  return db.prepare(sql).get(table, FILE_COLUMN) !== undefined;
}

/**
 * The number of a file's version no longer counts: when the ledger forgets a file, the numbers of its
 * name can start again. Its rows still belong to it.
 */
export function forgetVersion(db: DatabaseSync, fileId: string): void {
  db.prepare("UPDATE _mysimbdp_versions SET version = 0 WHERE file_id = ?").run(fileId);
}

interface EarlierLoad {
  number: number;
  fileId: string;
  version: number;
}

/** Replaces the rows of a file's earlier versions, within the transaction of its load. */
export class Replacement {
  /** The number that the new rows get. */
  readonly number: number;
  /** The ids of the earlier versions. */
  readonly replacedFiles: readonly string[];
  readonly #db: DatabaseSync;
  readonly #earlier: readonly EarlierLoad[];
  #done = false;

  /** @throws {Failure} `superseded` */
  constructor(
    db: DatabaseSync,
    fileId: string,
    { name, version }: NonNullable<BeginOptions["replaces"]>,
    tables: readonly TableSpec[],
  ) {
    this.#db = db;
    this.#earlier = db.prepare(
      "SELECT number, file_id AS fileId, version FROM _mysimbdp_versions WHERE name = ?",
    ).all(name) as unknown as EarlierLoad[];
    // Numbers can be equal if files were put into staging by hand; ids grow with time.
    const others = this.#earlier.filter((load) => load.fileId !== fileId);
    const later = others.find((other) =>
      other.version > version || (other.version === version && other.fileId > fileId)
    );
    if (later !== undefined) throw superseded({ name, version }, later);
    for (const table of tables) track(db, table.name);
    const { lastInsertRowid } = db.prepare(
      "INSERT INTO _mysimbdp_versions (file_id, name, version) VALUES (?, ?, ?)",
    ).run(fileId, name, version);
    this.number = Number(lastInsertRowid);
    this.replacedFiles = others.map((load) => load.fileId);
  }

  /**
   * Removes the rows of the earlier versions, and those of an earlier load of the same file, from all
   * tables: the module may no longer write some of them. Rows that another file has written since
   * belong to that file. Does nothing the second time.
   *
   * @param onRemoved called after each step with the number of rows that were removed so far
   */
  removeEarlier(onRemoved: (rows: number) => void): void {
    if (this.#done) return;
    this.#done = true;
    if (this.#earlier.length === 0) return;
    const numbers = this.#earlier.map(({ number }) => number).join(",");
    let removed = 0;
    for (const name of trackedTables(this.#db)) {
      const table = quoted(name);
      const step = this.#db.prepare(
        `DELETE FROM ${table} WHERE _rowid_ IN (SELECT _rowid_ FROM ${table}
         WHERE ${FILE_COLUMN} IN (${numbers}) LIMIT ${ROWS_A_STEP})`,
      );
      for (let rows = ROWS_A_STEP; rows === ROWS_A_STEP;) {
        rows = Number(step.run().changes);
        removed += rows;
        onRemoved(removed);
      }
    }
    this.#db.prepare(`DELETE FROM _mysimbdp_versions WHERE number IN (${numbers})`).run();
  }
}

/** Adds the column to a table, and an index in which other rows take no room. */
function track(db: DatabaseSync, table: string): void {
  if (isTracked(db, table)) return;
  db.prepare(`ALTER TABLE ${quoted(table)} ADD COLUMN ${FILE_COLUMN} INTEGER`).run();
  db.prepare(
    `CREATE INDEX ${quoted(`${FILE_COLUMN}_${table}`)} ON ${quoted(table)} (${FILE_COLUMN})
     WHERE ${FILE_COLUMN} IS NOT NULL`,
  ).run();
}

function trackedTables(db: DatabaseSync): string[] {
  return db.prepare("SELECT name FROM _mysimbdp_tables").all()
    .map(({ name }) => String(name)).filter((name) => isTracked(db, name));
}
