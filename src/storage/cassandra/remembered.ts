/** An answer is good for so many times what it took to find it. */
const TIMES = 20;

/**
 * An answer that is dear to find. It is kept for a while that grows with its price, so that whoever
 * asks, however often, finding takes at most a twentieth of the time; all who ask meanwhile share one.
 *
 * @example
 * ```ts
 * import { Remembered } from "./remembered.ts";
 * const sum = new Remembered(() => Promise.resolve(42));
 * await sum.get(); // 42
 * ```
 */
export class Remembered<T> {
  readonly #find: () => Promise<T>;
  readonly #now: () => number;
  #answer: Promise<T> | null = null;
  /** Infinite while it is being found. */
  #goodUntil = 0;

  /** @param now milliseconds of any clock that does not go back */
  constructor(find: () => Promise<T>, now: () => number = () => performance.now()) {
    this.#find = find;
    this.#now = now;
  }

  /** A failure is told to all who wait for it, and not kept. */
  get(): Promise<T> {
    if (this.#answer !== null && this.#now() < this.#goodUntil) return this.#answer;
    return this.#answer = this.#look();
  }

  async #look(): Promise<T> {
    const began = this.#now();
    this.#goodUntil = Infinity;
    try {
      return await this.#find();
    } catch (thrown) {
      this.#answer = null;
      throw thrown;
    } finally {
      const now = this.#now();
      this.#goodUntil = now + (now - began) * TIMES;
    }
  }
}
