/**
 * Dates and times of cells. Excel counts days from 1 January 1900, including a 29 February 1900 that
 * did not exist, or from 1 January 1904.
 *
 * @module
 */
import { DAY_MS } from "../../../sdk/values/calendar.ts";
import type { ValueKind } from "./number_format.ts";

const EPOCH_1900 = Date.UTC(1899, 11, 31);
const EPOCH_1904 = Date.UTC(1904, 0, 1);
/** The day that 1900, which was not a leap year, has too many. */
const FALSE_LEAP_DAY = 60;
/** 1 January 10000. */
const END = Date.UTC(10_000, 0, 1);

/** Why a number is not a date, as a continuation of "cell B3 ". */
export class DateFault {
  constructor(readonly reason: string) {}
}

/**
 * A number of days as a date, a time of day (`HH:MM:SS`) or a duration (`PT1H30M`). It is rounded to
 * the millisecond: a number cannot express most times exactly.
 */
export function dateOf(
  serial: number,
  kind: ValueKind,
  is1904: boolean,
): Date | string | DateFault {
  const ms = Math.round(serial * DAY_MS);
  if (kind === "elapsed") return durationText(ms);
  if (ms < 0) return new DateFault(`is a date before ${is1904 ? 1904 : 1900} (${serial})`);
  if (ms < DAY_MS && kind !== "date") return timeText(ms);
  const day = Math.floor(ms / DAY_MS);
  if (is1904) return dateAt(EPOCH_1904 + ms, serial);
  if (day === 0) return new DateFault(`is day 0 of January 1900, which is no date (${serial})`);
  if (day === FALSE_LEAP_DAY) {
    return new DateFault(`is 29 February 1900, which did not exist (${serial})`);
  }
  return dateAt(EPOCH_1900 + ms - (day > FALSE_LEAP_DAY ? DAY_MS : 0), serial);
}

function dateAt(time: number, serial: number): Date | DateFault {
  return time < END ? new Date(time) : new DateFault(`is a date after the year 9999 (${serial})`);
}

/** `HH:MM:SS`, with milliseconds if there are any. */
function timeText(ms: number): string {
  const text = new Date(ms).toISOString().slice(11, 23);
  return text.endsWith(".000") ? text.slice(0, 8) : text;
}

/** An ISO 8601 duration of hours, minutes and seconds. */
function durationText(signed: number): string {
  const ms = Math.abs(signed);
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor(ms / 60_000) % 60;
  const seconds = (ms % 60_000) / 1_000;
  const text = (hours > 0 ? `${hours}H` : "") + (minutes > 0 ? `${minutes}M` : "") +
    (seconds > 0 ? `${seconds}S` : "");
  return `${signed < 0 ? "-" : ""}PT${text === "" ? "0S" : text}`;
}

const ISO_DATE =
  /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:\d{2})?)?$/;
const ISO_TIME = /^T?((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?)Z?$/;

/** A date or time that is written as ISO 8601 in the cell. */
export function isoDate(text: string): Date | string | DateFault {
  const fault = new DateFault(`is not a date in ISO 8601 (${JSON.stringify(text.slice(0, 100))})`);
  const time = ISO_TIME.exec(text);
  if (time) return time[1]!;
  const [, day, clock = "00:00", zone = "Z"] = ISO_DATE.exec(text) ?? [];
  if (day === undefined) return fault;
  const date = new Date(`${day}T${clock}${zone}`);
  // JavaScript moves 30 February to March.
  const isDay = Number.isFinite(date.getTime()) &&
    new Date(`${day}T00:00Z`).toISOString().startsWith(day);
  return isDay ? date : fault;
}
