/** Runs work with the same key one after another, and with different keys in parallel. */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<void>>();

  /** Waits for earlier work with this key, then runs the new work. */
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
