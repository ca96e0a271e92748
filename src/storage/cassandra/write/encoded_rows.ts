/** Bytes of the count of values, which precedes the first value of a row. */
export const COUNT_BYTES = 2;
/**
 * A bit in the count of a row's values, which is up to 1,000: the row lacks values, so that an earlier
 * row with its key must be deleted first.
 */
export const REPLACES = 0x8000;
/** Rows as in a BATCH request, after the query's id: `bytes[starts[r] .. starts[r + 1]]`. */
export interface EncodedRows {
  rows: number;
  bytes: Uint8Array;
  starts: Uint32Array;
  /** Where the values of the partition key and of the whole key end; keys come first. */
  partitionEnds: Uint32Array;
  keyEnds: Uint32Array;
}
