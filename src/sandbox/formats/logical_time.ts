/**
 * Times as Parquet and Avro store them: whole units since midnight or since 1970.
 *
 * @module
 */
import { DAY_MS } from "../../sdk/values/calendar.ts";

/** A stored value that its type does not allow. It becomes a reject of its record. */
export class BadValue extends Error {}

/** The first and last day of years 1 to 9999, in days since 1970. */
const FIRST_DAY = -719_162;
const LAST_DAY = 2_932_896;

/**
 * The moment of a timestamp, in whole milliseconds: digits below are cut, so that the moment is never
 * later than the stored one, also before 1970.
 *
 * @param perMs the stored units in a millisecond: 1, 1_000 or 1_000_000
 * @throws {BadValue} outside years 1 to 9999
 */
function momentOf(units: number | bigint, perMs: 1 | 1_000 | 1_000_000): Date {
  const ms = typeof units === "number" || isSafe(units)
    ? Math.floor(Number(units) / perMs)
    : Number(floorDivide(units, BigInt(perMs)));
  if (ms < FIRST_DAY * DAY_MS || ms >= (LAST_DAY + 1) * DAY_MS) {
    throw new BadValue(`has a timestamp outside years 1 to 9999 (${units})`);
  }
  return new Date(ms);
}

/** How a timestamp is stored, and what is made of it: the SDK's `StoredTimestampOptions`. */
export interface TimestampKind {
  /** The stored units in a millisecond. */
  perMs: 1 | 1_000 | 1_000_000;
  /** Whether it is a local time, or one of a time zone that the file does not name. */
  isLocal: boolean;
  as: "date" | "text";
}

/** The conversion of stored timestamps. It throws {@link BadValue} outside years 1 to 9999. */
export function timestampReader(
  { perMs, isLocal, as }: TimestampKind,
): (units: number | bigint) => Date | string {
  if (as === "date") return (units) => momentOf(units, perMs);
  return (units) => {
    const moment = momentOf(units, perMs);
    const rest = BigInt(units) - BigInt(moment.getTime()) * BigInt(perMs);
    const digits = perMs === 1 ? "" : String(rest).padStart(perMs === 1_000 ? 3 : 6, "0");
    return `${moment.toISOString().slice(0, -1)}${digits}${isLocal ? "" : "Z"}`;
  };
}

/**
 * A day.
 * @param days since 1970
 * @throws {BadValue} outside years 1 to 9999
 */
export function dayOf(days: number): Date {
  if (days < FIRST_DAY || days > LAST_DAY) {
    throw new BadValue(`has a date outside years 1 to 9999 (day ${days})`);
  }
  return new Date(days * DAY_MS);
}

/**
 * A time of day as `HH:MM:SS.fff`, with all stored digits.
 *
 * @param units since midnight
 * @param digits of a second: 3, 6 or 9
 * @throws {BadValue} if it is not within a day
 */
export function timeOfDay(units: number | bigint, digits: 3 | 6 | 9): string {
  // A day of nanoseconds is below 2^53.
  const value = Number(units);
  const perSecond = 10 ** digits;
  if (value < 0 || value >= 86_400 * perSecond) {
    throw new BadValue(`has a time that is not within a day (${units})`);
  }
  const seconds = Math.floor(value / perSecond);
  const minutes = Math.floor(seconds / 60);
  const fraction = String(value % perSecond).padStart(digits, "0");
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(seconds % 60)}.${fraction}`;
}

/** Months, days and milliseconds as an ISO 8601 duration, such as `P1M2DT3.004S`. */
export function durationOf(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [months, days, ms] = [0, 4, 8].map((at) => view.getUint32(at, true)) as [
    number,
    number,
    number,
  ];
  const seconds = Math.floor(ms / 1_000);
  const fraction = ms % 1_000 === 0 ? "" : `.${String(ms % 1_000).padStart(3, "0")}`;
  const date = `${months > 0 ? `${months}M` : ""}${days > 0 ? `${days}D` : ""}`;
  return ms === 0 && date !== "" ? `P${date}` : `P${date}T${seconds}${fraction}S`;
}

/** Bytes as the text of a UUID. */
export function uuidOf(bytes: Uint8Array): string {
  return bytes.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

function isSafe(value: bigint): boolean {
  return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER;
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return quotient * by > value ? quotient - 1n : quotient;
}
