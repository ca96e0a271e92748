/** Runs work one after the other for each key, and side by side for different keys. */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<void>>();

  /** Waits for the earlier work under the key, then runs this. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const { promise: tail, resolve: release } = Promise.withResolvers<void>();
    this.#tails.set(key, tail);
    try {
      await before;
      return await work();
    } finally {
      release();
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }
}
