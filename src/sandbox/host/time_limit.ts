/** The time limit of a file, and where it comes from, for messages. */
interface TimeLimit {
  seconds: number;
  secondsFrom: string;
}

/** Seconds of a file whose module sets no limit, without those for its size. */
const BASE_SECONDS = 300;
/** For each of these bytes of a file there is another second. */
const BYTES_PER_SECOND = 100_000;

/**
 * The time limit of one run.
 *
 * @param bytes the size of its file
 * @param secondsPerFile of its tenant.json
 * @param mostSeconds `sandbox.seconds_per_file`
 *
 * @example
 * ```ts
 * import { timeLimit } from "./time_limit.ts";
 * timeLimit(50_000_000, undefined, 3_600).seconds; // 800
 * ```
 */
export function timeLimit(
  bytes: number,
  secondsPerFile: number | undefined,
  mostSeconds: number,
): TimeLimit {
  const seconds = secondsPerFile ?? BASE_SECONDS + Math.ceil(bytes / BYTES_PER_SECOND);
  if (seconds > mostSeconds) {
    return { seconds: mostSeconds, secondsFrom: "sandbox.seconds_per_file" };
  }
  const secondsFrom = secondsPerFile === undefined
    ? `${BASE_SECONDS}, and one for each 100 kB of the file`
    : "secondsPerFile in tenant.json";
  return { seconds, secondsFrom };
}
