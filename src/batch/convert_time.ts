/**
 * Converts dates, times, timestamps and durations to canonical text. The functions return null for
 * values that they do not understand.
 *
 * @module
 */

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIME = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(\.\d{1,9})?)?$/;
// ISO 8601, or with a space instead of the T, as in SQL. Without a time zone it is UTC.
const TIMESTAMP =
  /^(\d{4}-\d{2}-\d{2})(?:[T ]((?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?)\s?(Z|[+-]\d{2}:?\d{2})?)?$/;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isDay(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= (DAYS[month - 1] ?? 0) + (leap ? 1 : 0);
}

/** `YYYY-MM-DD`, from text in that form or from a Date (its day in UTC). */
export function toDate(value: string | number | Date): string | null {
  if (typeof value === "number") return null;
  if (typeof value !== "string") return isoOf(value)?.slice(0, 10) ?? null;
  const found = DATE.exec(value.length === 10 ? value : value.trim());
  if (!found) return null;
  return isDay(Number(found[1]), Number(found[2]), Number(found[3])) ? found[0] : null;
}

/** `HH:MM:SS[.fraction]`. */
export function toTime(value: string | number | Date): string | null {
  if (typeof value !== "string") return null;
  const found = TIME.exec(value.trim());
  return found ? `${found[1]}:${found[2]}:${found[3] ?? "00"}${found[4] ?? ""}` : null;
}

/** `YYYY-MM-DDTHH:MM:SS.mmmZ`; a number is in milliseconds since the epoch. */
export function toTimestamp(value: string | number | Date): string | null {
  if (typeof value === "number") return isoOf(new Date(value));
  if (typeof value !== "string") return isoOf(value);
  const found = TIMESTAMP.exec(value.trim());
  if (!found || toDate(found[1] ?? "") === null) return null;
  const zone = (found[3] ?? "Z").replace(/^([+-]\d{2}):?(\d{2})$/, "$1:$2");
  return isoOf(new Date(`${found[1]}T${found[2] ?? "00:00"}${zone}`));
}

function isoOf(date: Date): string | null {
  const time = Date.prototype.getTime.call(date);
  return Number.isFinite(time) ? new Date(time).toISOString() : null;
}

const ISO_DURATION =
  /^-?P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d{1,9})?S)?)?$/;
const CQL_DURATION =
  /^-?(?=\d)(\d+y)?(\d+mo)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?(\d+(us|µs))?(\d+ns)?$/i;

/** The unchanged text of a duration, if it has one of the two forms of CQL. */
export function toDuration(value: string | number | Date): string | null {
  if (typeof value !== "string") return null;
  const text = value.trim();
  return ISO_DURATION.test(text) || CQL_DURATION.test(text) ? text : null;
}
