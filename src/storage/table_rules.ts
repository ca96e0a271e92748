import { Failure } from "../base/failure.ts";
import { collectionOf, type TableSpec } from "../batch/column.ts";

const NAME = /^[a-z][a-z0-9_]{0,47}$/;
const MAX_COLUMNS = 1_000;

/** The columns of a table's primary key in their order. */
export function keyOf(table: TableSpec): string[] {
  return [...table.partitionKey, ...table.clusteringKey];
}

/**
 * Refuses tables whose names or keys no engine carries.
 * @throws {Failure} `bad-table`
 */
export function checkTables(tables: readonly TableSpec[]): void {
  const names = tables.map((table) => table.name);
  for (const table of tables) {
    const columns = table.columns.map((column) => column.name);
    const key = keyOf(table);
    refuseIf(!NAME.test(table.name), table, "its name must match [a-z][a-z0-9_]{0,47}");
    refuseIf(table.name.startsWith("sqlite_"), table, "names in sqlite_ are an engine's own");
    refuseIf(isRepeated(names, table.name), table, "it is declared twice");
    refuseIf(columns.length > MAX_COLUMNS, table, `it has more than ${MAX_COLUMNS} columns`);
    for (const column of columns) {
      refuseIf(!NAME.test(column), table, `column "${column}" must match [a-z][a-z0-9_]{0,47}`);
      refuseIf(isRepeated(columns, column), table, `column "${column}" is declared twice`);
    }
    for (const { name, type } of table.columns) {
      const isKey = key.includes(name) && collectionOf(type) !== null;
      refuseIf(isKey, table, `"${name}" is a ${type}, which no key can be`);
    }
    refuseIf(table.partitionKey.length === 0, table, "it has no partition key");
    for (const column of key) {
      refuseIf(!columns.includes(column), table, `its key names "${column}", which is no column`);
      refuseIf(isRepeated(key, column), table, `"${column}" is in its key twice`);
    }
  }
}

/** What is thrown for a table that differs from what is stored. @param state how it differs */
export function tableMismatch(table: TableSpec, state: string): Failure {
  return new Failure(
    "usage",
    "table-mismatch",
    `Cannot use table "${table.name}" as the module declares it: ${state}`,
    { hint: "Give the table another name and replay the files, or declare it as it is stored." },
  );
}

/** A key for messages: `((partition), clustering)`. */
export function keyText(partitionKey: readonly string[], clusteringKey: readonly string[]): string {
  return `((${partitionKey.join(", ")}), ${clusteringKey.join(", ") || "-"})`;
}

export function refuseIf(condition: boolean, table: TableSpec, state: string): void {
  if (condition) {
    throw new Failure("refused", "bad-table", `Cannot use table "${table.name}": ${state}`);
  }
}

function isRepeated(names: readonly string[], name: string): boolean {
  return names.indexOf(name) !== names.lastIndexOf(name);
}
