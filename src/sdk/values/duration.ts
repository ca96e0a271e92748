const ISO_DURATION =
  /^-?P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,9}))?S)?)?$/;
const CQL_DURATION =
  /^-?(?=\d)(?:(\d+)y)?(?:(\d+)mo)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?(?:(\d+)(?:us|µs))?(?:(\d+)ns)?$/i;
/** As PostgreSQL writes an interval, and pandas a Timedelta: `1 year 2 mons 3 days 04:05:06.5`. */
const INTERVAL =
  /^(?=.)(?:([+-]?\d+) years?(?: |$))?(?:([+-]?\d+) mons?(?: |$))?(?:([+-]?\d+) days?(?: |$))?(?:([+-]?\d+):([0-5]\d):([0-5]\d)(?:\.(\d{1,9}))?)?$/;

const MAX_INT = 2n ** 31n - 1n;
const MAX_LONG = 2n ** 63n - 1n;
const SECOND = 1_000_000_000n;

/** What a duration consists of, without its sign. */
export interface DurationParts {
  months: bigint;
  days: bigint;
  nanos: bigint;
}

/** The parts of a duration in one of the two forms of CQL; null for other text. */
export function durationParts(text: string): DurationParts | null {
  const iso = ISO_DURATION.exec(text);
  const found = iso ?? CQL_DURATION.exec(text);
  if (found === null) return null;
  const n = (group: number) => BigInt(found[group] ?? 0);
  const seconds = n(5) * 3600n + n(6) * 60n + n(7);
  const fraction = iso
    ? BigInt((found[8] ?? "").padEnd(9, "0"))
    : n(8) * 1_000_000n + n(9) * 1_000n + n(10);
  return { months: n(1) * 12n + n(2), days: n(3) * 7n + n(4), nanos: seconds * SECOND + fraction };
}

/** Whether months and days fit into 32 bits and nanoseconds into 64, as CQL requires. */
export function isDurationInRange({ months, days, nanos }: DurationParts): boolean {
  return months <= MAX_INT && days <= MAX_INT && nanos <= MAX_LONG;
}

/** Fewer digits are within the range in every unit. */
const MANY_DIGITS = /\d{7}/;

/** Whether a duration that {@link durationText} has returned is in the range of CQL. */
export function fitsDuration(text: string): boolean {
  if (!MANY_DIGITS.test(text)) return true;
  const parts = durationParts(text);
  return parts !== null && isDurationInRange(parts);
}

/**
 * A duration in one of the two forms of CQL, as it is; an interval of PostgreSQL becomes CQL. Null for
 * other text, and if parts of an interval have different signs, which a duration cannot have.
 */
export function durationText(text: string): string | null {
  return ISO_DURATION.test(text) || CQL_DURATION.test(text) ? text : intervalText(text);
}

function intervalText(text: string): string | null {
  const found = INTERVAL.exec(text);
  if (found === null) return null;
  const [, years, months, days, hours, minutes, seconds, fraction = ""] = found;
  const signed = [years, months, days, hours].filter((part) => part !== undefined);
  const isNegative = signed.some((part) => part.startsWith("-"));
  if (isNegative && signed.some((part) => !part.startsWith("-") && /[1-9]/.test(part))) return null;
  const nanos = fraction.padEnd(9, "0");
  const parts: [string | undefined, string][] = [
    [years, "y"],
    [months, "mo"],
    [days, "d"],
    [hours, "h"],
    [minutes, "m"],
    [seconds, "s"],
    [nanos.slice(0, 3), "ms"],
    [nanos.slice(3, 6), "us"],
    [nanos.slice(6), "ns"],
  ];
  const written = parts.map(([digits = "", unit]) => {
    const value = digits.replace(/^[+-]?0*/, "");
    return value === "" ? "" : `${value}${unit}`;
  }).join("");
  return written === "" ? "0s" : `${isNegative ? "-" : ""}${written}`;
}
