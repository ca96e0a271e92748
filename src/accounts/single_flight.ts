/**
 * Lets those who ask for the same thing at the same time share one answer.
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

  /** Starts `work` unless it runs for this key; its failure is shared, too. */
  share(key: string, work: () => Promise<T>): Promise<T> {
    const running = this.#running.get(key);
    if (running) return running;
    const started = work().finally(() => this.#running.delete(key));
    this.#running.set(key, started);
    return started;
  }
}
