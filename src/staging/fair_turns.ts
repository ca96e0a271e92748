import { Failure } from "../base/failure.ts";

/** How much work runs at the same time. */
export interface TurnLimits {
  /** @default 4 */
  total?: number;
  /** For one tenant, so that another one never waits for all of it to end. @default 2 */
  perTenant?: number;
  /** Work of one tenant that waits; more is refused. @default 256 */
  waiting?: number;
}

/**
 * Runs short work on the disk a few at a time, in turns of the tenants that have some. With more at the
 * same time even a look at the disk waits for all their syncs, and with it every request.
 *
 * @example
 * ```ts
 * import { FairTurns } from "./fair_turns.ts";
 * const turns = new FairTurns();
 * await turns.run("customer-1", () => Promise.resolve("done")); // "done"
 * ```
 */
export class FairTurns {
  readonly #limits: Required<TurnLimits>;
  #running = 0;
  readonly #runningOf = new Map<string, number>();
  /** What starts the waiting work, by tenant; the first one is next. */
  readonly #waiting = new Map<string, (() => void)[]>();

  constructor({ total = 4, perTenant = 2, waiting = 256 }: TurnLimits = {}) {
    this.#limits = { total, perTenant, waiting };
  }

  /** Runs work when it is the tenant's turn. @throws {Failure} `too-busy` when too much of it waits */
  async run<T>(tenant: string, work: () => Promise<T>): Promise<T> {
    if (this.#hasRoom(tenant)) this.#begin(tenant);
    else await this.#turnOf(tenant);
    try {
      return await work();
    } finally {
      this.#end(tenant);
    }
  }

  #hasRoom(tenant: string): boolean {
    const { total, perTenant } = this.#limits;
    return this.#running < total && (this.#runningOf.get(tenant) ?? 0) < perTenant;
  }

  #turnOf(tenant: string): Promise<void> {
    const queue = this.#waiting.get(tenant) ?? [];
    if (queue.length >= this.#limits.waiting) throw tooBusy();
    this.#waiting.set(tenant, queue);
    return new Promise((start) => queue.push(start));
  }

  #begin(tenant: string): void {
    this.#running++;
    this.#runningOf.set(tenant, (this.#runningOf.get(tenant) ?? 0) + 1);
  }

  #end(tenant: string): void {
    this.#running--;
    const left = (this.#runningOf.get(tenant) ?? 1) - 1;
    if (left === 0) this.#runningOf.delete(tenant);
    else this.#runningOf.set(tenant, left);
    for (const [next, queue] of this.#waiting) {
      if (!this.#hasRoom(next)) continue;
      const start = queue.shift();
      // Its next turn comes after those of the others.
      this.#waiting.delete(next);
      if (queue.length > 0) this.#waiting.set(next, queue);
      this.#begin(next);
      start?.();
      return;
    }
  }
}

function tooBusy(): Failure {
  const text = "Cannot store the upload now: too many of the account are waiting";
  return new Failure("server", "too-busy", text, {
    hint: "Send fewer files in parallel, or try again in a moment.",
    details: { retryAfterSeconds: 1 },
  });
}
