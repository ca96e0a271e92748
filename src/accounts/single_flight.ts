/**
 * Runs work once for concurrent callers with the same key; they share the result.
 *
 * @example
 * ```ts
 * import { SingleFlight } from "./single_flight.ts";
 * const flight = new SingleFlight<number>();
 * const [a, b] = await Promise.all([flight.share("k", async () => 1), flight.share("k", async () => 2)]);
 * // a === 1, b === 1
 * ```
 */
export class SingleFlight<T> {
  readonly #running = new Map<string, Promise<T>>();

  /** Starts `work` unless it is running for this key. A failure is shared, too. */
  share(key: string, work: () => Promise<T>): Promise<T> {
    const running = this.#running.get(key);
    if (running) return running;
    const started = work().finally(() => this.#running.delete(key));
    this.#running.set(key, started);
    return started;
  }
}
