import type { EncodedRows } from "./encoded_rows.ts";

/** Bytes of a clustering key that are compared. */
const KEY_BYTES = 16;
/** A number for sorting has 44 bits of the key, then 20 bits with the index of the row. */
const ROW_BITS = 20;
const MAX_ROWS = 1 << ROW_BITS;
const HIGH_WORD = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0;

/**
 * The indexes of rows in about the order of their clustering keys. Neighbours in a large partition are
 * much faster for a server than rows that are scattered over it. It is only a hint: a few bytes of the
 * encoded keys are compared, whatever the order of the column's type. Rows with equal bytes keep their
 * order.
 */
export function clusteringOrder(encoded: EncodedRows): Uint32Array {
  const { rows } = encoded;
  if (rows > MAX_ROWS) return Uint32Array.from({ length: rows }, (_, row) => row);
  const keys = clusteringBytes(encoded);
  const from = firstDifference(keys, rows);
  const byte = (row: number, at: number) => at < KEY_BYTES ? keys[row * KEY_BYTES + at]! : 0;
  const numbers = new BigUint64Array(rows);
  const words = new Uint32Array(numbers.buffer);
  for (let row = 0; row < rows; row++) {
    const high = byte(row, from) << 24 | byte(row, from + 1) << 16 | byte(row, from + 2) << 8 |
      byte(row, from + 3);
    const low = byte(row, from + 4) << 4 | byte(row, from + 5) >> 4;
    words[row * 2 + HIGH_WORD] = high;
    words[row * 2 + 1 - HIGH_WORD] = low << ROW_BITS | row;
  }
  numbers.sort();
  const order = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) order[i] = words[i * 2 + 1 - HIGH_WORD]! & (MAX_ROWS - 1);
  return order;
}

/** The first bytes of each row's clustering values, concatenated. */
function clusteringBytes({ rows, bytes, partitionEnds, keyEnds }: EncodedRows): Uint8Array {
  const keys = new Uint8Array(rows * KEY_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let row = 0; row < rows; row++) {
    let to = row * KEY_BYTES;
    const full = to + KEY_BYTES;
    for (let at = partitionEnds[row]!; at < keyEnds[row]! && to < full;) {
      const start = at + 4;
      at = start + Math.max(0, view.getInt32(at));
      for (let i = start; i < at && to < full; i++) keys[to++] = bytes[i]!;
    }
  }
  return keys;
}

/** The first position in the keys at which the rows have different bytes. */
function firstDifference(keys: Uint8Array, rows: number): number {
  let same = KEY_BYTES;
  for (let row = 1; row < rows && same > 0; row++) {
    let at = 0;
    while (at < same && keys[row * KEY_BYTES + at] === keys[at]) at++;
    same = at;
  }
  return same;
}
