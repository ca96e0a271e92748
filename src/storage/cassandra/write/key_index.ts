const NONE = -1;

/** Finds rows with the same bytes: an open table of row numbers, for the keys of one batch. */
export class KeyIndex {
  readonly #bytes: Uint8Array;
  readonly #slots: Int32Array;
  readonly #starts: ArrayLike<number>;
  readonly #ends: ArrayLike<number>;
  readonly #offset: number;

  /** Row `r` has its key from `starts[r] + offset` to `ends[r]`. */
  constructor(
    bytes: Uint8Array,
    keys: { starts: ArrayLike<number>; ends: ArrayLike<number>; offset: number; rows: number },
  ) {
    this.#bytes = bytes;
    this.#starts = keys.starts;
    this.#ends = keys.ends;
    this.#offset = keys.offset;
    let size = 16;
    while (size < keys.rows * 2) size *= 2;
    this.#slots = new Int32Array(size).fill(NONE);
  }

  /** The first row that was given with this row's key; the row itself where it is the first. */
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

  /** FNV-1a, and its high bits brought down to where the mask looks. */
  #hash(row: number): number {
    let hash = 0x811c9dc5;
    const end = this.#ends[row]!;
    for (let i = this.#starts[row]! + this.#offset; i < end; i++) {
      hash = Math.imul(hash ^ this.#bytes[i]!, 0x01000193);
    }
    return (hash ^ (hash >>> 15)) >>> 0;
  }

  #areEqual(one: number, other: number): boolean {
    let a = this.#starts[one]! + this.#offset;
    let b = this.#starts[other]! + this.#offset;
    const end = this.#ends[one]!;
    if (end - a !== this.#ends[other]! - b) return false;
    while (a < end) if (this.#bytes[a++] !== this.#bytes[b++]) return false;
    return true;
  }
}
