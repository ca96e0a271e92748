/**
 * The usual forms of dates, times and timestamps, checked character by character: this is several times
 * as fast as a regular expression. Other forms are for iso_text.ts.
 *
 * @module
 */
import { isDay } from "./calendar.ts";

const ZERO = 0x30;
const DASH = 0x2d;
const COLON = 0x3a;
const POINT = 0x2e;
const DAY_CHARS = 10;
const CLOCK_CHARS = 8;

/** Whether a text is `YYYY-MM-DD`, an existing day. */
export function isUsualDate(text: string): boolean {
  return text.length === DAY_CHARS && isDayIn(text);
}

/** Whether a text is `HH:MM:SS`. */
export function isUsualTime(text: string): boolean {
  return text.length === CLOCK_CHARS && isClockAt(text, 0);
}

/**
 * The canonical text of `YYYY-MM-DD HH:MM:SS` or `YYYY-MM-DDTHH:MM:SS`, in UTC, which may be followed
 * by milliseconds and `Z`; null if the text has another form.
 */
export function usualTimestamp(text: string): string | null {
  const end = DAY_CHARS + 1 + CLOCK_CHARS;
  if (text.length < end || !isDayIn(text) || !isClockAt(text, DAY_CHARS + 1)) return null;
  const separator = text[DAY_CHARS];
  if (separator !== "T" && separator !== " ") return null;
  const isUtc = text.endsWith("Z");
  const fraction = text.length - end - (isUtc ? 1 : 0);
  if (fraction === 4) {
    if (text.charCodeAt(end) !== POINT || !(digitsAt(text, end + 1, 3) >= 0)) return null;
    if (isUtc && separator === "T") return text;
    return `${text.slice(0, DAY_CHARS)}T${text.slice(DAY_CHARS + 1, end + 4)}Z`;
  }
  return fraction === 0
    ? `${text.slice(0, DAY_CHARS)}T${text.slice(DAY_CHARS + 1, end)}.000Z`
    : null;
}

function isDayIn(text: string): boolean {
  return text.charCodeAt(4) === DASH && text.charCodeAt(7) === DASH &&
    isDay(digitsAt(text, 0, 4), digitsAt(text, 5, 2), digitsAt(text, 8, 2));
}

function isClockAt(text: string, at: number): boolean {
  return text.charCodeAt(at + 2) === COLON && text.charCodeAt(at + 5) === COLON &&
    digitsAt(text, at, 2) < 24 && digitsAt(text, at + 3, 2) < 60 && digitsAt(text, at + 6, 2) < 60;
}

/** The value of `count` digits; NaN, which compares as false, if one of them is not a digit. */
function digitsAt(text: string, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (!(digit >= 0 && digit <= 9)) return NaN;
    value = value * 10 + digit;
  }
  return value;
}
