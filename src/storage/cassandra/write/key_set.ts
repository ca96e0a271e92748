const START_BYTES = 64 << 10;
const START_SLOTS = 1 << 10;
const LENGTH_BYTES = 4;
/** Longer searches end, so that keys with chosen hashes cannot make them slow. */
const MAX_PROBES = 64;

/**
 * A set of keys that compares all of their bytes. It has a limit of memory and of time: a key beyond
 * them is not added, so {@link has} can be false for a key that was added, but never true for another.
 */
export class KeySet {
  readonly #maxBytes: number;
  #bytes = new Uint8Array(START_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #used = 0;
  /** Where a key is in `#bytes`, plus 1; 0 if the slot is free. */
  #slots = new Uint32Array(START_SLOTS);
  #count = 0;

  /** @param maxBytes of keys, below 2 GiB */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(from: Uint8Array, start: number, end: number): void {
    const length = LENGTH_BYTES + end - start;
    if (this.#used + length > this.#maxBytes) return;
    if (this.#count * 2 >= this.#slots.length) this.#growSlots();
    const slot = this.#find(from, start, end);
    if (slot === null || this.#slots[slot] !== 0) return;
    this.#reserve(length);
    this.#view.setUint32(this.#used, end - start);
    this.#bytes.set(from.subarray(start, end), this.#used + LENGTH_BYTES);
    this.#slots[slot] = this.#used + 1;
    this.#used += length;
    this.#count++;
  }

  has(from: Uint8Array, start: number, end: number): boolean {
    const slot = this.#find(from, start, end);
    return slot !== null && this.#slots[slot] !== 0;
  }

  /** The slot of a key, or a free one for it; null after too many others. */
  #find(from: Uint8Array, start: number, end: number): number | null {
    const mask = this.#slots.length - 1;
    const hash = hashOf(from, start, end);
    for (let probe = 0; probe < MAX_PROBES; probe++) {
      const slot = (hash + probe) & mask;
      const found = this.#slots[slot]!;
      if (found === 0 || this.#isAt(found - 1, from, start, end)) return slot;
    }
    return null;
  }

  #isAt(at: number, from: Uint8Array, start: number, end: number): boolean {
    if (this.#view.getUint32(at) !== end - start) return false;
    for (let i = start, k = at + LENGTH_BYTES; i < end; i++, k++) {
      if (this.#bytes[k] !== from[i]) return false;
    }
    return true;
  }

  #reserve(more: number): void {
    if (this.#used + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#used + more, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  #growSlots(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    for (const found of old) {
      if (found === 0) continue;
      const start = found - 1 + LENGTH_BYTES;
      const slot = this.#find(this.#bytes, start, start + this.#view.getUint32(found - 1));
      if (slot !== null) this.#slots[slot] = found;
    }
  }
}

/** FNV-1a, with the high bits folded into the low ones that the mask keeps. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
