import { createHash } from "node:crypto";

/** How often a test repeats what it kills or draws at random: `FAULT_ROUNDS`, or the fallback. */
export function rounds(fallback: number): number {
  return Number(Deno.env.get("FAULT_ROUNDS") ?? fallback);
}

/** A number from `least` to below `most`. */
export function between(least: number, most: number): number {
  return least + Math.random() * (most - least);
}

/** Random bytes: a piece in the wrong place is noticed. */
export function noise(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  // The limit of one call is 65,536 bytes.
  for (let at = 0; at < length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  return bytes;
}

/** Lower-case hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Random numbers that the same seed gives again (mulberry32). */
export class Chance {
  readonly seed: number;
  #state: number;

  constructor(seed: number) {
    this.seed = seed;
    this.#state = seed >>> 0;
  }

  /** From 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** From `least` to below `most`. */
  between(least: number, most: number): number {
    return least + this.next() * (most - least);
  }

  /** A whole number from `least` to `most`. */
  whole(least: number, most: number): number {
    return Math.floor(this.between(least, most + 1));
  }

  /** @throws {Error} if there is none */
  pick<T>(from: readonly T[]): T {
    if (from.length === 0) throw new Error("nothing to pick from");
    return from[this.whole(0, from.length - 1)] as T;
  }

  /** True in this share of all calls. */
  isTrue(share: number): boolean {
    return this.next() < share;
  }
}
