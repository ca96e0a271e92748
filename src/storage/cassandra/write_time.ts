const BASE32 = "0123456789abcdefghjkmnpqrstvwxyz";
/** Microseconds between two files of one millisecond. */
const STEP = 31;

/**
 * The write timestamp of a file's rows, in microseconds since the epoch. Files that arrived in the same
 * millisecond get different ones, otherwise Cassandra would mix the cells of their rows. Consecutive
 * ids differ in their last digit, so it has the greatest weight.
 *
 * @param arrivedAt milliseconds since the epoch
 * @example
 * ```ts
 * import { writeTimeOf } from "./write_time.ts";
 * writeTimeOf(1_000, "01m85y00ganbv9ywtdr0sns400"); // 1000000
 * writeTimeOf(1_000, "01m85y00ganbv9ywtdr0sns401"); // 1000031
 * ```
 */
export function writeTimeOf(arrivedAt: number, fileId: string): number {
  const [secondLast = 0, last = 0] = [...fileId.slice(-2)].map((digit) =>
    Math.max(0, BASE32.indexOf(digit))
  );
  return arrivedAt * 1_000 + last * STEP + secondLast % STEP;
}
