const ISO_DURATION =
  /^-?P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d{1,9})?S)?)?$/;
const CQL_DURATION =
  /^-?(?=\d)(\d+y)?(\d+mo)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?(\d+(us|µs))?(\d+ns)?$/i;
/** As PostgreSQL writes an interval, and pandas a Timedelta: `1 year 2 mons 3 days 04:05:06.5`. */
const INTERVAL =
  /^(?=.)(?:([+-]?\d+) years?(?: |$))?(?:([+-]?\d+) mons?(?: |$))?(?:([+-]?\d+) days?(?: |$))?(?:([+-]?\d+):([0-5]\d):([0-5]\d)(?:\.(\d{1,9}))?)?$/;

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
