import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { TableSpec, Value } from "../../batch/column.ts";
import { keyOf, quoted } from "../table_rules.ts";
import { FILE_COLUMN, isTracked } from "./versions.ts";

/** Values in one statement. With ten columns these are 20 rows, which was measured to be fastest. */
const VALUES_A_STATEMENT = 200;
const MAX_ROWS_A_STATEMENT = 50;

interface Statements {
  rows: number;
  /** Skips rows whose key exists. */
  insert: StatementSync;
  /** Replaces them; null if the table has no columns besides its key. */
  replace: StatementSync | null;
}

/** Writes rows into one table; a row replaces a stored row with the same key. */
export class Inserter {
  readonly #columns: number;
  readonly #many: Statements;
  readonly #one: Statements;
  written = 0;

  /** @param load the number of the load that the rows belong to; null if it is not tracked */
  constructor(db: DatabaseSync, table: TableSpec, load: number | null) {
    this.#columns = table.columns.length;
    // Rows that a load without a number overwrites no longer belong to the load that wrote them first.
    const owner = isTracked(db, table.name) ? `${load}` : null;
    const many = Math.floor(VALUES_A_STATEMENT / this.#columns);
    this.#many = prepare(db, table, owner, Math.max(1, Math.min(MAX_ROWS_A_STATEMENT, many)));
    this.#one = prepare(db, table, owner, 1);
  }

  /** @param columns one array for each column, with `rows` values each */
  write(columns: readonly (readonly Value[])[], rows: number): void {
    const step = this.#many.rows;
    const values = new Array<Value>(step * this.#columns);
    let at = 0;
    for (; at + step <= rows; at += step) this.#run(this.#many, fill(values, columns, at, step));
    values.length = this.#columns;
    for (; at < rows; at++) this.#run(this.#one, fill(values, columns, at, 1));
    this.written += rows;
  }

  #run(statements: Statements, values: Value[]): void {
    const inserted = Number(statements.insert.run(...values).changes);
    if (inserted === statements.rows) return;
    // Which rows were skipped is unknown. All are written again in order, so that the last one is kept.
    statements.replace?.run(...values);
  }
}

function fill(
  values: Value[],
  columns: readonly (readonly Value[])[],
  start: number,
  rows: number,
): Value[] {
  const width = columns.length;
  for (let c = 0; c < width; c++) {
    const column = columns[c]!;
    for (let r = 0, at = c; r < rows; r++, at += width) values[at] = column[start + r]!;
  }
  return values;
}

/** @param owner the value of {@link FILE_COLUMN}; null if the table does not have it */
function prepare(
  db: DatabaseSync,
  table: TableSpec,
  owner: string | null,
  rows: number,
): Statements {
  const columns = table.columns.map(({ name }) => ({ name: quoted(name), value: "?" }));
  if (owner !== null) columns.push({ name: FILE_COLUMN, value: owner });
  const names = columns.map(({ name }) => name).join(",");
  const key = keyOf(table).map(quoted);
  const others = columns.filter(({ name }) => !key.includes(name));
  const row = `(${columns.map(({ value }) => value).join(",")})`;
  // OR FAIL, because an error ends the whole load anyway. To undo only the statement, as by default,
  // SQLite would copy each page that it changes, which takes twice the time.
  const insert = `INSERT OR FAIL INTO ${quoted(table.name)} (${names}) VALUES ` +
    `${new Array(rows).fill(row).join(",")} ON CONFLICT (${key.join(",")}) DO `;
  const set = others.map(({ name }) => `${name}=excluded.${name}`).join(",");
  return {
    rows,
    insert: db.prepare(`${insert}NOTHING`),
    replace: others.length === 0 ? null : db.prepare(`${insert}UPDATE SET ${set}`),
  };
}
