import type { TableTombstones } from "../health.ts";
import { quoted } from "../table_rules.ts";
import { guarded, isReadRefused } from "./errors.ts";
import { isTenantKeyspace } from "./names.ts";
import type { Session } from "./session.ts";
import type { CassandraSettings } from "./settings.ts";

/** Rows in a page of the drivers by default. */
export const PAGE_ROWS = 5_000;
/** Tables that are read at once. */
const AT_ONCE = 4;
/** In the warnings of a node: `Read 5000 live rows and 12000 tombstone cells for query …`. */
const FOUND = /Read \d+ live rows and (\d+) tombstone cells/;

/**
 * Reads the first page of each tenant's table, as the drivers do by default, for the nodes' warnings
 * about tombstones. Only keys are sent, but a node reads all columns.
 */
export function tombstonesOf(
  session: Session,
  { namespace }: CassandraSettings,
): Promise<TableTombstones[]> {
  return guarded("Cannot read the tables of tenants", async () => {
    const tables: { name: string; query: string }[] = [];
    for (const [name, key] of await keysOfTables(session, namespace)) {
      tables.push({ name, query: `SELECT ${key.map(quoted).join(", ")} FROM ${name}` });
    }
    const found: TableTombstones[] = [];
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (let next; (next = tables.pop());) {
        const tombstones = await inFirstPage(session, next.query);
        if (tombstones !== 0) found.push({ table: next.name, tombstones });
      }
    }));
    return found.sort((a, b) => a.table < b.table ? -1 : 1);
  });
}

/** The columns of the partition key by the name of the table, with its keyspace. */
async function keysOfTables(session: Session, namespace: string): Promise<Map<string, string[]>> {
  const keys = new Map<string, string[]>();
  const query = `SELECT keyspace_name, table_name, column_name, kind FROM system_schema.columns`;
  for await (const row of session.rows(query)) {
    const keyspace = row["keyspace_name"] as string;
    if (row["kind"] !== "partition_key" || !isTenantKeyspace(namespace, keyspace)) continue;
    const name = `${quoted(keyspace)}.${quoted(row["table_name"] as string)}`;
    keys.set(name, [...keys.get(name) ?? [], row["column_name"] as string]);
  }
  return keys;
}

/** How many a node warns about: 0 below its limit, null if it refuses the page for them. */
async function inFirstPage(session: Session, query: string): Promise<number | null> {
  const client = await session.client();
  try {
    const options = { prepare: true, isIdempotent: true, fetchSize: PAGE_ROWS };
    const { info } = await client.execute(query, [], options);
    const counts = (info.warnings ?? []).map((text) => Number(FOUND.exec(text)?.[1] ?? 0));
    return Math.max(0, ...counts);
  } catch (error) {
    if (isReadRefused(error)) return null;
    throw error;
  }
}
