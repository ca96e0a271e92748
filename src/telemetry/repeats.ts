const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** A problem that has not happened for this long has ended, even if nobody said so. */
const QUIET_MS = 15 * 60_000;
/** Bounds the memory: the problems that are remembered, and the different texts of each. */
const MAX_PROBLEMS = 10_000;
const MAX_TEXTS = 8;

/** A problem with one text. */
interface Shown {
  shownAt: number;
  /** Milliseconds until it is shown again. */
  pause: number;
  /** How often it happened since it was shown. */
  hidden: number;
}

interface Problem {
  since: number;
  lastAt: number;
  failures: number;
  /** By their text without what differs each time. */
  texts: Map<string, Shown>;
}

/** How often something happened without being shown, and in how many seconds. */
export interface Repetition {
  count: number;
  seconds: number;
}

/**
 * Decides when a problem that happens again and again is shown: at once, then after one minute, two,
 * four ... up to every hour. Another text is shown at once, and so is a problem that had ended.
 *
 * @example
 * ```ts
 * import { Repeats } from "./repeats.ts";
 * const repeats = new Repeats();
 * repeats.failed("scan", "disk error"); // { count: 0, seconds: 0 }: show it
 * repeats.failed("scan", "disk error"); // null: it was shown a moment ago
 * repeats.ended("scan"); // { count: 2, seconds: 0 }: show that it works again
 * ```
 */
export class Repeats {
  readonly #monotonic: () => number;
  readonly #problems = new Map<string, Problem>();

  /** @param monotonic milliseconds since any moment; never decreases */
  constructor(monotonic: () => number = () => performance.now()) {
    this.#monotonic = monotonic;
  }

  /** Counts a failure. @returns how often it was hidden before; null when it is not to be shown */
  failed(problem: string, text: string): Repetition | null {
    const now = this.#monotonic();
    const found = this.#open(problem, now);
    found.lastAt = now;
    found.failures++;
    const key = withoutChanging(text);
    const shown = found.texts.get(key);
    if (!shown) {
      setBounded(found.texts, key, { shownAt: now, pause: FIRST_PAUSE_MS, hidden: 0 }, MAX_TEXTS);
      return { count: 0, seconds: 0 };
    }
    shown.hidden++;
    const waited = now - shown.shownAt;
    if (waited < shown.pause) return null;
    const repetition = { count: shown.hidden, seconds: Math.round(waited / 1000) };
    const pause = Math.min(2 * shown.pause, LONGEST_PAUSE_MS);
    Object.assign(shown, { shownAt: now, pause, hidden: 0 });
    return repetition;
  }

  /** Ends a problem. @returns how often it happened, and for how long; null when it was none */
  ended(problem: string): Repetition | null {
    const found = this.#problems.get(problem);
    if (!found) return null;
    this.#problems.delete(problem);
    const seconds = Math.round((this.#monotonic() - found.since) / 1000);
    return { count: found.failures, seconds };
  }

  #open(problem: string, now: number): Problem {
    const found = this.#problems.get(problem);
    if (found && now - found.lastAt <= QUIET_MS) return found;
    const opened = { since: now, lastAt: now, failures: 0, texts: new Map() };
    this.#problems.delete(problem);
    setBounded(this.#problems, problem, opened, MAX_PROBLEMS);
    return opened;
  }
}

/** Adds to a map and drops its oldest entry when it is full. */
function setBounded<T>(map: Map<string, T>, key: string, value: T, most: number): void {
  const [oldest] = map.keys();
  if (map.size >= most && oldest !== undefined) map.delete(oldest);
  map.set(key, value);
}

/** Names of temporary files, durations and byte counts differ in each text of one problem. */
function withoutChanging(text: string): string {
  return text.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+\.\d+|\d{5,}/gi, "#");
}
