import type { DatabaseSync } from "node:sqlite";
import { type ColumnType, physicalOf, type TableSpec } from "../../batch/column.ts";
import type { TableLimits } from "../contract.ts";
import {
  checkSameKey,
  checkTableLimits,
  checkTables,
  keyOf,
  quoted,
  typeMismatch,
} from "../table_rules.ts";
import { transaction } from "./database.ts";
import { VERSION_TABLES } from "./versions.ts";

/** The SQLite type of a column, which also decides its order and equality. */
function columnType(type: ColumnType): string {
  if (type === "double" || type === "float") return "REAL";
  if (type === "blob") return "BLOB";
  return type === "bigint" || physicalOf(type) === "number" ? "INTEGER" : "TEXT";
}

/** The engine's own tables in a tenant's database; a tenant's table cannot start with `_`. */
const OWN_TABLES = `
  CREATE TABLE IF NOT EXISTS _mysimbdp_loads (
    file_id TEXT NOT NULL PRIMARY KEY, module_version TEXT NOT NULL, rows TEXT NOT NULL,
    committed_at TEXT NOT NULL, replaced_files TEXT, replayed_at INTEGER
  ) STRICT;
  CREATE TABLE IF NOT EXISTS _mysimbdp_tables (
    name TEXT NOT NULL PRIMARY KEY, spec TEXT NOT NULL
  ) STRICT;${VERSION_TABLES}`;

/** Creates the engine's own tables, and upgrades those of an earlier program. */
export function ensureOwnTables(db: DatabaseSync): void {
  db.exec(OWN_TABLES);
  const columns = db.prepare("SELECT name FROM pragma_table_info('_mysimbdp_loads')").all();
  for (const [name, type] of [["replaced_files", "TEXT"], ["replayed_at", "INTEGER"]] as const) {
    if (columns.some((column) => column["name"] === name)) continue;
    db.exec(`ALTER TABLE _mysimbdp_loads ADD COLUMN ${name} ${type}`);
  }
}

/** The union of all declarations of a table; null if it does not exist. */
export function storedSpec(db: DatabaseSync, name: string): TableSpec | null {
  const row = db.prepare("SELECT spec FROM _mysimbdp_tables WHERE name = ?").get(name);
  return row === undefined ? null : JSON.parse(row["spec"] as string) as TableSpec;
}

/**
 * Creates missing tables and adds new columns, all or nothing. Columns that are no longer declared
 * stay, and are null in new rows.
 *
 * @throws {Failure} `bad-table`, or `table-mismatch` if a key or a type differs from what is stored;
 * those of {@link checkTableLimits}
 */
export function ensureTables(
  db: DatabaseSync,
  tables: readonly TableSpec[],
  limits?: TableLimits,
): void {
  checkTables(tables);
  const changes = () =>
    tables.map((table) => ({ table, sql: changesFor(table, storedSpec(db, table.name)) }))
      .filter(({ sql }) => sql.length > 0);
  if (changes().length === 0) return;
  transaction(db, () => {
    if (limits) checkTableLimits(tables, storedColumns(db), limits);
    for (const { table, sql } of changes()) {
      for (const statement of sql) db.prepare(statement).run();
      const existing = storedSpec(db, table.name)?.columns ?? [];
      const added = table.columns.filter((column) =>
        !existing.some((old) => old.name === column.name)
      );
      db.prepare("INSERT OR REPLACE INTO _mysimbdp_tables (name, spec) VALUES (?, ?)")
        .run(table.name, JSON.stringify({ ...table, columns: [...existing, ...added] }));
    }
  });
}

/** All tables with the names of their columns. */
function storedColumns(db: DatabaseSync): Map<string, string[]> {
  const rows = db.prepare("SELECT name, spec FROM _mysimbdp_tables").all();
  return new Map(rows.map(({ name, spec }) => {
    const { columns } = JSON.parse(spec as string) as TableSpec;
    return [name as string, columns.map((column) => column.name)];
  }));
}

function changesFor(table: TableSpec, stored: TableSpec | null): string[] {
  if (stored === null) return [createTable(table)];
  checkSameKey(table, stored);
  const sql: string[] = [];
  for (const column of table.columns) {
    const old = stored.columns.find((other) => other.name === column.name);
    if (old === undefined) {
      sql.push(
        `ALTER TABLE ${quoted(table.name)} ADD COLUMN ${quoted(column.name)} ` +
          columnType(column.type),
      );
    } else if (old.type !== column.type) {
      throw typeMismatch(table, column, old.type);
    }
  }
  return sql;
}

function createTable(table: TableSpec): string {
  const key = keyOf(table);
  const columns = table.columns.map(({ name, type }) =>
    `${quoted(name)} ${columnType(type)}${key.includes(name) ? " NOT NULL" : ""}`
  );
  // With a rowid: for a million keys in random order this is twice as fast.
  return `CREATE TABLE ${quoted(table.name)} (${columns.join(", ")}, ` +
    `PRIMARY KEY (${key.map(quoted).join(", ")})) STRICT`;
}
