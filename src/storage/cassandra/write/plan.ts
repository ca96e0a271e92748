/**
 * Decides which rows share a request: rows of one partition, or several small partitions up to the size
 * at which the server logs a warning.
 *
 * @module
 */
import type { TableSpec } from "../../../batch/column.ts";
import { clusteringOrder } from "./clustering_order.ts";
import { KeyIndex } from "./key_index.ts";
import type { EncodedRows } from "./encoded_rows.ts";
import {
  MAX_PARTITION_BYTES,
  MAX_SHARED_BYTES,
  MAX_SHARED_PARTITIONS,
  type RowShape,
  rowShape,
  serverSize,
} from "./server_limits.ts";

const NO_ROW = -1;

/** Rows that are sent in one request. */
export interface PlannedRequest {
  rows: number[];
  partitions: number;
}

/** Rows by partition, as linked lists. */
interface Partitions {
  /** The first row of each partition. */
  heads: number[];
  /** The next row in the partition of each row, or {@link NO_ROW}. */
  next: Int32Array;
}

/**
 * Plans the requests for encoded rows. Of rows with the same key only the last one is sent: with one
 * write timestamp for all, the server would mix them cell by cell. Rows of a partition are sent in about
 * the order of their clustering keys. Requests for large partitions alternate, because those for the
 * same partition wait for each other in the server.
 *
 * @example
 * ```ts ignore
 * planRequests(encoder.encode(view), view.table);
 * ```
 */
export function planRequests(encoded: EncodedRows, table: TableSpec): PlannedRequest[] {
  const shape = rowShape(table);
  const { heads, next } = table.clusteringKey.length > 0 ? partitionsOf(encoded) : singles(encoded);
  const large: PlannedRequest[][] = [];
  const small: PlannedRequest[] = [];
  let shared: PlannedRequest | null = null;
  let sharedBytes = 0;
  for (const head of heads) {
    const { rows, bytes, full } = collect(encoded, head, next, shape);
    if (full.length > 0) large.push(full.map((rows) => ({ rows, partitions: 1 })));
    if (rows.length === 0) continue;
    if (
      shared !== null && shared.partitions < MAX_SHARED_PARTITIONS &&
      sharedBytes + bytes <= MAX_SHARED_BYTES
    ) {
      for (const row of rows) shared.rows.push(row);
      shared.partitions++;
      sharedBytes += bytes;
    } else {
      shared = { rows, partitions: 1 };
      sharedBytes = bytes;
      small.push(shared);
    }
  }
  return [...interleaved(large), ...small];
}

/** The first item of each list, then the second of each list that has one, and so on. */
function* interleaved(lists: PlannedRequest[][]): Generator<PlannedRequest, void> {
  for (let at = 0, left = lists; left.length > 0; at++) {
    for (const list of left) yield list[at]!;
    left = left.filter(({ length }) => at + 1 < length);
  }
}

/** A partition's rows: full requests, and the remaining rows, which can share a request. */
function collect(encoded: EncodedRows, head: number, next: Int32Array, shape: RowShape) {
  const full: number[][] = [];
  let rows: number[] = [];
  let bytes = 0;
  for (let row = head; row !== NO_ROW; row = next[row]!) {
    const size = serverSize(encoded.starts[row + 1]! - encoded.starts[row]!, 1, shape);
    if (rows.length > 0 && bytes + size > MAX_PARTITION_BYTES) {
      full.push(rows);
      rows = [];
      bytes = 0;
    }
    rows.push(row);
    bytes += size;
  }
  if (bytes > MAX_SHARED_BYTES) {
    full.push(rows);
    rows = [];
  }
  return { rows, bytes, full };
}

/** Partitions of one row each. */
function singles(encoded: EncodedRows): Partitions {
  const last = lastWithKey(encoded, encoded.partitionEnds);
  const heads: number[] = [];
  for (let row = 0; row < encoded.rows; row++) if (last[row] === row) heads.push(row);
  return { heads, next: new Int32Array(encoded.rows).fill(NO_ROW) };
}

function partitionsOf(encoded: EncodedRows): Partitions {
  const { rows, partitionEnds } = encoded;
  const index = new KeyIndex(encoded, partitionEnds);
  const last = lastWithKey(encoded, encoded.keyEnds);
  const heads: number[] = [];
  const next = new Int32Array(rows).fill(NO_ROW);
  /** By the first row of a partition: its last row so far. */
  const tails = new Int32Array(rows).fill(NO_ROW);
  for (const row of clusteringOrder(encoded)) {
    if (last[row] !== row) continue;
    const first = index.firstOf(row);
    if (first === row) heads.push(row);
    else next[tails[first]!] = row;
    tails[first] = row;
  }
  return { heads, next };
}

/** For each row the last row with the same key. */
function lastWithKey(encoded: EncodedRows, ends: Uint32Array): Int32Array {
  const { rows } = encoded;
  const index = new KeyIndex(encoded, ends);
  const first = new Int32Array(rows);
  const last = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    first[row] = index.firstOf(row);
    last[first[row]!] = row;
  }
  for (let row = 0; row < rows; row++) if (first[row] !== row) last[row] = last[first[row]!]!;
  return last;
}
