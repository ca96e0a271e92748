import { Buffer } from "node:buffer";
import type { TableSpec } from "../../batch/column.ts";
import type { ReadBack } from "../contract.ts";
import { keyOf, quoted } from "../table_rules.ts";
import type { Spool } from "./spool.ts";
import { chunkHeader, chunkRequests, eachRow } from "./write/chunk.ts";
import { COUNT_BYTES } from "./write/encoded_rows.ts";
import { keyFirst } from "./write/row_encoder.ts";

const SAMPLE_ROWS = 20;
const LENGTH_BYTES = 4;

/** A row as it was sent. */
interface SentRow {
  table: TableSpec;
  /** Of the statement, in microseconds since the epoch. */
  timestamp: number;
  key: Buffer[];
  /** The columns outside the key that have a value. */
  filled: string[];
}

/** Runs a query with encoded parameters; returns the values of the first row, null if there is none. */
export type ReadRow = (cql: string, key: readonly Buffer[]) => Promise<unknown[] | null>;

/**
 * Reads rows of a load that were just written, spread over the whole file, always the same ones. A row
 * is hidden if it is missing, or if a value that was written is null: something in the table is later
 * than the row. A row of which a later write has taken the place is not hidden.
 *
 * @param shift microseconds from the timestamps in the spool to those that were sent
 */
export async function readBack(
  spool: Spool,
  shift: number,
  { keyspace, tables }: { keyspace: string; tables: readonly TableSpec[] },
  readRow: ReadRow,
): Promise<ReadBack> {
  const rows = await sampleOf(spool, shift, tables);
  const hidden = await Promise.all(rows.map(async ({ table, timestamp, key, filled }) => {
    const columns = valueColumns(table);
    const times = columns.map((name) => `WRITETIME(${quoted(name)})`);
    const found = await readRow(
      `SELECT ${times.join(", ") || quoted(keyOf(table)[0]!)}
       FROM ${quoted(keyspace)}.${quoted(table.name)}
       WHERE ${keyOf(table).map((name) => `${quoted(name)} = ?`).join(" AND ")}`,
      key,
    );
    if (found === null) return true;
    const isLater = columns.some((_, i) => found[i] !== null && Number(found[i]) > timestamp);
    return !isLater && filled.some((name) => found[columns.indexOf(name)] === null);
  }));
  return { sampled: rows.length, hidden: hidden.filter(Boolean).length };
}

async function sampleOf(
  spool: Spool,
  shift: number,
  tables: readonly TableSpec[],
): Promise<SentRow[]> {
  const places = Array.from({ length: SAMPLE_ROWS }, (_, i) => {
    const place = (i + 0.5) / SAMPLE_ROWS * spool.length;
    return { chunk: Math.floor(place), part: place % 1 };
  });
  const sample: SentRow[] = [];
  for (const [index, within] of Map.groupBy(places, ({ chunk }) => chunk)) {
    if (index >= spool.length) continue;
    const chunk = await spool.get(index);
    const header = chunkHeader(chunk);
    const table = tables[header.table]!;
    const rows: Uint8Array[] = [];
    for (const request of chunkRequests(chunk)) {
      eachRow(request, (start, end) => rows.push(request.bytes.subarray(start, end)));
    }
    const timestamp = Number(header.timestamp) + shift;
    const chosen = new Set(within.map(({ part }) => Math.floor(part * rows.length)));
    for (const row of chosen) sample.push({ table, timestamp, ...partsOf(rows[row]!, table) });
  }
  return sample;
}

/** The key of an encoded row, and the names of its other columns that have a value. */
function partsOf(row: Uint8Array, table: TableSpec): Pick<SentRow, "key" | "filled"> {
  const view = new DataView(row.buffer, row.byteOffset);
  const values: (Buffer | null)[] = [];
  for (let at = COUNT_BYTES; at < row.length;) {
    const length = view.getInt32(at);
    at += LENGTH_BYTES;
    values.push(length < 0 ? null : Buffer.from(row.subarray(at, at + length)));
    at += Math.max(0, length);
  }
  const keys = keyOf(table).length;
  return {
    key: values.slice(0, keys).filter((value) => value !== null),
    filled: keyFirst(table).filter((_, i) => i >= keys && values[i] != null),
  };
}

function valueColumns(table: TableSpec): string[] {
  return keyFirst(table).slice(keyOf(table).length);
}
