/** How long to wait before another attempt. */
interface BackoffOptions {
  /** Milliseconds before the second attempt, at most. @default 1000 */
  firstMs?: number;
  /** Milliseconds that no wait exceeds. @default 300000 */
  capMs?: number;
  /** A number from 0 to below 1. @default Math.random */
  random?: () => number;
}

/**
 * Milliseconds to wait after an attempt has failed: twice as long after each one up to a cap, of
 * which the second half is random, so that files that failed together do not return together.
 *
 * @param attempt the number of the attempt that has failed, from 1
 * @example
 * ```ts
 * import { backoffMs } from "./backoff.ts";
 * backoffMs(3, { firstMs: 1_000, random: () => 0.5 }); // 3000: half of 4000 and half of the rest
 * ```
 */
export function backoffMs(attempt: number, options: BackoffOptions = {}): number {
  const { firstMs = 1_000, capMs = 300_000, random = Math.random } = options;
  const whole = Math.min(capMs, firstMs * 2 ** (attempt - 1));
  return Math.round(whole / 2 + random() * whole / 2);
}
