/**
 * The forms in which a text can be a date, a time or a timestamp, derived from its shape alone.
 *
 * @module
 */

export type TemporalType = "date" | "time" | "timestamp";
/** The order of the parts of a date; "" without a date. */
type DateOrder = "" | "YMD" | "DMY" | "MDY";

/** A form that a text may have. */
export interface TemporalForm {
  type: TemporalType;
  /** The format of the column's option, in which days, months and hours have one or two digits. */
  format: string;
  /** To tell the first of February from the second of January in 1/2/2024. */
  order: DateOrder;
  hasZone: boolean;
}

const MONTH = /^(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)$/i;
const FULL_MONTH =
  /^(january|february|march|april|june|july|august|september|october|november|december)$/i;
const WEEKDAY = /^(sun|mon|tue|wed|thu|fri|sat)$/i;
const FULL_WEEKDAY = /^(sunday|monday|tuesday|wednesday|thursday|friday|saturday)$/i;
const PART = /\d+|[A-Za-z]+|[^\dA-Za-z]/g;
/** Longer texts are not dates. */
const MAX_CHARS = 40;

/**
 * The kinds of a text's parts. Texts with the same shape have the same forms.
 *
 * @returns null if the text is not a date or a time
 * @example
 * ```ts
 * import { shapeOf } from "./temporal_shape.ts";
 * shapeOf("Jan 1 2000"); // "M n y"
 * ```
 */
export function shapeOf(text: string): string | null {
  if (text.length > MAX_CHARS) return null;
  let shape = "";
  for (const [part] of text.matchAll(PART)) {
    if (/^\d/.test(part)) {
      shape += part.length <= 2 ? "n" : part.length === 4 ? "y" : `<${part.length}>`;
    } else if (!/^[A-Za-z]/.test(part)) shape += part;
    else if (MONTH.test(part)) shape += "M";
    else if (FULL_MONTH.test(part)) shape += "F";
    else if (/^[ap]m$/i.test(part)) shape += "P";
    else if (WEEKDAY.test(part)) shape += "W";
    else if (FULL_WEEKDAY.test(part)) shape += "L";
    else if (part === "T" || part === "Z") shape += part;
    else if (part === "UTC" || part === "GMT") shape += "Z";
    else return null;
  }
  return /[ny<]/.test(shape) ? shape : null;
}

interface DateShape {
  shape: RegExp;
  formats: readonly (readonly [order: DateOrder, format: string])[];
}

/** `$1` and `$2` are the groups of the shape. */
const DATES: readonly DateShape[] = [
  { shape: /^y([/.-])n\1n/, formats: [["YMD", "YYYY$1M$1D"]] },
  { shape: /^n\.n\.y/, formats: [["DMY", "D.M.YYYY"]] },
  { shape: /^n([/-])n\1y/, formats: [["DMY", "D$1M$1YYYY"], ["MDY", "M$1D$1YYYY"]] },
  { shape: /^n\.n\.n/, formats: [["DMY", "D.M.YY"]] },
  { shape: /^n([/-])n\1n/, formats: [["DMY", "D$1M$1YY"], ["MDY", "M$1D$1YY"]] },
  { shape: /^([MF]) n(,?) y/, formats: [["MDY", "$1 D$2 YYYY"]] },
  { shape: /^n([ /-])([MF])\1y/, formats: [["DMY", "D$1$2$1YYYY"]] },
  { shape: /^n([ /-])([MF])\1n/, formats: [["DMY", "D$1$2$1YY"]] },
  { shape: /^n\. ([MF]) y/, formats: [["DMY", "D. $1 YYYY"]] },
  { shape: /^<8>/, formats: [["YMD", "YYYYMMDD"]] },
];
const TIME =
  /^(?<start>, |[ T])?n:n(?<seconds>:n(?<fraction>[.,](?:n|y|<\d+>))?)?(?<half> ?P)?(?<gap> ?)(?<zone>Z|[+-](?:y|n:n|n))?$/;

type Groups = Record<string, string | undefined>;

/** The forms that a text of a shape may have; whether its numbers fit is not checked. */
export function formsOf(shape: string): TemporalForm[] {
  const clock = TIME.exec(shape)?.groups;
  if (clock && clock["start"] === undefined && clock["zone"] === undefined) {
    return [{ type: "time", format: timeFormat(clock), order: "", hasZone: false }];
  }
  const [, weekday = "", rest = ""] = /^([WL],? )?(.*)$/.exec(shape) ?? [];
  const day = weekday.replace("W", "ddd").replace("L", "dddd");
  return formsOfDate(rest).map((form) => ({ ...form, format: day + form.format }));
}

function formsOfDate(shape: string): TemporalForm[] {
  for (const { shape: pattern, formats } of DATES) {
    const date = pattern.exec(shape);
    const rest = date && shape.slice(date[0].length);
    const time = rest ? TIME.exec(rest)?.groups : undefined;
    if (date === null || rest !== "" && time?.["start"] === undefined) continue;
    return formats.map(([order, template]) => formOf(order, filled(template, date), time));
  }
  return [];
}

function filled(template: string, groups: RegExpExecArray): string {
  return template.replaceAll(/\$(\d)/g, (_, n) => {
    const group = groups[Number(n)] ?? "";
    return group === "M" ? "MMM" : group === "F" ? "MMMM" : group;
  });
}

function formOf(order: DateOrder, date: string, time: Groups | undefined): TemporalForm {
  if (time === undefined) return { type: "date", format: date, order, hasZone: false };
  const format = `${date}${time["start"]}${timeFormat(time)}`;
  return { type: "timestamp", format, order, hasZone: time["zone"] !== undefined };
}

function timeFormat({ seconds, fraction, half, gap, zone }: Groups): string {
  return (half === undefined ? "H:mm" : "h:mm") +
    (seconds === undefined ? "" : ":ss") +
    (fraction === undefined ? "" : `${fraction.charAt(0)}S`) +
    (half === undefined ? "" : half.replace("P", "A")) +
    (zone === undefined ? "" : `${gap}Z`);
}

/** The same format with two digits for days, months and hours. */
export function paddedFormat(format: string): string {
  return format.replaceAll(/(?<!D)D(?!D)|(?<!M)M(?!M)|(?<!H)H(?!H)|(?<!h)h(?!h)/g, "$&$&");
}
