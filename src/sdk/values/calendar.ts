/**
 * Days, times and instants in the proleptic Gregorian calendar, by numbers and as canonical text.
 *
 * @module
 */

export const DAY_MS = 86_400_000;
/** 0001-01-01T00:00:00Z, in milliseconds since 1970. */
const FIRST_MS = -62_135_596_800_000;
/** The first millisecond after the year 9999. */
const END_MS = 253_402_300_800_000;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether a day exists, in the years 1 to 9999. NaN is no day. */
export function isDay(year: number, month: number, day: number): boolean {
  if (!(year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1)) return false;
  if (day <= 28) return true;
  const isLeap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= (DAYS[month - 1] ?? 0) + (isLeap ? 1 : 0);
}

/** Days since 1970-01-01 of a day that exists. */
export function dayNumber(year: number, month: number, day: number): number {
  // In years that start in March the leap day is the last day.
  const y = month > 2 ? year : year - 1;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) -
    Math.floor(yearOfEra / 100) + dayOfYear - 719_468;
}

/** `YYYY-MM-DD`. */
export function dayText(year: number, month: number, day: number): string {
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
}

/** `HH:MM:SS`, with the fraction's digits as they are. */
export function timeText(hour: number, minute: number, second: number, fraction: string): string {
  const time = `${two(hour)}:${two(minute)}:${two(second)}`;
  return fraction === "" ? time : `${time}.${fraction}`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/**
 * `YYYY-MM-DDTHH:MM:SS.mmmZ`; null outside the years 1 to 9999. Several times as fast as `toISOString`.
 *
 * @param ms milliseconds since 1970
 */
export function instantText(ms: number): string | null {
  if (!(ms >= FIRST_MS && ms < END_MS)) return null;
  const day = Math.floor(ms / DAY_MS);
  const time = ms - day * DAY_MS;
  const seconds = Math.floor(time / 1000);
  const minutes = Math.floor(seconds / 60);
  const clock = timeText(
    Math.floor(minutes / 60),
    minutes % 60,
    seconds % 60,
    String(time % 1000).padStart(3, "0"),
  );
  return `${dayOfNumber(day)}T${clock}Z`;
}

/** `YYYY-MM-DD` of a number of days since 1970-01-01: the opposite of {@link dayNumber}. */
function dayOfNumber(number: number): string {
  // In years that start in March the leap day is the last day.
  const days = number + 719_468;
  const era = Math.floor(days / 146_097);
  const dayOfEra = days - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra -
    (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const march = Math.floor((5 * dayOfYear + 2) / 153);
  const month = march < 10 ? march + 3 : march - 9;
  const day = dayOfYear - Math.floor((153 * march + 2) / 5) + 1;
  return dayText(yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day);
}
