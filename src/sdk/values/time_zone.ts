/**
 * The rules of IANA time zones, from the tz database of the runtime. `Intl` is slow, so an offset is
 * kept for each day on which it does not change.
 *
 * @module
 */
import { DAY_MS } from "./calendar.ts";

/** Maximum number of days to remember for a zone: about 270 years. */
const MAX_DAYS = 100_000;
const MAX_ZONES = 100;

/** What happens to a local time that a change of the clocks skips or repeats. */
export type ClockChange = "reject" | "earlier" | "later";

const zones = new Map<string, TimeZone>();

/** The rules of a zone. @throws {RangeError} if there is no such zone */
export function timeZone(name: string): TimeZone {
  let zone = zones.get(name);
  if (zone === undefined) {
    zone = new TimeZone(name);
    if (zones.size >= MAX_ZONES) zones.clear();
    zones.set(name, zone);
  }
  return zone;
}

/** The rules of a zone; null if the runtime knows none of this name. */
export function knownZone(name: string): TimeZone | null {
  try {
    return timeZone(name);
  } catch {
    return null;
  }
}

/** Whether the runtime knows a time zone of this name. */
export function isTimeZone(name: string): boolean {
  return knownZone(name) !== null;
}

export class TimeZone {
  readonly #format: Intl.DateTimeFormat;
  /** The offset on each day in UTC; null if it changes on that day. */
  readonly #days = new Map<number, number | null>();

  constructor(name: string) {
    this.#format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      hourCycle: "h23",
      era: "short",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  }

  /**
   * The instant of a local time, both in milliseconds.
   *
   * @param clockChange which instant is meant if a change of the clocks skips or repeats the time
   * @returns "skipped" or "repeated" if that is "reject"
   */
  instant(local: number, clockChange: ClockChange): number | "skipped" | "repeated" {
    // No zone is more than a day from UTC, so these are the offsets before and after any change.
    const before = this.offset(local - DAY_MS);
    const after = this.offset(local + DAY_MS);
    if (before === after && this.offset(local - before) === before) return local - before;
    const earlier = local - Math.max(before, after);
    const later = local - Math.min(before, after);
    const isEarlier = earlier + this.offset(earlier) === local;
    const isLater = later + this.offset(later) === local;
    if (isEarlier !== isLater) return isEarlier ? earlier : later;
    if (clockChange === "reject") return isEarlier ? "repeated" : "skipped";
    return clockChange === "earlier" ? earlier : later;
  }

  /** The offset from UTC at an instant, in milliseconds. */
  offset(instant: number): number {
    const day = Math.floor(instant / DAY_MS);
    let offset = this.#days.get(day);
    if (offset === undefined) {
      const start = this.#exactOffset(day * DAY_MS);
      offset = start === this.#exactOffset((day + 1) * DAY_MS) ? start : null;
      if (this.#days.size >= MAX_DAYS) this.#days.clear();
      this.#days.set(day, offset);
    }
    return offset ?? this.#exactOffset(instant);
  }

  #exactOffset(instant: number): number {
    const second = Math.floor(instant / 1000) * 1000;
    const parts = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
    let isBc = false;
    for (const { type, value } of this.#format.formatToParts(second)) {
      if (type === "era") isBc = value.startsWith("B");
      else if (type in parts) parts[type as keyof typeof parts] = Number(value);
    }
    const { year, month, day, hour, minute } = parts;
    const local = new Date(0);
    local.setUTCFullYear(isBc ? 1 - year : year, month - 1, day);
    local.setUTCHours(hour, minute, parts.second);
    return local.getTime() - second;
  }
}
