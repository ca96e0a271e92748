import { collectionOf, type ColumnType, type TableSpec } from "../../batch/column.ts";
import { checkTables, keyOf, keyText, refuseIf, tableMismatch } from "../table_rules.ts";
import { quoted } from "./names.ts";
import type { Session } from "./session.ts";

/** A table as the cluster has it. */
interface StoredTable {
  types: Map<string, string>;
  partitionKey: string[];
  clusteringKey: string[];
}

/**
 * Creates the tables that are missing and adds columns that are new. Everything is checked before
 * anything is changed. Columns that a table has and its declaration has no longer stay, and keep
 * their values.
 *
 * @throws {Failure} `bad-table`, or `table-mismatch` when a key or type differs from what is stored
 */
export async function ensureTables(
  session: Session,
  keyspace: string,
  tables: readonly TableSpec[],
): Promise<void> {
  checkTables(tables);
  tables.forEach(refuseUnorderedKey);
  const stored = await storedTables(session, keyspace);
  const changes = tables.flatMap((table) => changesFor(keyspace, table, stored.get(table.name)));
  if (changes.length > 0) await session.change(...changes);
}

/** The names of the tables of a keyspace, in order. */
export async function tableNames(session: Session, keyspace: string): Promise<string[]> {
  return [...(await storedTables(session, keyspace)).keys()].sort();
}

/** The columns that make a table's partition key, in order. */
export async function partitionKeyOf(
  session: Session,
  keyspace: string,
  table: string,
): Promise<string[]> {
  return (await storedTables(session, keyspace)).get(table)?.partitionKey ?? [];
}

function refuseUnorderedKey(table: TableSpec): void {
  for (const { name, type } of table.columns) {
    const isKey = keyOf(table).includes(name);
    refuseIf(isKey && type === "duration", table, `"${name}" is a duration, which no key can be`);
  }
}

async function storedTables(session: Session, keyspace: string): Promise<Map<string, StoredTable>> {
  const stored = new Map<string, StoredTable>();
  const query = `SELECT table_name, column_name, kind, position, type FROM system_schema.columns
                 WHERE keyspace_name = ?`;
  for await (const row of session.rows(query, [keyspace])) {
    const name = row["table_name"] as string;
    const table = stored.get(name) ?? { types: new Map(), partitionKey: [], clusteringKey: [] };
    stored.set(name, table);
    const column = row["column_name"] as string;
    table.types.set(column, row["type"] as string);
    const position = row["position"] as number;
    if (row["kind"] === "partition_key") table.partitionKey[position] = column;
    if (row["kind"] === "clustering") table.clusteringKey[position] = column;
  }
  return stored;
}

function changesFor(
  keyspace: string,
  table: TableSpec,
  stored: StoredTable | undefined,
): string[] {
  const name = `${quoted(keyspace)}.${quoted(table.name)}`;
  if (stored === undefined) return [createTable(name, table)];
  const here = keyText(table.partitionKey, table.clusteringKey);
  const there = keyText(stored.partitionKey, stored.clusteringKey);
  if (here !== there) throw tableMismatch(table, `its key is ${there} there, ${here} here`);
  return table.columns.flatMap((column) => {
    const old = stored.types.get(column.name);
    if (old === undefined) {
      return [
        `ALTER TABLE ${name} ADD IF NOT EXISTS ${quoted(column.name)} ${cqlType(column.type)}`,
      ];
    }
    if (old === cqlType(column.type)) return [];
    throw tableMismatch(table, `column "${column.name}" is ${old} there, ${column.type} here`);
  });
}

/** Collections are frozen: what is written twice is the same value, where a list would be twice as long. */
function cqlType(type: ColumnType): string {
  return collectionOf(type) === null ? type : `frozen<${type}>`;
}

function createTable(name: string, table: TableSpec): string {
  const columns = table.columns.map((column) => `${quoted(column.name)} ${cqlType(column.type)}`);
  const partition = table.partitionKey.map(quoted).join(", ");
  const key = [`(${partition})`, ...table.clusteringKey.map(quoted)].join(", ");
  return `CREATE TABLE IF NOT EXISTS ${name} (${columns.join(", ")}, PRIMARY KEY (${key}))`;
}
