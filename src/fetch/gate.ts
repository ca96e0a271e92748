/** Runs at most `width` tasks at once, in the order of the calls. */
export class Gate {
  #free: number;
  readonly #queue: (() => void)[] = [];

  constructor(width: number) {
    this.#free = width;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((start) => this.#queue.push(start));
    try {
      return await task();
    } finally {
      const next = this.#queue.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}

/**
 * Maps items, `width` at once at most, and yields the results in the order of the items.
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
