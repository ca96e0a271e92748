import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Cell, TableSpec, Value } from "../../batch/column.ts";
import { keyOf, quoted } from "../table_rules.ts";
import { storedSpec } from "./tables.ts";
import { FILE_COLUMN, isTracked } from "./versions.ts";

/** Values in one statement. With ten columns these are 20 rows, which was measured to be fastest. */
const VALUES_A_STATEMENT = 200;
const MAX_ROWS_A_STATEMENT = 50;

interface Statements {
  rows: number;
  /** Skips rows whose key exists. */
  insert: StatementSync;
  /** Replaces them; null if it would change nothing, because the table has only its key. */
  replace: StatementSync | null;
}

/** Writes one row, with a value for each column. */
interface Merge {
  /** The columns besides the key: after the values, each has a parameter, 1 if its value is set. */
  columns: number[];
  statement: StatementSync;
}

/** Writes rows into one table; a row replaces a stored row with the same key, or is merged with it. */
export class Inserter {
  readonly #columns: number;
  readonly #many: Statements;
  readonly #one: Statements;
  /** Null if rows are replaced. */
  readonly #merge: Merge | null;
  written = 0;

  /** @param load the number of the load that the rows belong to; null if it is not tracked */
  constructor(db: DatabaseSync, table: TableSpec, load: number | null) {
    this.#columns = table.columns.length;
    // Rows that a load without a number overwrites no longer belong to the load that wrote them first.
    const owner = isTracked(db, table.name) ? `${load}` : null;
    const many = Math.floor(VALUES_A_STATEMENT / this.#columns);
    this.#many = prepare(db, table, owner, Math.max(1, Math.min(MAX_ROWS_A_STATEMENT, many)));
    this.#one = prepare(db, table, owner, 1);
    this.#merge = table.onConflict === "merge" ? prepareMerge(db, table, owner) : null;
  }

  /** @param columns one array for each column, with `rows` values each */
  write(columns: readonly (readonly Cell[])[], rows: number): void {
    const step = this.#many.rows;
    const values = new Array<Cell>(step * this.#columns);
    let at = 0;
    for (; at + step <= rows; at += step) this.#run(this.#many, fill(values, columns, at, step));
    values.length = this.#columns;
    for (; at < rows; at++) this.#run(this.#one, fill(values, columns, at, 1));
    this.written += rows;
  }

  #run(statements: Statements, values: Cell[]): void {
    const stored = this.#merge === null ? values as Value[] : values.map((value) => value ?? null);
    const inserted = Number(statements.insert.run(...stored).changes);
    if (inserted === statements.rows) return;
    // Which rows were skipped is unknown. All are written again in order, so that the last one is kept.
    if (this.#merge === null) return void statements.replace?.run(...stored);
    for (let at = 0; at < values.length; at += this.#columns) {
      const isSet = this.#merge.columns.map((c) => values[at + c] === undefined ? 0 : 1);
      this.#merge.statement.run(...stored.slice(at, at + this.#columns), ...isSet);
    }
  }
}

function fill(
  values: Cell[],
  columns: readonly (readonly Cell[])[],
  start: number,
  rows: number,
): Cell[] {
  const width = columns.length;
  for (let c = 0; c < width; c++) {
    const column = columns[c]!;
    for (let r = 0, at = c; r < rows; r++, at += width) values[at] = column[start + r];
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
  const insert = insertInto(table, owner, rows);
  const names = table.columns.map(({ name }) => name);
  const set = names.filter((name) => !keyOf(table).includes(name)).map(fromRow);
  if (owner !== null) set.push(fromRow(FILE_COLUMN));
  for (const { name } of storedSpec(db, table.name)?.columns ?? []) {
    if (!names.includes(name)) set.push(`${quoted(name)}=NULL`);
  }
  return {
    rows,
    insert: db.prepare(`${insert}NOTHING`),
    replace: set.length === 0 ? null : db.prepare(`${insert}UPDATE SET ${set.join(",")}`),
  };
}

function prepareMerge(db: DatabaseSync, table: TableSpec, owner: string | null): Merge {
  const key = keyOf(table);
  const columns = table.columns.keys().filter((c) => !key.includes(table.columns[c]!.name))
    .toArray();
  const set = columns.map((c) => {
    const name = quoted(table.columns[c]!.name);
    return `${name}=iif(?,excluded.${name},${name})`;
  });
  if (owner !== null) set.push(fromRow(FILE_COLUMN));
  // A row that has only a key changes nothing.
  const update = set.length === 0 ? "NOTHING" : `UPDATE SET ${set.join(",")}`;
  return { columns, statement: db.prepare(`${insertInto(table, owner, 1)}${update}`) };
}

/** The statement up to what it does with a row whose key exists. */
function insertInto(table: TableSpec, owner: string | null, rows: number): string {
  const names = table.columns.map(({ name }) => quoted(name));
  const values = names.map(() => "?");
  if (owner !== null) {
    names.push(FILE_COLUMN);
    values.push(owner);
  }
  const key = keyOf(table).map(quoted).join(",");
  // OR FAIL, because an error ends the whole load anyway. To undo only the statement, as by default,
  // SQLite would copy each page that it changes, which takes twice the time.
  return `INSERT OR FAIL INTO ${quoted(table.name)} (${names.join(",")}) VALUES ` +
    `${new Array(rows).fill(`(${values.join(",")})`).join(",")} ON CONFLICT (${key}) DO `;
}

function fromRow(name: string): string {
  return `${quoted(name)}=excluded.${quoted(name)}`;
}
