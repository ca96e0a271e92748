import { quoted } from "../table_rules.ts";
import { isReadRefused } from "./errors.ts";
import type { TableCount } from "../contract.ts";
import type { Session } from "./session.ts";
import { storedTables } from "./tables.ts";
import { PAGE_ROWS } from "./tombstones.ts";

/**
 * Ranges of tokens that are counted one after another, because each must end before a read times
 * out.
 */
const COUNTED_RANGES = 16;
const MIN_TOKEN = -(2n ** 63n);
const MAX_TOKEN = 2n ** 63n - 1n;
/** Rows that a node reads at once: fewer if it refuses, because it limits the tombstones in each page. */
const PAGES = [PAGE_ROWS, 200, 20];

/**
 * Counts the rows of all tables of a keyspace, which reads all of them; not those of views.
 * @returns null for a table that the cluster refuses to read, because it has too many tombstones
 */
export async function countRows(session: Session, keyspace: string): Promise<TableCount[]> {
  const counted: TableCount[] = [];
  const stored = await storedTables(session, keyspace);
  const views = "SELECT view_name FROM system_schema.views WHERE keyspace_name = ?";
  for await (const row of session.rows(views, [keyspace])) {
    stored.delete(row["view_name"] as string);
  }
  for (const [table, { partitionKey }] of [...stored].sort(([a], [b]) => a < b ? -1 : 1)) {
    const token = `token(${partitionKey.map(quoted).join(", ")})`;
    const query = `SELECT count(*) AS rows FROM ${quoted(keyspace)}.${quoted(table)}
                   WHERE ${token} >= ? AND ${token} <= ?`;
    counted.push({ table, rows: await countTable(session, query) });
  }
  return counted;
}

/** @param query takes the first and the last token of a range */
async function countTable(session: Session, query: string): Promise<number | null> {
  const step = (MAX_TOKEN - MIN_TOKEN) / BigInt(COUNTED_RANGES);
  let pages = PAGES;
  let rows = 0;
  for (let from = MIN_TOKEN; from <= MAX_TOKEN; from += step + 1n) {
    const to = from + step < MAX_TOKEN ? from + step : MAX_TOKEN;
    for (;;) {
      const [pageRows] = pages;
      if (pageRows === undefined) return null;
      const found = await countRange(session, query, [from, to], pageRows);
      if (found !== null) {
        rows += found;
        break;
      }
      pages = pages.slice(1);
    }
  }
  return rows;
}

/** The rows of a range of tokens; null if a node refuses to read them. */
async function countRange(
  session: Session,
  query: string,
  range: readonly bigint[],
  pageRows: number,
): Promise<number | null> {
  try {
    for await (const row of session.rows(query, [...range], pageRows)) return Number(row["rows"]);
    return 0;
  } catch (error) {
    if (isReadRefused(error)) return null;
    throw error;
  }
}
