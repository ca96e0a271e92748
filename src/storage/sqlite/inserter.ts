import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { TableSpec, Value } from "../../batch/column.ts";
import { keyOf, quoted } from "../table_rules.ts";

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

  constructor(db: DatabaseSync, table: TableSpec) {
    this.#columns = table.columns.length;
    const many = Math.floor(VALUES_A_STATEMENT / this.#columns);
    this.#many = prepare(db, table, Math.max(1, Math.min(MAX_ROWS_A_STATEMENT, many)));
    this.#one = prepare(db, table, 1);
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

function prepare(db: DatabaseSync, table: TableSpec, rows: number): Statements {
  const names = table.columns.map((column) => quoted(column.name));
  const key = keyOf(table);
  const others = table.columns.filter((column) => !key.includes(column.name));
  const row = `(${names.map(() => "?").join(",")})`;
  // OR FAIL, because an error ends the whole load anyway. To undo only the statement, as by default,
  // SQLite would copy each page that it changes, which takes twice the time.
  const insert = `INSERT OR FAIL INTO ${quoted(table.name)} (${names.join(",")}) VALUES ` +
    `${new Array(rows).fill(row).join(",")} ON CONFLICT (${key.map(quoted).join(",")}) DO `;
  const set = others.map(({ name }) => `${quoted(name)}=excluded.${quoted(name)}`).join(",");
  return {
    rows,
    insert: db.prepare(`${insert}NOTHING`),
    replace: others.length === 0 ? null : db.prepare(`${insert}UPDATE SET ${set}`),
  };
}
