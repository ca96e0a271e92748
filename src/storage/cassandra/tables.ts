import { collectionOf, type ColumnType, type TableSpec } from "../../batch/column.ts";
import type { TableLimits } from "../contract.ts";
import {
  checkSameKey,
  checkTableLimits,
  checkTables,
  quoted,
  typeMismatch,
} from "../table_rules.ts";
import type { Session } from "./session.ts";

/** A table in the cluster. */
interface StoredTable {
  types: Map<string, string>;
  partitionKey: string[];
  clusteringKey: string[];
}

/**
 * Creates missing tables and adds new columns, after all of them are checked. Columns that are no
 * longer declared stay and keep their values.
 *
 * @param ensureKeyspace called if there are no tables yet
 * @returns the names of the tables that have other columns too
 * @throws {Failure} `bad-table`, or `table-mismatch` if a key or a type differs from what is stored;
 * those of {@link checkTableLimits}
 */
export async function ensureTables(
  session: Session,
  keyspace: string,
  tables: readonly TableSpec[],
  limits: TableLimits | undefined,
  ensureKeyspace: () => Promise<void>,
): Promise<Set<string>> {
  checkTables(tables);
  const stored = await storedTables(session, keyspace);
  if (limits) {
    const columns = [...stored].map(([name, { types }]) => [name, [...types.keys()]] as const);
    checkTableLimits(tables, new Map(columns), limits);
  }
  if (stored.size === 0) await ensureKeyspace();
  const changes = tables.flatMap((table) => changesFor(keyspace, table, stored.get(table.name)));
  if (changes.length > 0) await session.change(...changes);
  const wider = tables.filter(({ name, columns }) => {
    const names = new Set(columns.map((column) => column.name));
    return [...stored.get(name)?.types.keys() ?? []].some((column) => !names.has(column));
  });
  return new Set(wider.map(({ name }) => name));
}

/** The keys of all tables of a keyspace, in the form of {@link keyText}. */
export async function storedKeys(
  session: Session,
  keyspace: string,
): Promise<Map<string, string>> {
  const stored = await storedTables(session, keyspace);
  return new Map(
    [...stored].map(([name, { types, partitionKey, clusteringKey }]) => {
      const columns = [...types].map(([name, type]) => ({ name, type: type as ColumnType }));
      return [name, keyText({ columns, partitionKey, clusteringKey })];
    }),
  );
}

/** A table's key with its types; equal texts are equal keys. */
export function keyText(
  { columns, partitionKey, clusteringKey }: Omit<TableSpec, "name">,
): string {
  const typed = (name: string) => [name, columns.find((column) => column.name === name)?.type];
  return JSON.stringify([partitionKey.map(typed), clusteringKey.map(typed)]);
}

/** The tables of a keyspace by their names. */
export async function storedTables(
  session: Session,
  keyspace: string,
): Promise<Map<string, StoredTable>> {
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

function changesFor(keyspace: string, table: TableSpec, stored: StoredTable | undefined): string[] {
  const name = `${quoted(keyspace)}.${quoted(table.name)}`;
  if (stored === undefined) return [createTable(name, table)];
  checkSameKey(table, stored);
  return table.columns.flatMap((column) => {
    const old = stored.types.get(column.name);
    if (old === undefined) {
      return [
        `ALTER TABLE ${name} ADD IF NOT EXISTS ${quoted(column.name)} ${cqlType(column.type)}`,
      ];
    }
    if (old === cqlType(column.type)) return [];
    throw typeMismatch(table, column, old);
  });
}

/** Collections are frozen, so that a value that is written twice is not appended to itself. */
function cqlType(type: ColumnType): string {
  return collectionOf(type) === null ? type : `frozen<${type}>`;
}

function createTable(name: string, table: TableSpec): string {
  const columns = table.columns.map((column) => `${quoted(column.name)} ${cqlType(column.type)}`);
  const partition = table.partitionKey.map(quoted).join(", ");
  const key = [`(${partition})`, ...table.clusteringKey.map(quoted)].join(", ");
  return `CREATE TABLE IF NOT EXISTS ${name} (${columns.join(", ")}, PRIMARY KEY (${key}))`;
}
