import { formatCount, formatNumber } from "../base/count.ts";
import { Failure } from "../base/failure.ts";
import { MAX_COLUMNS } from "../base/max_columns.ts";
import { collectionOf, type TableSpec } from "../batch/column.ts";
import type { TableLimits } from "./contract.ts";

const NAME = /^[a-z][a-z0-9_]{0,47}$/;

/** The key of a table as it is stored. */
type StoredKey = Pick<TableSpec, "partitionKey" | "clusteringKey">;

/** The columns of a table's primary key in their order. */
export function keyOf({ partitionKey, clusteringKey }: StoredKey): string[] {
  return [...partitionKey, ...clusteringKey];
}

/** Quotes a name for SQL and CQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * Checks names and keys against the limits that all engines share.
 * @throws {Failure} `bad-table`
 */
export function checkTables(tables: readonly TableSpec[]): void {
  const names = tables.map((table) => table.name);
  for (const table of tables) {
    const columns = table.columns.map((column) => column.name);
    const key = keyOf(table);
    refuseIf(!NAME.test(table.name), table, "its name must match [a-z][a-z0-9_]{0,47}");
    refuseIf(table.name.startsWith("sqlite_"), table, "names that start with sqlite_ are reserved");
    refuseIf(isRepeated(names, table.name), table, "it is declared twice");
    refuseIf(columns.length > MAX_COLUMNS, table, `it has more than ${MAX_COLUMNS} columns`);
    for (const column of columns) {
      refuseIf(!NAME.test(column), table, `column "${column}" must match [a-z][a-z0-9_]{0,47}`);
      refuseIf(isRepeated(columns, column), table, `column "${column}" is declared twice`);
    }
    for (const { name, type } of table.columns) {
      const fitsKey = collectionOf(type) === null && type !== "duration";
      const isMisplaced = key.includes(name) && !fitsKey;
      refuseIf(isMisplaced, table, `"${name}" is a ${type}, which cannot be part of a key`);
    }
    refuseIf(table.partitionKey.length === 0, table, "it has no partition key");
    for (const column of key) {
      refuseIf(
        !columns.includes(column),
        table,
        `its key names "${column}", which is not a column`,
      );
      refuseIf(isRepeated(key, column), table, `"${column}" is in its key twice`);
    }
  }
}

/** @throws {Failure} `table-mismatch` if a table is stored with another key */
export function checkSameKey(table: TableSpec, stored: StoredKey): void {
  const [declared, actual] = [keyText(table), keyText(stored)];
  if (declared === actual) return;
  throw tableMismatch(table, `its key is ${declared}, but ${actual} in the storage`);
}

/**
 * Refuses new tables and new columns beyond the operator's limits.
 *
 * @param stored the tables that exist, with the names of their columns
 * @throws {Failure} `too-many-tables`, `too-many-columns`
 */
export function checkTableLimits(
  tables: readonly TableSpec[],
  stored: ReadonlyMap<string, readonly string[]>,
  limits: TableLimits,
): void {
  const added = tables.filter(({ name }) => !stored.has(name)).length;
  if (added > 0 && added + stored.size > limits.tables) {
    const exist = stored.size === 0 ? "" : ` beside the ${stored.size} that exist`;
    throw overLimit(
      "too-many-tables",
      `Cannot create ${formatCount(added, "table")}${exist}: the limit is ` +
        `${formatNumber(limits.tables)} for all versions of a module (modules.max_tables)`,
    );
  }
  for (const { name, columns } of tables) {
    const existing = new Set(stored.get(name));
    const names = new Set([...existing, ...columns.map((column) => column.name)]);
    if (names.size === existing.size || names.size <= limits.columns) continue;
    throw overLimit(
      "too-many-columns",
      `Cannot use table "${name}": it would have ${formatNumber(names.size)} columns, with those ` +
        `of earlier versions; the limit is ${formatNumber(limits.columns)} (modules.max_columns)`,
    );
  }
}

function overLimit(code: string, text: string): Failure {
  return new Failure("refused", code, text, {
    hint: "Put the records into fewer tables and columns, or ask the operator to raise the limit.",
  });
}

/** The failure for a column that is stored with another type. */
export function typeMismatch(
  table: TableSpec,
  { name, type }: TableSpec["columns"][number],
  storedType: string,
): Failure {
  return tableMismatch(table, `column "${name}" is ${type}, but ${storedType} in the storage`);
}

function tableMismatch(table: TableSpec, difference: string): Failure {
  const text = `Cannot use table "${table.name}" as the module declares it: ${difference}`;
  return new Failure("usage", "table-mismatch", text, {
    hint: "Rename the table in the module and replay the files, or declare it as it is stored.",
  });
}

/** A key in messages: `((partition), clustering)`. */
function keyText({ partitionKey, clusteringKey }: StoredKey): string {
  return `((${partitionKey.join(", ")}), ${clusteringKey.join(", ") || "-"})`;
}

export function refuseIf(condition: boolean, table: TableSpec, reason: string): void {
  if (condition) {
    throw new Failure("refused", "bad-table", `Cannot use table "${table.name}": ${reason}`);
  }
}

function isRepeated(names: readonly string[], name: string): boolean {
  return names.indexOf(name) !== names.lastIndexOf(name);
}
