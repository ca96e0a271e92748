/**
 * Dates, times and timestamps as ISO 8601 and SQL write them.
 *
 * @module
 */
import { DAY_MS, dayNumber, dayText, isDay, timeText } from "./calendar.ts";

/** A local date and time as text says it. An offset is in seconds; null if the text has none. */
export interface Written {
  /** Days since 1970-01-01. */
  day: number;
  /** Milliseconds since midnight. */
  ms: number;
  offset: number | null;
}

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const BASIC_DATE = /^(\d{4})(\d{2})(\d{2})$/;
const MIDNIGHT =
  /^(\d{4}-?\d{2}-?\d{2})[T ]00(?::?00){1,2}(?:[.,]0{1,9})?\s?(?:Z|UTC|[+-][\d:]{2,8})?$/i;
const TIME = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:[.,](\d{1,9}))?)?$/;
const BASIC_TIME = /^([01]\d|2[0-3])([0-5]\d)([0-5]\d)(?:[.,](\d{1,9}))?$/;
const TIMESTAMP =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:[.,](\d{1,9}))?)?\s?(\S+)?)?$/i;
const BASIC_TIMESTAMP =
  /^(\d{4})(\d{2})(\d{2})(?:T([01]\d|2[0-3])([0-5]\d)(?:([0-5]\d)(?:[.,](\d{1,9}))?)?(\S+)?)?$/i;
const OFFSET = /^([+-])([01]\d|2[0-3])(?::?([0-5]\d)(?::?([0-5]\d))?)?$/;

/** `YYYY-MM-DD` of a day, which may be written without dashes or as a timestamp at midnight. */
export function isoDate(text: string): string | null {
  const found = DATE.exec(text) ?? BASIC_DATE.exec(text);
  if (found === null) {
    const day = MIDNIGHT.exec(text)?.[1];
    return day === undefined ? null : isoDate(day);
  }
  const [year, month, day] = [Number(found[1]), Number(found[2]), Number(found[3])];
  return isDay(year, month, day) ? dayText(year, month, day) : null;
}

/** `HH:MM:SS[.fraction]` of a time of day, of which the seconds may be missing. */
export function isoTime(text: string): string | null {
  const found = TIME.exec(text) ?? BASIC_TIME.exec(text);
  if (found === null) return null;
  return timeText(Number(found[1]), Number(found[2]), Number(found[3] ?? 0), found[4] ?? "");
}

/** A timestamp; a date alone is its midnight. */
export function isoTimestamp(text: string): Written | null {
  const found = TIMESTAMP.exec(text) ?? BASIC_TIMESTAMP.exec(text);
  if (found === null) return null;
  const [year, month, day] = [Number(found[1]), Number(found[2]), Number(found[3])];
  if (!isDay(year, month, day)) return null;
  const offset = found[8] === undefined ? null : offsetOf(found[8]);
  if (Number.isNaN(offset)) return null;
  const seconds = Number(found[4] ?? 0) * 3600 + Number(found[5] ?? 0) * 60 + Number(found[6] ?? 0);
  return {
    day: dayNumber(year, month, day),
    ms: seconds * 1000 + milliseconds(found[7]),
    offset,
  };
}

/** The whole milliseconds of a fraction's digits. */
export function milliseconds(fraction: string | undefined): number {
  return fraction === undefined ? 0 : Number(fraction.slice(0, 3).padEnd(3, "0"));
}

/** The seconds of `Z`, `UTC`, `GMT`, `+02`, `+0200`, `+02:00` or `+02:00:00`; NaN if it is none of these. */
export function offsetOf(text: string): number {
  const found = OFFSET.exec(text);
  if (found === null) return /^(?:Z|UTC|GMT)$/i.test(text) ? 0 : NaN;
  const seconds = Number(found[2]) * 3600 + Number(found[3] ?? 0) * 60 + Number(found[4] ?? 0);
  return found[1] === "-" ? -seconds : seconds;
}

/** Milliseconds since 1970 of a local time at an offset in seconds. */
export function instantOf({ day, ms }: Written, offset: number): number {
  return day * DAY_MS + ms - offset * 1000;
}
