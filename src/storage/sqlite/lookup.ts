import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { TableSpec, Value } from "../../batch/column.ts";
import { checkTables, keyOf, quoted } from "../table_rules.ts";
import { storedSpec } from "./tables.ts";

/** Finds rows by their whole primary keys, with one prepared statement. */
export function lookUpRows(
  db: DatabaseSync,
  table: TableSpec,
  keys: readonly Value[][],
): (Value[] | null)[] {
  checkTables([table]);
  const stored = storedSpec(db, table.name);
  if (stored === null) return keys.map(() => null);
  const columns = table.columns.map(({ name, type }) => {
    const isStored = stored.columns.some((column) => column.name === name);
    if (!isStored) return `NULL AS ${quoted(name)}`;
    // A 64-bit integer does not fit in a number.
    return type === "bigint" ? `CAST(${quoted(name)} AS TEXT) AS ${quoted(name)}` : quoted(name);
  });
  const where = keyOf(table).map((name) => `${quoted(name)} = ?`).join(" AND ");
  const select = db.prepare(
    `SELECT ${columns.join(", ")} FROM ${quoted(table.name)} WHERE ${where}`,
  );
  return keys.map((key) => {
    const row = select.get(...key as SQLInputValue[]);
    return row === undefined ? null : table.columns.map(({ name }) => row[name] as Value);
  });
}
