/**
 * The size of an unlogged batch at which a server with default settings logs a warning.
 *
 * @module
 */
import { collectionOf, type TableSpec } from "../../../batch/column.ts";

/** `unlogged_batch_across_partitions_warn_threshold`. */
export const MAX_SHARED_PARTITIONS = 10;
/** `batch_size_warn_threshold`, which applies only to batches of several partitions. */
export const MAX_SHARED_BYTES = 5 * 1024;
/** For one partition: large enough to share the cost of a request, small enough for a fast answer. */
export const MAX_PARTITION_BYTES = 192 * 1024;

/** Bytes that the server adds for each cell and for each row, rounded up. */
const CELL_OVERHEAD = 24;
const ROW_OVERHEAD = 48;
/**
 * For the server each element of a collection is a cell. The smallest element has five bytes here and
 * about 45 in the server.
 */
const COLLECTION_FACTOR = 9;

/** The properties of a table that affect the size of its rows in the server. */
export interface RowShape {
  columns: number;
  hasCollection: boolean;
}

export function rowShape({ columns }: TableSpec): RowShape {
  const hasCollection = columns.some(({ type }) => collectionOf(type) !== null);
  return { columns: columns.length, hasCollection };
}

/** An upper bound for the size of rows in the server, from the size of their encoded values. */
export function serverSize(bytes: number, rows: number, shape: RowShape): number {
  const values = shape.hasCollection ? bytes * COLLECTION_FACTOR : bytes;
  return values + rows * (shape.columns * CELL_OVERHEAD + ROW_OVERHEAD);
}
