import { setImmediate } from "node:timers";
import type { AppMiddleware } from "./env.ts";
import { callerOf } from "./body.ts";

/**
 * Starts requests in turns: in each pass of the event loop one of every caller. Many requests of one
 * caller at the same time would otherwise all run before the next one of somebody else.
 *
 * @example
 * ```ts
 * import { Turns } from "./turns.ts";
 * const turns = new Turns();
 * await turns.next("customer customer-1");
 * ```
 */
export class Turns {
  /** The callers who had a turn in this pass, and what starts their further requests. */
  readonly #waiting = new Map<string, (() => void)[]>();

  /** Waits for the caller's turn; the first request of a pass does not wait. */
  next(caller: string): Promise<void> | void {
    const queue = this.#waiting.get(caller);
    if (queue) return new Promise((start) => queue.push(start));
    if (this.#waiting.size === 0) setImmediate(() => this.#pass());
    this.#waiting.set(caller, []);
  }

  #pass(): void {
    for (const [caller, queue] of [...this.#waiting]) {
      const start = queue.shift();
      if (start) start();
      else this.#waiting.delete(caller);
    }
    if (this.#waiting.size > 0) setImmediate(() => this.#pass());
  }
}

/** Lets the requests of one caller wait for those of others. Goes behind the authentication. */
export function takeTurns(turns = new Turns()): AppMiddleware {
  return async (c, next) => {
    // A part of a page is a part of its request.
    if (!c.env?.inner) await turns.next(callerOf(c));
    await next();
  };
}
