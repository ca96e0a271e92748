import { Failure } from "./failure.ts";
import type { Clock } from "./clock.ts";

/** How often and how soon a failed request is tried again. */
export interface RetryPolicy {
  /** Failures in a row, without any progress in between, after which it is given up. */
  attempts: number;
  /** Milliseconds before the first new try; it doubles with each. @default 200 */
  firstDelay?: number;
  /** Milliseconds between two tries at most. @default 10000 */
  longestDelay?: number;
  /** A number from 0 to 1. @default Math.random */
  random?: () => number;
}

/** For one run: gives up after about half a minute without progress. */
export const RUN_RETRIES: RetryPolicy = { attempts: 8 };
/** For `--watch`: never gives up. */
export const WATCH_RETRIES: RetryPolicy = { attempts: Infinity };

/** True for failures that may pass by themselves: network, overload, 5xx, a locked upload. */
export function isPassing(failure: unknown): failure is Failure {
  return failure instanceof Failure && failure.details.passing === true;
}

/** Counts the failures of one task in a row and waits longer after each. */
export class Backoff {
  #failures = 0;
  readonly #policy: RetryPolicy;
  readonly #clock: Clock;

  constructor(policy: RetryPolicy, clock: Clock) {
    this.#policy = policy;
    this.#clock = clock;
  }

  /** Something went well: the next failure is the first again. */
  reset(): void {
    this.#failures = 0;
  }

  /**
   * Waits before the next try.
   * @param onWait is told the seconds before they begin
   * @throws the failure itself when it does not pass or has come too often
   */
  async wait(
    error: unknown,
    signal: AbortSignal,
    onWait: (failure: Failure, seconds: number) => void,
  ): Promise<void> {
    signal.throwIfAborted();
    this.#failures += 1;
    if (!isPassing(error) || this.#failures >= this.#policy.attempts) throw error;
    const delay = this.#delay(error);
    onWait(error, delay / 1000);
    await this.#clock.sleep(delay, signal);
  }

  #delay(failure: Failure): number {
    const { firstDelay = 200, longestDelay = 10_000, random = Math.random } = this.#policy;
    const asked = Number(failure.details.retryAfterSeconds ?? 0) * 1000;
    const doubled = firstDelay * 2 ** Math.min(this.#failures - 1, 20);
    // Half fixed, half by chance, so that many clients do not come back at the same moment.
    const delay = Math.min(doubled, longestDelay) * (0.5 + random() / 2);
    return Math.max(asked, delay);
  }
}
