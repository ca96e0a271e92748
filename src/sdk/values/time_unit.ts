import { fault } from "./value_fault.ts";

/** The unit of a number that counts from 1970. */
export type TimeUnit = "s" | "ms" | "us" | "ns";

const NUMBER = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;
/** More digits are no instant in the years 1 to 9999. */
const MAX_DIGITS = 15;
/** The decimal places from a unit to milliseconds. */
const PLACES: Record<TimeUnit, number> = { s: 3, ms: 0, us: -3, ns: -6 };

/** Whether a text is a number. */
export function isNumber(text: string): boolean {
  return NUMBER.test(text);
}

/** The millisecond since 1970 in which a number of units lies; NaN if it is far out of range. */
export function instantOfNumber(value: string | number | bigint, unit: TimeUnit): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) {
    if (unit === "ms") return value;
    if (unit === "s") return value * 1000;
  }
  const found = NUMBER.exec(String(value)) ?? fault(value, "a number");
  const [, sign, whole = "", fraction = "", exponent = "0"] = found;
  // By digits: a double would round the last millisecond.
  const digits = `${whole}${fraction}`;
  const point = whole.length + Number(exponent) + PLACES[unit];
  const kept = digits.slice(0, Math.max(point, 0)).padEnd(point, "0").replace(/^0+/, "");
  if (kept.length > MAX_DIGITS) return NaN;
  const isCut = /[1-9]/.test(digits.slice(Math.max(point, 0)));
  return sign === "-" ? -Number(kept) - (isCut ? 1 : 0) : Number(kept);
}
