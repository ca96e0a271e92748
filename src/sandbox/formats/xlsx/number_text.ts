/**
 * The text that Excel displays for a number with a format such as `#,##0.00` or `00000`.
 *
 * @module
 */
import { type FormatSection, type FormatToken, literalOf } from "./number_format.ts";

/** The digits that Excel keeps of a number. */
const SIGNIFICANT_DIGITS = 15;

/** A number without its sign as `0.digits * 10^exponent`; no digits for zero. */
interface Decimal {
  digits: string;
  exponent: number;
}

/**
 * The displayed text, without padding.
 *
 * @param hasSign whether a negative number shows a minus: a section of its own for them has none
 * @returns null for formats that are not supported, such as fractions, and for hidden values
 */
export function numberText(value: number, section: FormatSection, hasSign: boolean): string | null {
  const { tokens } = section;
  const minus = value < 0 && hasSign ? "-" : "";
  const number = Math.abs(value);
  if (tokens.some(({ type }) => type === "general")) {
    const text = generalText(number);
    const all = tokens.map((token) => token.type === "general" ? text : literalOf(token));
    return all.includes(null) ? null : (minus + all.join("")).trim();
  }
  const layout = layoutOf(tokens);
  if (layout === null) return null;
  if (layout.exponent !== null) return exponentText(number, layout, minus);
  const shift = 2 * layout.percents - 3 * layout.scales;
  const shown = rounded(shifted(decimalOf(number), shift), layout.fraction.filter(isDigit).length);
  return (minus + integerText(shown, layout) + fractionText(shown, layout)).trim();
}

/** All digits of a number, up to 15, as Excel shows them without a format. */
function generalText(value: number): string {
  const text = String(Number(value.toPrecision(SIGNIFICANT_DIGITS)));
  return text.replace(/e([+-])(\d)$/, "E$10$2").replace("e", "E");
}

/** The parts of a format around its decimal point. */
interface Layout {
  integer: FormatToken[];
  /** From the decimal point on; empty without one. */
  fraction: FormatToken[];
  isGrouped: boolean;
  percents: number;
  /** How often the number is divided by 1,000. */
  scales: number;
  exponent: { sign: string; tokens: FormatToken[] } | null;
}

/** Null if the format is not supported. */
function layoutOf(all: readonly FormatToken[]): Layout | null {
  const isKnown = all.every((token) =>
    isDigit(token) || token.type === "exponent" ||
    token.type === "literal" || token.type === "sign" && token.text !== "/"
  );
  // Nothing to show a value with, as in `;;;`, which hides it.
  if (!isKnown || all.length === 0) return null;
  const at = all.findIndex(({ type }) => type === "exponent");
  const exponent = at < 0
    ? null
    : { sign: (all[at] as { text: string }).text, tokens: all.slice(at + 1) };
  const tokens = at < 0 ? all : all.slice(0, at);
  const point = tokens.findIndex((token) => isSign(token, "."));
  const whole = point < 0 ? tokens : tokens.slice(0, point);
  const lastDigit = whole.findLastIndex(isDigit);
  const fraction = point < 0 ? [] : tokens.slice(point);
  const commas = whole.flatMap((token, i) => isSign(token, ",") ? [i] : []);
  return {
    integer: whole.filter((token) => !isSign(token, ",")),
    fraction: fraction.filter((token) => !isSign(token, ",")),
    isGrouped: commas.some((i) => i < lastDigit),
    percents: all.filter((token) => isSign(token, "%")).length,
    scales: lastDigit < 0 ? 0 : commas.filter((i) => i > lastDigit).length +
      fraction.filter((token) => isSign(token, ",")).length,
    exponent,
  };
}

