import { Failure } from "../base/failure.ts";
import { collectionOf, type TableSpec } from "../batch/column.ts";

const NAME = /^[a-z][a-z0-9_]{0,47}$/;
const MAX_COLUMNS = 1_000;

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
