/** A value is kept for this many times the time that it took to compute. */
const TIMES = 20;

/**
 * A value that is expensive to compute. It expires after 20 times the time of its computation, which
 * therefore takes at most 5 % of the time, however often the value is read. Concurrent readers share one
 * computation.
 *
 * @example
 * ```ts
 * import { Cached } from "./cached.ts";
 * const sum = new Cached(() => Promise.resolve(42));
 * await sum.get(); // 42
 * ```
 */
export class Cached<T> {
  readonly #compute: () => Promise<T>;
  readonly #now: () => number;
  #value: Promise<T> | null = null;
  /** Infinite during the computation. */
  #validUntil = 0;

  /** @param now milliseconds of a monotonic clock */
  constructor(compute: () => Promise<T>, now: () => number = () => performance.now()) {
    this.#compute = compute;
    this.#now = now;
  }

  /** All waiting readers get a failure, which is not kept. */
  get(): Promise<T> {
    if (this.#value !== null && this.#now() < this.#validUntil) return this.#value;
    return this.#value = this.#refresh();
  }

  async #refresh(): Promise<T> {
    const start = this.#now();
    this.#validUntil = Infinity;
    try {
      return await this.#compute();
    } catch (error) {
      this.#value = null;
      throw error;
    } finally {
      const now = this.#now();
      this.#validUntil = now + (now - start) * TIMES;
    }
  }
}
