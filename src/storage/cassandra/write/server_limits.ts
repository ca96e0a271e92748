/**
 * What a server with its default settings takes in one unlogged batch without a warning.
 *
 * @module
 */
import { collectionOf, type TableSpec } from "../../../batch/column.ts";

/** `unlogged_batch_across_partitions_warn_threshold`: it warns above. */
export const MAX_SHARED_PARTITIONS = 10;
/** `batch_size_warn_threshold`, which counts only across partitions. */
export const MAX_SHARED_BYTES = 5 * 1024;
/** Of one partition: enough to share the cost of a request, little enough to be soon answered. */
export const MAX_PARTITION_BYTES = 192 * 1024;

/** What the server counts for a cell and for a row besides their values, rounded up. */
const CELL_OVERHEAD = 24;
const ROW_OVERHEAD = 48;
/**
 * An element of a collection is a cell of its own, with its place in the collection: the smallest
 * has five bytes here and counts for about 45 there.
 */
const COLLECTION_FACTOR = 9;

/** What of a table decides how large its rows are for the server. */
export interface RowShape {
  columns: number;
  hasCollection: boolean;
}

export function rowShape({ columns }: TableSpec): RowShape {
  const hasCollection = columns.some(({ type }) => collectionOf(type) !== null);
  return { columns: columns.length, hasCollection };
}

/** How large the server will find rows whose encoded values have so many bytes, never less. */
export function serverSize(bytes: number, rows: number, shape: RowShape): number {
  const values = shape.hasCollection ? bytes * COLLECTION_FACTOR : bytes;
  return values + rows * (shape.columns * CELL_OVERHEAD + ROW_OVERHEAD);
}
