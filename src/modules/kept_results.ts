interface Kept<T> {
  result: Promise<T>;
  /** 0 until it is known. */
  bytes: number;
}

/**
 * Keeps results that took work, up to a number of bytes; those that were used last stay. What is being
 * made already is not made twice.
 *
 * @example
 * ```ts
 * import { KeptResults } from "./kept_results.ts";
 * const kept = new KeptResults<string>(1_000_000, (text) => text.length);
 * await kept.get("a", () => Promise.resolve("made")); // "made"
 * await kept.get("a", () => Promise.reject(new Error("not called"))); // "made"
 * ```
 */
export class KeptResults<T> {
  readonly #kept = new Map<string, Kept<T>>();
  readonly #maxBytes: number;
  readonly #sizeOf: (result: T) => number;
  #bytes = 0;

  constructor(maxBytes: number, sizeOf: (result: T) => number) {
    this.#maxBytes = maxBytes;
    this.#sizeOf = sizeOf;
  }

  /** Returns the result of this key, or makes it. A failure is not kept. */
  async get(key: string, make: () => Promise<T>): Promise<T> {
    const known = this.#kept.get(key);
    if (known) {
      this.#kept.delete(key);
      this.#kept.set(key, known);
      return await known.result;
    }
    const made: Kept<T> = { result: make(), bytes: 0 };
    this.#kept.set(key, made);
    try {
      const result = await made.result;
      made.bytes = this.#sizeOf(result);
      this.#bytes += made.bytes;
      this.#dropOldest();
      return result;
    } catch (error) {
      this.#kept.delete(key);
      throw error;
    }
  }

  #dropOldest(): void {
    for (const [key, { bytes }] of this.#kept) {
      if (this.#bytes <= this.#maxBytes) return;
      if (bytes === 0) continue;
      this.#bytes -= bytes;
      this.#kept.delete(key);
    }
  }
}
