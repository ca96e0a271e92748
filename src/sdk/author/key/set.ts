const FIRST_SIZE = 1 << 12;

/**
 * A set of 53-bit hashes of keys, to find whether keys repeat. Different keys may have the same hash,
 * but so rarely that a set of some millions is not expected to have any.
 */
export class KeySet {
  #slots = new Float64Array(FIRST_SIZE);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a key. @returns whether it is new */
  add(key: string): boolean {
    if (this.#size * 2 > this.#slots.length) this.#grow();
    if (!place(this.#slots, hashOf(key))) return false;
    this.#size++;
    return true;
  }

  #grow(): void {
    const slots = new Float64Array(this.#slots.length * 2);
    for (const hash of this.#slots) if (hash !== 0) place(slots, hash);
    this.#slots = slots;
  }
}

function place(slots: Float64Array, hash: number): boolean {
  const mask = slots.length - 1;
  for (let at = (hash % 0x1_0000_0000) & mask;; at = (at + 1) & mask) {
    if (slots[at] === hash) return false;
    if (slots[at] === 0) {
      slots[at] = hash;
      return true;
    }
  }
}

/** Two polynomials of 32 bits, mixed, make 53 bits; never 0. */
function hashOf(text: string): number {
  let low = text.length;
  let high = 7;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i) + 1;
    low = Math.imul(low, 0x01000193) + unit | 0;
    high = Math.imul(high, 0x5bd1e995) ^ unit;
  }
  return (mixed(low) >>> 0) + (mixed(high ^ low) & 0x1f_ffff) * 0x1_0000_0000 + 1;
}

/** Spreads each bit over all bits. */
function mixed(bits: number): number {
  bits = Math.imul(bits ^ bits >>> 16, 0x7feb352d);
  bits = Math.imul(bits ^ bits >>> 15, 0x846ca68b);
  return bits ^ bits >>> 16;
}