/** `1.50E+03`; engineering notation, with several digits before the point, is not supported. */
function exponentText(number: number, layout: Layout, minus: string): string | null {
  const { integer, fraction, exponent, percents, scales } = layout;
  const width = exponent!.tokens.filter(isDigit).length;
  const isPlain = integer.filter(isDigit).length === 1 && percents + scales === 0 &&
    exponent!.tokens.every(isDigit);
  if (!isPlain) return null;
  const given = decimalOf(number);
  const places = fraction.filter(isDigit).length;
  const mantissa = rounded({ digits: given.digits, exponent: 1 }, places);
  const power = given.digits === "" ? 0 : given.exponent - 1 + (mantissa.exponent > 1 ? 1 : 0);
  const shown = mantissa.digits === "" ? mantissa : { digits: mantissa.digits, exponent: 1 };
  const sign = power < 0 ? "-" : exponent!.sign === "E+" ? "+" : "";
  return minus + integerText(shown, layout) + fractionText(shown, layout) + "E" + sign +
    String(Math.abs(power)).padStart(width, "0");
}

/** Fills the placeholders before the decimal point from right to left. */
function integerText({ digits, exponent }: Decimal, { integer, isGrouped }: Layout): string {
  let rest = exponent > 0 ? digits.slice(0, exponent).padEnd(exponent, "0") : "";
  let open = integer.filter(isDigit).length;
  let count = 0;
  let text = "";
  const put = (digit: string) => {
    if (isGrouped && count > 0 && count % 3 === 0 && digit !== " ") text = "," + text;
    text = digit + text;
    count++;
  };
  for (const token of integer.toReversed()) {
    if (token.type !== "digit") {
      text = (literalOf(token) ?? "") + text;
      continue;
    }
    open--;
    const last = rest.slice(-1);
    rest = rest.slice(0, -1);
    if (last !== "") put(last);
    else if (token.text === "0") put("0");
    else if (token.text === "?") put(" ");
    // The first placeholder takes all digits that are left.
    for (; open === 0 && rest !== ""; rest = rest.slice(0, -1)) put(rest.slice(-1));
  }
  return text;
}

/** Fills the placeholders after the decimal point from left to right. */
function fractionText({ digits, exponent }: Decimal, { fraction }: Layout): string {
  const all = exponent < 0 ? "0".repeat(-exponent) + digits : digits.slice(exponent);
  let at = 0;
  return fraction.map((token) => {
    if (token.type !== "digit") return isSign(token, ".") ? "." : literalOf(token) ?? "";
    const digit = all[at++];
    if (digit !== undefined) return digit;
    return token.text === "0" ? "0" : token.text === "?" ? " " : "";
  }).join("");
}

function decimalOf(number: number): Decimal {
  const [mantissa = "", power = "0"] = number.toExponential(SIGNIFICANT_DIGITS - 1).split("e");
  const digits = mantissa.replace(".", "").replace(/0+$/, "");
  return { digits, exponent: digits === "" ? 0 : Number(power) + 1 };
}

function shifted({ digits, exponent }: Decimal, places: number): Decimal {
  return { digits, exponent: digits === "" ? 0 : exponent + places };
}

/** Rounds half away from zero to this number of decimal places, without trailing zeros. */
function rounded({ digits, exponent }: Decimal, places: number): Decimal {
  const kept = exponent + places;
  if (kept < 0) return { digits: "", exponent: 0 };
  if (kept >= digits.length) return { digits, exponent };
  if (digits[kept]! < "5") return trimmed(digits.slice(0, kept), exponent);
  const next = String(BigInt(digits.slice(0, kept) || "0") + 1n).padStart(kept, "0");
  return trimmed(next, exponent + next.length - kept);
}

function trimmed(digits: string, exponent: number): Decimal {
  const text = digits.replace(/0+$/, "");
  return { digits: text, exponent: text === "" ? 0 : exponent };
}

function isDigit(token: FormatToken): boolean {
  return token.type === "digit";
}

function isSign(token: FormatToken, sign: string): boolean {
  return token.type === "sign" && token.text === sign;
}

/** The text of a token that stands for itself; null for others. */
