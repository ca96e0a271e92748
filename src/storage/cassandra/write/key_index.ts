import { COUNT_BYTES, type EncodedRows } from "./encoded_rows.ts";

const NONE = -1;

/** Finds rows with equal keys: a hash table of row indexes with open addressing. */
export class KeyIndex {
  readonly #bytes: Uint8Array;
  readonly #slots: Int32Array;
  readonly #starts: Uint32Array;
  readonly #ends: Uint32Array;

  /** The key of row `r` is from `starts[r] + COUNT_BYTES` to `ends[r]`. */
  constructor({ rows, bytes, starts }: EncodedRows, ends: Uint32Array) {
    this.#bytes = bytes;
    this.#starts = starts;
    this.#ends = ends;
    let size = 16;
    while (size < rows * 2) size *= 2;
    this.#slots = new Int32Array(size).fill(NONE);
  }

  /** The first row passed to this method with the same key; the row itself if it is the first. */
  firstOf(row: number): number {
    const mask = this.#slots.length - 1;
    let slot = this.#hash(row) & mask;
    for (let found = this.#slots[slot]!; found !== NONE; found = this.#slots[slot]!) {
      if (this.#areEqual(found, row)) return found;
      slot = (slot + 1) & mask;
    }
    this.#slots[slot] = row;
    return row;
  }

  /** FNV-1a, with the high bits folded into the low ones that the mask keeps. */
  #hash(row: number): number {
    let hash = 0x811c9dc5;
    const end = this.#ends[row]!;
    for (let i = this.#starts[row]! + COUNT_BYTES; i < end; i++) {
      hash = Math.imul(hash ^ this.#bytes[i]!, 0x01000193);
    }
    return (hash ^ (hash >>> 15)) >>> 0;
  }

  #areEqual(one: number, other: number): boolean {
    let a = this.#starts[one]! + COUNT_BYTES;
    let b = this.#starts[other]! + COUNT_BYTES;
    const end = this.#ends[one]!;
    if (end - a !== this.#ends[other]! - b) return false;
    while (a < end) if (this.#bytes[a++] !== this.#bytes[b++]) return false;
    return true;
  }
}
