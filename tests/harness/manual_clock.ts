import type { Clock } from "../../src/base/clock.ts";

/** A clock that a test moves forward. */
export class ManualClock implements Clock {
  #now = 0;
  #sleeps = new Set<{ at: number; wake: () => void }>();
  now = () => this.#now;
  monotonic = () => this.#now;

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleep = { at: this.#now + ms, wake: resolve };
      this.#sleeps.add(sleep);
      const end = () => {
        this.#sleeps.delete(sleep);
        reject(signal?.reason);
      };
      if (signal?.aborted) end();
      else signal?.addEventListener("abort", end);
    });
  }

  get sleeping(): number {
    return this.#sleeps.size;
  }

  /** Moves the time forward, and lets everything run that is due then. */
  async pass(ms: number): Promise<void> {
    this.#now += ms;
    for (const sleep of [...this.#sleeps].filter(({ at }) => at <= this.#now)) {
      this.#sleeps.delete(sleep);
      sleep.wake();
    }
    await settled();
  }
}

/** Resolves when everything has run that is due now. */
export const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
