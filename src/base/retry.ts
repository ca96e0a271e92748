import { type Clock, systemClock } from "./clock.ts";
import { Failure } from "./failure.ts";

/** How often and how soon failed work is tried again. */
export interface RetryPolicy {
  /** Tries in a row without progress. */
  attempts: number;
  /** Milliseconds before the second try; doubles with each further one. @default 200 */
  firstDelay?: number;
  /** Maximum milliseconds between two tries. @default 10000 */
  longestDelay?: number;
  /** Returns a number from 0 to 1. @default Math.random */
  random?: () => number;
}

interface RetryOptions extends RetryPolicy {
  /** @default systemClock */
  clock?: Clock;
  signal?: AbortSignal;
  /** Called before each wait. */
  onWait(failure: Failure, seconds: number): void;
}

/** The details of a failure that may be gone at the next try. */
export const PASSING = { passing: true } as const;

/** Whether the same work may succeed later: network, overload, 5xx, a locked upload. */
export function isPassing(error: unknown): error is Failure {
  return error instanceof Failure && error.details.passing === true;
}

/**
 * Runs work until it succeeds, with a longer wait after each failure. A failure that is not passing,
 * and the last one allowed, is thrown.
 *
 * @param work calls `progressed` to have the next failure count as the first
 *
 * @example
 * ```ts ignore
 * const file = await retry(() => client.file(id), { attempts: 8, onWait: console.warn });
 * ```
 */
export async function retry<T>(
  work: (progressed: () => void) => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  const { attempts, clock = systemClock, signal, onWait } = options;
  for (let failures = 1;; failures += 1) {
    try {
      return await work(() => void (failures = 1));
    } catch (error) {
      signal?.throwIfAborted();
      if (!isPassing(error) || failures >= attempts) throw error;
      const asked = Number(error.details.retryAfterSeconds ?? 0) * 1000;
      const delay = Math.max(asked, backoffMs(failures, options));
      onWait(error, delay / 1000);
      await clock.sleep(delay, signal);
    }
  }
}

/**
 * Returns the milliseconds to wait after a number of failures in a row. It doubles with each one; half is random, so
 * that many clients do not return at the same moment.
 *
 * @example
 * ```ts
 * import { backoffMs } from "./retry.ts";
 * backoffMs(3, { firstDelay: 1_000, random: () => 0.5 }); // 3000: between 2000 and 4000
 * ```
 */
export function backoffMs(failures: number, policy: Omit<RetryPolicy, "attempts">): number {
  const { firstDelay = 200, longestDelay = 10_000, random = Math.random } = policy;
  const doubled = firstDelay * 2 ** Math.min(failures - 1, 20);
  return Math.min(doubled, longestDelay) * (0.5 + random() / 2);
}
