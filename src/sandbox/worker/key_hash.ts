import type { Value } from "../../batch/column.ts";

const numbers = new Float64Array(1);
const numberBits = new Uint32Array(numbers.buffer);

/**
 * Hashes keys to 64 bits. It is not cryptographic; the seed keeps authors of files from preparing keys
 * with equal hashes.
 */
export class KeyHash {
  readonly #seed: readonly [number, number];
  /** The two halves of the last hash, unsigned and not both 0. */
  high = 0;
  low = 0;

  /** @param sha256 lower-case hex of the file, the seed: the same file has the same hashes */
  constructor(sha256: string) {
    this.#seed = [parseInt(sha256.slice(0, 8), 16) | 0, parseInt(sha256.slice(8, 16), 16) | 0];
  }

  /** Hashes the values of these columns into {@link high} and {@link low}. */
  of(values: readonly Value[], columns: readonly number[]): void {
    this.high = this.#seed[0];
    this.low = this.#seed[1];
    for (let c = 0; c < columns.length; c++) {
      const value = values[columns[c]!]!;
      if (typeof value === "string") this.#text(value);
      else if (typeof value === "number") this.#number(value);
      else if (value !== null) this.#bytes(value);
    }
    this.#finish();
  }

  #text(text: string): void {
    let a = this.high;
    let b = this.low;
    const { length } = text;
    let i = 0;
    for (; i + 1 < length; i += 2) {
      const two = text.charCodeAt(i) | text.charCodeAt(i + 1) << 16;
      a = Math.imul(a ^ two, 0x85ebca6b);
      a = a << 13 | a >>> 19;
      b = Math.imul(b ^ two, 0xc2b2ae35);
      b = (b << 15 | b >>> 17) + a | 0;
    }
    const last = i < length ? text.charCodeAt(i) : 0;
    this.#mix(a, b, last, length);
  }

  #number(value: number): void {
    // 0 and -0 are the same key.
    numbers[0] = value + 0;
    this.#mix(this.high, this.low, numberBits[0]!, numberBits[1]!);
  }

  #bytes(bytes: Uint8Array): void {
    let a = this.high;
    let b = this.low;
    for (let i = 0; i < bytes.length; i++) {
      a = Math.imul(a ^ bytes[i]!, 0x85ebca6b);
      a = a << 13 | a >>> 19;
      b = Math.imul(b ^ bytes[i]!, 0xc2b2ae35);
      b = (b << 15 | b >>> 17) + a | 0;
    }
    this.#mix(a, b, 0, bytes.length);
  }

  #mix(high: number, low: number, one: number, other: number): void {
    let a = Math.imul(high ^ one, 0x85ebca6b);
    a = a << 13 | a >>> 19;
    const b = Math.imul(low ^ one, 0xc2b2ae35);
    const c = (b << 15 | b >>> 17) + a | 0;
    a = Math.imul(a ^ other, 0x9e3779b1);
    this.high = a << 11 | a >>> 21;
    this.low = Math.imul(c ^ other, 0x27d4eb2f) + this.high | 0;
  }

  /** Spreads every bit of a half over the half (the finalizer of MurmurHash3). */
  #finish(): void {
    const a = spread(this.high);
    const b = spread(this.low ^ a);
    this.high = spread(a + b | 0) >>> 0;
    this.low = b === 0 && this.high === 0 ? 1 : b >>> 0;
  }
}

function spread(bits: number): number {
  let h = bits ^ bits >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ h >>> 16;
}
