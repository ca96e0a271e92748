/**
 * Decides which rows of a batch share a request: rows of one partition together, and several small
 * partitions as long as the server takes them without a warning.
 *
 * @module
 */
import type { TableSpec } from "../../../batch/column.ts";
import { clusteringOrder } from "./clustering_order.ts";
import { KeyIndex } from "./key_index.ts";
import type { EncodedRows } from "./row_encoder.ts";
import {
  MAX_PARTITION_BYTES,
  MAX_SHARED_BYTES,
  MAX_SHARED_PARTITIONS,
  type RowShape,
  rowShape,
  serverSize,
} from "./server_limits.ts";

const NO_ROW = -1;

/** Rows that go out in one request. */
export interface PlannedRequest {
  rows: number[];
  partitions: number;
}

/** Rows by partition, each with the next one behind it. */
interface Partitions {
  /** The first row of each partition. */
  heads: number[];
  /** The row behind a row in its partition, or {@link NO_ROW}. */
  next: Int32Array;
}

/**
 * Plans the requests for encoded rows. Of rows with the same key the last one stays: with one write
 * timestamp for all, the server would mix them cell by cell. Rows of a partition go in about the
 * order of their clustering keys, and large partitions take turns: requests for the same one would
 * wait for each other in the server.
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
    const { rows, bytes, chunks } = collect(encoded, head, next, shape);
    if (chunks.length > 0) large.push(chunks.map((rows) => ({ rows, partitions: 1 })));
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
  return [...inTurns(large), ...small];
}

/** The first of each list, then the second of each that has one, and so on. */
function* inTurns(lists: PlannedRequest[][]): Generator<PlannedRequest, void> {
  for (let at = 0, left = lists; left.length > 0; at++) {
    for (const list of left) yield list[at]!;
    left = left.filter(({ length }) => at + 1 < length);
  }
}

/** A partition's rows: whole chunks that go alone, and a rest that may share a request. */
function collect(encoded: EncodedRows, head: number, next: Int32Array, shape: RowShape) {
  const chunks: number[][] = [];
  let rows: number[] = [];
  let bytes = 0;
  for (let row = head; row !== NO_ROW; row = next[row]!) {
    const size = serverSize(encoded.starts[row + 1]! - encoded.starts[row]!, 1, shape);
    if (rows.length > 0 && bytes + size > MAX_PARTITION_BYTES) {
      chunks.push(rows);
      rows = [];
      bytes = 0;
    }
    rows.push(row);
    bytes += size;
  }
  if (bytes > MAX_SHARED_BYTES) {
    chunks.push(rows);
    rows = [];
  }
  return { rows, bytes, chunks };
}

/** Partitions of one row each. */
function singles(encoded: EncodedRows): Partitions {
  const last = lastWithKey(encoded, encoded.partitionEnds);
  const heads: number[] = [];
  for (let row = 0; row < encoded.rows; row++) if (last[row] === row) heads.push(row);
  return { heads, next: new Int32Array(encoded.rows).fill(NO_ROW) };
}

function partitionsOf(encoded: EncodedRows): Partitions {
  const { rows, bytes, starts, partitionEnds, keyOffset } = encoded;
  const index = new KeyIndex(bytes, { starts, ends: partitionEnds, offset: keyOffset, rows });
  const last = lastWithKey(encoded, encoded.keyEnds);
  const heads: number[] = [];
  const next = new Int32Array(rows).fill(NO_ROW);
  /** The last row so far of the partition whose first row it is. */
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

/** For each row the last one with its key. */
function lastWithKey(encoded: EncodedRows, ends: Uint32Array): Int32Array {
  const { rows, bytes, starts, keyOffset } = encoded;
  const index = new KeyIndex(bytes, { starts, ends, offset: keyOffset, rows });
  const first = new Int32Array(rows);
  const last = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    first[row] = index.firstOf(row);
    last[first[row]!] = row;
  }
  for (let row = 0; row < rows; row++) if (first[row] !== row) last[row] = last[first[row]!]!;
  return last;
}
