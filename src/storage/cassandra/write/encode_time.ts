/**
 * Converts the canonical text of dates, times and durations to CQL's bytes.
 *
 * @module
 */
import { durationParts, isDurationInRange } from "../../../batch/duration.ts";
import { type CqlBytes, textOf, wrong } from "./cql_bytes.ts";

const ZERO = 0x30;
const DASH = 0x2d;
const COLON = 0x3a;
/** CQL counts days from -5877641-06-23, so that the epoch is in the middle of 32 bits. */
const EPOCH_DAY = 2 ** 31;
const DAY_MS = 86_400_000;
const TIMESTAMP_CHARS = 24;

/** The value of `count` digits; NaN if one of them is not a digit. */
function digits(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = bytes[i]! - ZERO;
    if (!(digit >= 0 && digit <= 9)) return NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** Days since the epoch in the proleptic Gregorian calendar; NaN if there is no such day. */
function dayAt(bytes: Uint8Array, at: number): number {
  if (bytes[at + 4] !== DASH || bytes[at + 7] !== DASH) return NaN;
  const year = digits(bytes, at, 4);
  const month = digits(bytes, at + 5, 2);
  const day = digits(bytes, at + 8, 2);
  if (!(year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= 31)) return NaN;
  if (day > 28 && day > daysIn(year, month)) return NaN;
  // In years that start in March the leap day is the last day.
  const y = month > 2 ? year : year - 1;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) +
    dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Writes `YYYY-MM-DD`. */
export function writeDate(bytes: Uint8Array, start: number, end: number, out: CqlBytes): void {
  const day = end - start === 10 ? dayAt(bytes, start) : NaN;
  if (Number.isNaN(day)) wrong("a date (YYYY-MM-DD)");
  out.int((day + EPOCH_DAY) | 0);
}

/** Writes `HH:MM:SS`, with a fraction of up to nine digits, as nanoseconds since midnight. */
export function writeTime(bytes: Uint8Array, start: number, end: number, out: CqlBytes): void {
  const seconds = end - start >= 8 ? secondsAt(bytes, start) : NaN;
  const fraction = end - start === 8 ? 0 : fractionAt(bytes, start + 8, end);
  if (Number.isNaN(seconds + fraction)) wrong("a time (HH:MM:SS)");
  out.safeLong(seconds * 1e9 + fraction);
}

function secondsAt(bytes: Uint8Array, at: number): number {
  if (bytes[at + 2] !== COLON || bytes[at + 5] !== COLON) return NaN;
  const hours = digits(bytes, at, 2);
  const minutes = digits(bytes, at + 3, 2);
  const seconds = digits(bytes, at + 6, 2);
  return hours < 24 && minutes < 60 && seconds < 60 ? hours * 3600 + minutes * 60 + seconds : NaN;
}

/** The nanoseconds of a fraction that starts with a point. */
function fractionAt(bytes: Uint8Array, at: number, end: number): number {
  const count = end - at - 1;
  if (bytes[at] !== 0x2e || count < 1 || count > 9) return NaN;
  return digits(bytes, at + 1, count) * 10 ** (9 - count);
}

/** Writes the result of `Date.toISOString`: `YYYY-MM-DDTHH:MM:SS.mmmZ`, or a signed year of six digits. */
export function writeTimestamp(bytes: Uint8Array, start: number, end: number, out: CqlBytes): void {
  let ms = end - start === TIMESTAMP_CHARS ? commonMs(bytes, start) : NaN;
  if (Number.isNaN(ms)) ms = rareMs(textOf(bytes, start, end));
  if (Number.isNaN(ms)) wrong("a timestamp (ISO 8601)");
  out.safeLong(ms);
}

function commonMs(bytes: Uint8Array, at: number): number {
  if (bytes[at + 10] !== 0x54 || bytes[at + 19] !== 0x2e || bytes[at + 23] !== 0x5a) return NaN;
  return dayAt(bytes, at) * DAY_MS + secondsAt(bytes, at + 11) * 1000 + digits(bytes, at + 20, 3);
}

function rareMs(text: string): number {
  return /^[+-]\d{6}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/.test(text) ? Date.parse(text) : NaN;
}

/** Writes a duration in one of CQL's two notations as months, days and nanoseconds of variable size. */
export function writeDuration(bytes: Uint8Array, start: number, end: number, out: CqlBytes): void {
  const parts = durationParts(textOf(bytes, start, end).replace("Âµ", "µ"));
  if (parts === null) return wrong("a duration");
  if (!isDurationInRange(parts)) wrong("in the range of CQL's durations");
  const sign = bytes[start] === DASH ? -1n : 1n;
  for (const part of [parts.months, parts.days, parts.nanos]) writeVint(part * sign, out);
}

/** Writes a number in zigzag encoding; the first byte has a leading 1 bit for each byte after it. */
function writeVint(value: bigint, out: CqlBytes): void {
  const unsigned = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  let extra = 0;
  while (extra < 8 && unsigned >> BigInt(7 * (extra + 1)) > 0n) extra++;
  const ones = extra === 8 ? 0xff : (0xff << (8 - extra)) & 0xff;
  const top = extra === 8 ? 0 : Number(unsigned >> BigInt(8 * extra));
  out.byte(ones | top);
  for (let i = extra - 1; i >= 0; i--) out.byte(Number((unsigned >> BigInt(8 * i)) & 0xffn));
}
