/**
 * Reads dates, times and timestamps from text and `Date` objects, as canonical text.
 *
 * @module
 */
import { filled, meansNull, type NullOptions } from "./blank.ts";
import { DAY_MS, dayNumber, dayText, instantText, timeText } from "./calendar.ts";
import {
  instantOf,
  isoDate,
  isoTime,
  isoTimestamp,
  milliseconds,
  type Written,
} from "./iso_text.ts";
import { type ClockChange, knownZone } from "./time_zone.ts";
import { isUsualDate, isUsualTime, usualTimestamp } from "./usual_text.ts";
import { fault, show, ValueFault } from "./value_fault.ts";
import { FormatFault, type Parts, type WrittenFormat, writtenFormat } from "./written_format.ts";
import { instantOfNumber, isNumber, type TimeUnit } from "./time_unit.ts";

/** How dates or times are written. */
export interface DateOptions extends NullOptions {
  /**
   * The format, such as "DD.MM.YYYY" or "HH:mm"; several are tried in order.
   * @default ISO 8601
   */
  readonly format?: string | readonly string[];
}

/** How timestamps are written. */
export interface TimestampOptions extends DateOptions {
  /** The IANA time zone of timestamps without an offset, such as "Europe/Berlin". @default "UTC" */
  readonly timeZone?: string;
  /** What happens to a local time that a clock change skips or repeats. @default "reject" */
  readonly clockChange?: ClockChange;
  /** The unit of a number, counted from 1970. Without it, numbers are rejected. */
  readonly unit?: TimeUnit;
}

/**
 * Reads a day: by default `2024-03-01`, `20240301`, or a timestamp at midnight.
 *
 * @param text text as in a file, or a `Date` (its day in UTC)
 * @returns `YYYY-MM-DD`; null for blank text and for texts that mean null
 * @throws {ValueFault} if it is not an existing day of the years 1 to 9999 in this form
 *
 * @example
 * ```ts
 * import { parseDate } from "mysimbdp";
 * parseDate("31.12.2024", { format: "DD.MM.YYYY" }); // "2024-12-31"
 * parseDate("Jan 5, 2024", { format: ["MMM D, YYYY", "M/D/YYYY"] }); // "2024-01-05"
 * ```
 */
export function parseDate(text: unknown, options?: DateOptions): string | null {
  if (typeof text === "string") {
    if (options === undefined && isUsualDate(text)) return text;
    const day = filled(text, options);
    if (day === null) return null;
    const format = options?.format;
    if (format === undefined) return isoDate(day) ?? fault(text, "a date (YYYY-MM-DD)");
    const parts = partsOf(day, format);
    if (parts === null || !isMidnight(parts)) return fault(text, `a date (${listed(format)})`);
    return dayText(parts.year, parts.month, parts.day);
  }
  if (text === null || text === undefined || meansNull(text, options)) return null;
  if (text instanceof Date) return dateText(text).slice(0, 10);
  return fault(text, "a date (YYYY-MM-DD)");
}

/**
 * Reads a time of day: by default `10:30`, `10:30:00.5` or `103000`. The day has no time 24:00 and no
 * second 60.
 *
 * @param text text as in a file
 * @returns `HH:MM:SS` with the decimals of the text; null for blank text and for texts that mean null
 * @throws {ValueFault} if it is not a time in this form
 *
 * @example
 * ```ts
 * import { parseTime } from "mysimbdp";
 * parseTime("9:05 pm", { format: "h:mm A" }); // "21:05:00"
 * ```
 */
export function parseTime(text: unknown, options?: DateOptions): string | null {
  if (typeof text === "string") {
    if (options === undefined && isUsualTime(text)) return text;
    const time = filled(text, options);
    if (time === null) return null;
    const format = options?.format;
    if (format === undefined) return isoTime(time) ?? fault(text, "a time (HH:MM:SS)");
    const parts = partsOf(time, format) ?? fault(text, `a time (${listed(format)})`);
    return timeText(parts.hour, parts.minute, parts.second, parts.fraction);
  }
  if (text === null || text === undefined || meansNull(text, options)) return null;
  return fault(text, "a time (HH:MM:SS)");
}

/**
 * Reads a timestamp: by default ISO 8601, or with a space in place of the `T` as in SQL. Text without
 * an offset is in `timeZone`. Decimals after the millisecond are cut.
 *
 * @param text text as in a file, a `Date`, or a number if `unit` is set
 * @returns `YYYY-MM-DDTHH:MM:SS.mmmZ`; null for blank text and for texts that mean null
 * @throws {ValueFault} if it is not a timestamp of the years 1 to 9999 in this form, or a local time
 *   that a clock change skips or repeats
 *
 * @example
 * ```ts
 * import { parseTimestamp } from "mysimbdp";
 * parseTimestamp("01.07.2024 14:30", { format: "DD.MM.YYYY HH:mm", timeZone: "Europe/Berlin" }); // "2024-07-01T12:30:00.000Z"
 * parseTimestamp(1719837000, { unit: "s" }); // "2024-07-01T12:30:00.000Z"
 * ```
 */
