/** Adds up the time for which a sandbox had to wait for the host. */
export class Stopwatch {
  #ms = 0;
  #since: number | null = null;

  get isRunning(): boolean {
    return this.#since !== null;
  }

  start(): void {
    this.#since = performance.now();
  }

  stop(): void {
    this.#ms = this.ms();
    this.#since = null;
  }

  /** Stops without adding the time since {@link start}. */
  cancel(): void {
    this.#since = null;
  }

  /** Milliseconds so far. */
  ms(): number {
    return this.#ms + (this.#since === null ? 0 : performance.now() - this.#since);
  }
}
