/**
 * Hashes the keys in an encoded batch. The bytes of a batch are hashed several times faster than the
 * strings that they were.
 *
 * @module
 */
import { isKey, openBatch } from "./batch.ts";
import { type Cursor, NULL_LENGTH } from "./batch_bytes.ts";
import { physicalOf, type TableSpec } from "./column.ts";
import { textStarts } from "./view_batch.ts";

const A = 0x85ebca6b;
const B = 0xc2b2ae35;

/**
 * Hashes the key of each row to 64 bits. The hashes are not cryptographic; a seed that depends on the
 * file keeps its author from preparing keys with equal hashes.
 *
 * @param batch from `encodeBatch` for one of `tables`
 * @returns two halves for each row, not both 0
 * @example
 * ```ts
 * import { encodeBatch } from "./batch.ts";
 * import { keyHashes } from "./key_hashes.ts";
 * const spec = { name: "t", columns: [{ name: "k", type: "text" as const }], partitionKey: ["k"], clusteringKey: [] };
 * const [a, b, c, d] = keyHashes(encodeBatch(0, spec, [["x", "x"]], 2), [spec], [1, 2]);
 * a === c && b === d; // true
 * ```
 */
export function keyHashes(
  batch: Uint8Array,
  tables: readonly TableSpec[],
  seed: readonly [number, number],
): Uint32Array {
  const { cursor, table, rows } = openBatch(batch, tables);
  const halves = new Int32Array(rows * 2);
  for (let r = 0; r < rows; r++) {
    halves[r * 2] = seed[0];
    halves[r * 2 + 1] = seed[1];
  }
  for (const { name, type } of table.columns) {
    const physical = physicalOf(type);
    const isHashed = isKey(table, name);
    if (physical === "number") hashNumbers(cursor, rows, name, isHashed ? halves : null);
    else if (isHashed) hashBytes(cursor, rows, name, physical, halves);
    else cursor.payload(rows, name);
  }
  for (let r = 0; r < rows; r++) {
    const high = spread(halves[r * 2]!);
    const low = spread(halves[r * 2 + 1]! ^ high);
    halves[r * 2] = spread(high + low | 0);
    halves[r * 2 + 1] = low === 0 ? 1 : low;
  }
  return new Uint32Array(halves.buffer);
}

/** Reads a column of numbers; hashes it if `halves` are given. Numbers in a key are not null. */
function hashNumbers(cursor: Cursor, rows: number, name: string, halves: Int32Array | null): void {
  const nulls = cursor.section(name);
  const start = cursor.skip(rows * 8, name);
  if (nulls > 0) cursor.skip(Math.ceil(rows / 8), name);
  if (halves === null) return;
  for (let r = 0; r < rows; r++) {
    const low = cursor.view.getInt32(start + r * 8, true);
    const high = cursor.view.getInt32(start + r * 8 + 4, true);
    mix(halves, r, low);
    // 0 and -0 are the same key.
    mix(halves, r, low === 0 && high === -0x8000_0000 ? 0 : high);
  }
}

function hashBytes(
  cursor: Cursor,
  rows: number,
  name: string,
  physical: "text" | "bytes",
  halves: Int32Array,
): void {
  const { lengths, bytes } = cursor.payload(rows, name);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  // Only in ASCII are there as many bytes as code units.
  const isPlain = physical === "bytes" || sumOf(lengths) === bytes.length;
  const starts = isPlain ? null : textStarts(bytes, lengths, name);
  let from = 0;
  for (let r = 0; r < rows; r++) {
    const length = lengths[r] === NULL_LENGTH ? 0 : lengths[r]!;
    const end = starts === null ? from + length : starts[r + 1]!;
    let a = halves[r * 2]!;
    let b = halves[r * 2 + 1]!;
    let i = from;
    for (; i + 4 <= end; i += 4) {
      const four = view.getInt32(i, true);
      a = Math.imul(a ^ four, A);
      a = a << 13 | a >>> 19;
      b = Math.imul(b ^ four, B);
      b = (b << 15 | b >>> 17) + a | 0;
    }
    let last = end - from << 24;
    for (; i < end; i++) last = last << 8 ^ bytes[i]!;
    halves[r * 2] = a;
    halves[r * 2 + 1] = b;
    mix(halves, r, last);
    // Where the value ends, so that "ab", "c" is another key than "a", "bc".
    mix(halves, r, end - from);
    from = end;
  }
}

function sumOf(lengths: Uint32Array): number {
  let sum = 0;
  for (let r = 0; r < lengths.length; r++) if (lengths[r] !== NULL_LENGTH) sum += lengths[r]!;
  return sum;
}

function mix(halves: Int32Array, row: number, bits: number): void {
  let a = Math.imul(halves[row * 2]! ^ bits, A);
  a = a << 13 | a >>> 19;
  const b = Math.imul(halves[row * 2 + 1]! ^ bits, B);
  halves[row * 2] = a;
  halves[row * 2 + 1] = (b << 15 | b >>> 17) + a | 0;
}

/** Spreads every bit over all others: the finalizer of MurmurHash3. */
function spread(bits: number): number {
  let h = bits ^ bits >>> 16;
  h = Math.imul(h, A);
  h ^= h >>> 13;
  h = Math.imul(h, B);
  return h ^ h >>> 16;
}
