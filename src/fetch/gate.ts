/** Limits what is in use at once, such as requests or bytes of memory; first come, first served. */
export class Gate {
  #free: number;
  readonly #queue: { amount: number; start: () => void }[] = [];

  constructor(readonly width: number) {
    this.#free = width;
  }

  /** Runs a task, which counts as 1. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    const release = await this.take(1);
    try {
      return await task();
    } finally {
      release();
    }
  }

  /**
   * Waits until `amount` is free and reserves it; an amount above the width is capped.
   * @returns releases it; further calls have no effect
   */
  async take(amount: number): Promise<() => void> {
    const taken = Math.min(amount, this.width);
    if (this.#queue.length > 0 || taken > this.#free) {
      await new Promise<void>((start) => this.#queue.push({ amount: taken, start }));
    } else this.#free -= taken;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#free += taken;
      this.#startWaiting();
    };
  }

  #startWaiting(): void {
    for (let first = this.#queue[0]; first && first.amount <= this.#free; first = this.#queue[0]) {
      this.#queue.shift();
      this.#free -= first.amount;
      first.start();
    }
  }
}

/**
 * Maps items, at most `width` of them at once, and yields the results in the order of the items.
 *
 * @example
 * ```ts ignore
 * for await (const checked of inOrder(entries, 8, check)) decide(checked);
 * ```
 */
export async function* inOrder<In, Out>(
  items: Iterable<In>,
  width: number,
  map: (item: In) => Promise<Out>,
): AsyncGenerator<Out> {
  const running: Promise<Out>[] = [];
  for (const item of items) {
    const started = map(item);
    // Awaited later; until then a failure must not count as unhandled.
    started.catch(() => {});
    running.push(started);
    if (running.length >= width) yield await running.shift()!;
  }
  for (const last of running) yield await last;
}
