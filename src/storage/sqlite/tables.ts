import type { DatabaseSync } from "node:sqlite";
import type { ColumnType, TableSpec } from "../../batch/column.ts";
import { checkTables, keyOf, keyText, tableMismatch } from "../table_rules.ts";
import { quoted, transaction } from "./database.ts";

/** What SQLite keeps the values of a type as. Ordering and equality are those of that storage. */
function columnType(type: ColumnType): string {
  switch (type) {
    case "bigint":
    case "boolean":
    case "int":
    case "smallint":
    case "tinyint":
      return "INTEGER";
    case "double":
    case "float":
      return "REAL";
    case "blob":
      return "BLOB";
    default:
      return "TEXT";
  }
}

/** Tables of our own beside the tenant's; no tenant's table may start with `_`. */
export const OWN_TABLES = `
  CREATE TABLE IF NOT EXISTS _mysimbdp_loads (
    file_id TEXT NOT NULL PRIMARY KEY, module_version TEXT NOT NULL, rows TEXT NOT NULL,
    committed_at TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS _mysimbdp_tables (
    name TEXT NOT NULL PRIMARY KEY, spec TEXT NOT NULL
  ) STRICT;`;

/** What is kept of a table in `_mysimbdp_tables`: the union of all its declarations. */
export function storedSpec(db: DatabaseSync, name: string): TableSpec | null {
  const row = db.prepare("SELECT spec FROM _mysimbdp_tables WHERE name = ?").get(name);
  return row === undefined ? null : JSON.parse(row["spec"] as string) as TableSpec;
}

/**
 * Creates the tables that are missing and adds columns that are new, all of it or nothing.
 * Columns that a table has and its declaration has no longer stay, and are null in new rows.
 *
 * @throws {Failure} `bad-table`, or `table-mismatch` when a key or type differs from what is stored
 */
export function ensureTables(db: DatabaseSync, tables: readonly TableSpec[]): void {
  checkTables(tables);
  const changes = () =>
    tables.map((table) => ({ table, sql: changesFor(table, storedSpec(db, table.name)) }))
      .filter(({ sql }) => sql.length > 0);
  if (changes().length === 0) return;
  transaction(db, () => {
    for (const { table, sql } of changes()) {
      for (const statement of sql) db.prepare(statement).run();
      const kept = storedSpec(db, table.name)?.columns ?? [];
      const added = table.columns.filter((column) => !kept.some((old) => old.name === column.name));
      db.prepare("INSERT OR REPLACE INTO _mysimbdp_tables (name, spec) VALUES (?, ?)")
        .run(table.name, JSON.stringify({ ...table, columns: [...kept, ...added] }));
    }
  });
}

function changesFor(table: TableSpec, stored: TableSpec | null): string[] {
  if (stored === null) return [createTable(table)];
  refuseOtherKey(table, stored);
  const sql: string[] = [];
  for (const column of table.columns) {
    const old = stored.columns.find((other) => other.name === column.name);
    if (old === undefined) {
      sql.push(
        `ALTER TABLE ${quoted(table.name)} ADD COLUMN ${quoted(column.name)} ` +
          columnType(column.type),
      );
    } else if (old.type !== column.type) {
      throw tableMismatch(
        table,
        `column "${column.name}" is ${old.type} there, ${column.type} here`,
      );
    }
  }
  return sql;
}

function refuseOtherKey(table: TableSpec, stored: TableSpec): void {
  const here = keyText(table.partitionKey, table.clusteringKey);
  const there = keyText(stored.partitionKey, stored.clusteringKey);
  if (here !== there) throw tableMismatch(table, `its key is ${there} there, ${here} here`);
}

function createTable(table: TableSpec): string {
  const key = keyOf(table);
  const columns = table.columns.map(({ name, type }) =>
    `${quoted(name)} ${columnType(type)}${key.includes(name) ? " NOT NULL" : ""}`
  );
  // With a rowid: keys come in random order, and a million of them go in twice as fast this way.
  return `CREATE TABLE ${quoted(table.name)} (${columns.join(", ")}, ` +
    `PRIMARY KEY (${key.map(quoted).join(", ")})) STRICT`;
}