export function parseTimestamp(text: unknown, options?: TimestampOptions): string | null {
  return timestampOf(text, options);
}

/** As {@link parseTimestamp}; `localDates` says that a `Date` is a local time. */
export function timestampOf(
  text: unknown,
  options?: TimestampOptions & { localDates?: boolean },
): string | null {
  if (typeof text === "string") {
    const usual = options === undefined ? usualTimestamp(text) : null;
    if (usual !== null) return usual;
    const trimmed = filled(text, options);
    if (trimmed === null) return null;
    if (options?.unit !== undefined && isNumber(trimmed)) return counted(trimmed, options.unit);
    return zoned(text, written(text, trimmed, options), options);
  }
  if (text === null || text === undefined || meansNull(text, options)) return null;
  if (text instanceof Date) {
    if (options?.timeZone === undefined) return dateText(text);
    if (options.localDates) {
      return timestampOf(dateText(text).slice(0, -1), { ...options, format: undefined });
    }
    throw new ValueFault("a Date is in UTC: return text to read it in a time zone");
  }
  if (typeof text === "number" || typeof text === "bigint") {
    return options?.unit === undefined ? withoutUnit(text) : counted(text, options.unit);
  }
  return fault(text, "a timestamp (ISO 8601)");
}

function dateText(date: Date): string {
  const ms = Date.prototype.getTime.call(date);
  if (Number.isNaN(ms)) throw new ValueFault("a Date without a time is not a date");
  return instantText(ms) ?? outOfRange("a Date");
}

function counted(value: string | number | bigint, unit: TimeUnit): string {
  return instantText(instantOfNumber(value, unit)) ?? outOfRange(`${show(value)} (unit: ${unit})`);
}

function outOfRange(what: string): never {
  throw new ValueFault(`${what} is outside the years 1 to 9999`);
}

function withoutUnit(value: unknown): never {
  throw new ValueFault(
    `${show(value)} is a number, not a timestamp: set the unit of the column, such as unit: "s"`,
  );
}

function written(text: string, trimmed: string, options: TimestampOptions | undefined): Written {
  const format = options?.format;
  if (format === undefined) {
    const found = isoTimestamp(trimmed);
    if (found !== null) return found;
    return isNumber(trimmed) ? withoutUnit(text) : fault(text, "a timestamp (ISO 8601)");
  }
  const parts = partsOf(trimmed, format) ?? fault(text, `a timestamp (${listed(format)})`);
  const { hour, minute, second, fraction, offset } = parts;
  return {
    day: dayNumber(parts.year, parts.month, parts.day),
    ms: (hour * 3600 + minute * 60 + second) * 1000 + milliseconds(fraction),
    offset,
  };
}

function zoned(text: string, local: Written, options: TimestampOptions | undefined): string {
  if (local.offset !== null || options?.timeZone === undefined) {
    return instantText(instantOf(local, local.offset ?? 0)) ?? outOfRange(show(text));
  }
  const { timeZone: name, clockChange = "reject" } = options;
  const zone = knownZone(name) ?? fault(name, "a time zone, such as Europe/Berlin");
  const instant = zone.instant(local.day * DAY_MS + local.ms, clockChange);
  if (typeof instant === "number") return instantText(instant) ?? outOfRange(show(text));
  throw new ValueFault(
    `${
      show(text)
    } is ${instant} in ${name} when the clocks change: set clockChange to "earlier" or "later"`,
  );
}

/** The parts that the first matching format reads; null if none matches. */
function partsOf(text: string, format: string | readonly string[]): Parts | null {
  if (typeof format === "string") return usable(format).read(text);
  for (const one of format) {
    const parts = usable(one).read(text);
    if (parts !== null) return parts;
  }
  return null;
}

function usable(format: string): WrittenFormat {
  try {
    return writtenFormat(format);
  } catch (error) {
    if (!(error instanceof FormatFault)) throw error;
    throw new ValueFault(`the format ${show(format)} ${error.message}`);
  }
}

function isMidnight({ hour, minute, second, fraction }: Parts): boolean {
  return hour + minute + second === 0 && !/[1-9]/.test(fraction);
}

function listed(format: string | readonly string[]): string {
  return typeof format === "string" ? format : format.slice(0, 5).join(" or ");
}
