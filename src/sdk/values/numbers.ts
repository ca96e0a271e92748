/**
 * Reads numbers from text: with a decimal comma, with separators between groups of three digits, and
 * whole numbers written as `1.0` or `1e3`.
 *
 * @module
 */
import { filled, meansNull, type NullOptions } from "./blank.ts";
import { fault, ValueFault } from "./value_fault.ts";

/** How numbers are written. */
export interface NumberOptions extends NullOptions {
  /** The decimal separator. @default "." */
  readonly decimal?: "." | ",";
  /** The separator between groups of three digits: ".", ",", " " (any space) or "'". @default none */
  readonly group?: "." | "," | " " | "'";
}

const INTEGER = /^[+-]?\d+$/;
const NUMBER = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d+))?$/;
const USUAL_DECIMAL = /^-?\d+(?:\.\d+)?$/;
/** Digits that are certainly a bigint, in their usual form. */
const SHORT_INTEGER = /^-?[1-9]\d{0,17}$/;
const GROUP_CLASS = { ".": "[.]", ",": ",", " ": "[ \\u00a0\\u2009\\u202f]", "'": "['\\u2019]" };

/** Maximum length of a number with all its digits, in characters. */
export const MAX_DIGITS = 4096;
/** The scale of a decimal has 32 bits. */
const MAX_EXPONENT = 1_000_000;

const patterns = new Map<string, RegExp>();

/** Numbers with groups: the first has one to three digits, and all separators are the same. */
function grouped(decimal: string, group: "." | "," | " " | "'"): RegExp {
  const key = decimal + group;
  const known = patterns.get(key);
  if (known !== undefined) return known;
  const pattern = new RegExp(
    `^[+-]?[1-9]\\d{0,2}(${GROUP_CLASS[group]})\\d{3}(?:\\1\\d{3})*(?:[${decimal}]\\d*)?$`,
  );
  patterns.set(key, pattern);
  return pattern;
}

/**
 * Number text in the usual form: without group separators, and with a decimal point.
 *
 * @param text without white space around it
 * @returns null if it is not a number in this form
 */
export function plainNumber(text: string, options: NumberOptions | undefined): string | null {
  const decimal = options?.decimal ?? ".";
  let plain = text;
  if (options?.group !== undefined) {
    const separator = grouped(decimal, options.group).exec(text)?.[1];
    if (separator !== undefined) plain = text.replaceAll(separator, "");
  }
  if (decimal === ",") {
    if (plain.includes(".")) return null;
    plain = plain.replace(",", ".");
  }
  return NUMBER.test(plain) ? plain : null;
}

/**
 * The digits of a whole number, with a minus if it is negative. `1.0` and `1e3` are whole numbers.
 *
 * @param plain a number as {@link plainNumber} returns it
 * @returns null if it is not whole, or has more than 4,096 digits
 */
export function wholeDigits(plain: string): string | null {
  if (plain.length > MAX_DIGITS) return null;
  const [, sign, mantissa = "", exponent = "0"] = NUMBER.exec(plain) ?? [];
  const [whole = "", fraction = ""] = mantissa.split(".");
  const written = `${whole}${fraction}`.replace(/^0+/, "");
  const digits = written.replace(/0+$/, "");
  if (digits === "") return "0";
  const zeros = written.length - digits.length + Number(exponent) - fraction.length;
  if (!(zeros >= 0 && zeros + digits.length <= MAX_DIGITS)) return null;
  return `${sign === "-" ? "-" : ""}${digits}${"0".repeat(zeros)}`;
}

/** A whole number as a JavaScript number; null if it is blank. @throws {ValueFault} */
export function integerIn(
  value: unknown,
  what: string,
  [min, max]: readonly [number, number],
  options?: NumberOptions,
): number | null {
  let number: number;
  if (typeof value === "number") number = value;
  else if (typeof value === "string") {
    if (options === undefined && INTEGER.test(value)) number = Number(value);
    else {
      const text = filled(value, options);
      if (text === null) return null;
      const plain = plainNumber(text, options);
      number = Number((plain === null ? null : wholeDigits(plain)) ?? fault(value, what));
    }
  } else if (value === null || value === undefined) return null;
  else if (typeof value === "bigint") number = Number(value);
  else return fault(value, what);
  if (options !== undefined && meansNull(value, options)) return null;
  if (!Number.isInteger(number)) fault(value, what);
  if (number < min || number > max) fault(value, `between ${min} and ${max}`);
  return number === 0 ? 0 : number;
}

/** A whole number with all digits, as text; null if it is blank. @throws {ValueFault} */
export function bigIntegerIn(
  value: unknown,
  what: string,
  limits: readonly [bigint, bigint] | null,
  options?: NumberOptions,
): string | null {
  if (value === null || value === undefined || meansNull(value, options)) return null;
  let big: bigint;
  if (typeof value === "bigint") big = value;
  else if (typeof value === "number" && Number.isSafeInteger(value)) return String(value);
  else if (typeof value === "string") {
    const text = filled(value, options);
    if (text === null) return null;
    if (SHORT_INTEGER.test(text)) return text;
    if (text.length > MAX_DIGITS) return fault(value, what);
    const plain = plainNumber(text, options);
    big = BigInt((plain === null ? null : wholeDigits(plain)) ?? fault(value, what));
  } else return fault(value, what);
  if (limits !== null && (big < limits[0] || big > limits[1])) {
    fault(value, `between ${limits[0]} and ${limits[1]}`);
  }
  return String(big);
}

/** A finite number; null if it is blank. @throws {ValueFault} */
export function numberOf(value: unknown, options?: NumberOptions): number | null {
  let number: number;
  if (typeof value === "number") number = value;
  else if (typeof value === "string") {
    if (options === undefined && NUMBER.test(value)) number = Number(value);
    else {
      const text = filled(value, options);
      if (text === null) return null;
      const plain = plainNumber(text, options);
      number = Number(plain ?? fault(value, describe("a number", options)));
    }
  } else if (value === null || value === undefined) return null;
  else if (typeof value === "bigint") number = Number(value);
  else return fault(value, "a number");
  if (options !== undefined && meansNull(value, options)) return null;
  return Number.isFinite(number) ? number : fault(value, "a finite number");
}

/** A decimal number with all digits, as text; null if it is blank. @throws {ValueFault} */
export function decimalOf(value: unknown, options?: NumberOptions): string | null {
  if (value === null || value === undefined || meansNull(value, options)) return null;
  let plain: string | null = null;
  if (typeof value === "string") {
    if (options === undefined && value.length <= MAX_DIGITS && USUAL_DECIMAL.test(value)) {
      return value;
    }
    const text = filled(value, options);
    if (text === null) return null;
    if (text.length <= MAX_DIGITS) plain = plainNumber(text, options);
  } else if (typeof value === "bigint") plain = String(value);
  else if (typeof value === "number" && Number.isFinite(value)) plain = String(value);
  if (plain === null) return fault(value, describe("a decimal number", options));
  const exponent = NUMBER.exec(plain)?.[3];
  if (exponent !== undefined && Math.abs(Number(exponent)) > MAX_EXPONENT) {
    return fault(value, `a decimal number with an exponent of up to ${MAX_EXPONENT}`);
  }
  return plain.startsWith("+") ? plain.slice(1) : plain;
}

/** What a number should look like with these options, for reasons. */
function describe(what: string, options: NumberOptions | undefined): string {
  if (options?.group !== undefined) {
    const example = `1${options.group}234${options.decimal ?? "."}5`;
    return `${what} such as ${example}`;
  }
  return options?.decimal === "," ? `${what} such as 1234,5` : what;
}

/**
 * Reads a whole number. `1.0` and `1e3` are whole numbers.
 *
 * @param text text as in a file, or a number
 * @returns null for blank text and for texts that mean null
 * @throws {ValueFault} if it is not a whole number between -(2^53 - 1) and 2^53 - 1
 *
 * @example
 * ```ts
 * import { parseInteger } from "mysimbdp";
 * parseInteger("1.234", { decimal: ",", group: "." }); // 1234
 * ```
 */
export function parseInteger(text: unknown, options?: NumberOptions): number | null {
  checkSeparators(options);
  const limits = [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER] as const;
  return integerIn(text, "a whole number", limits, options);
}

/**
 * Reads a number. Digits beyond those of a JavaScript number are lost: {@link parseDecimal} keeps them.
 *
 * @param text text as in a file, or a number
 * @returns null for blank text and for texts that mean null
 * @throws {ValueFault} if it is not a finite number, or a separator is at a wrong place
 *
 * @example
 * ```ts
 * import { parseNumber } from "mysimbdp";
 * parseNumber("1.234,5", { decimal: ",", group: "." }); // 1234.5
 * parseNumber("n/a", { null: ["n/a"] }); // null
 * ```
 */
export function parseNumber(text: unknown, options?: NumberOptions): number | null {
  checkSeparators(options);
  return numberOf(text, options);
}

/**
 * Reads a decimal number and keeps all digits.
 *
 * @param text text as in a file, or a number
 * @returns text with a decimal point, for a `decimal` column; null for blank text and for texts that
 *   mean null
 * @throws {ValueFault} if it is not a number, or a separator is at a wrong place
 *
 * @example
 * ```ts
 * import { parseDecimal } from "mysimbdp";
 * parseDecimal("1 234,50", { decimal: ",", group: " " }); // "1234.50"
 * ```
 */
export function parseDecimal(text: unknown, options?: NumberOptions): string | null {
  checkSeparators(options);
  return decimalOf(text, options);
}

function checkSeparators(options: NumberOptions | undefined): void {
  const reason = options && separatorsFault(options);
  if (reason) throw new ValueFault(reason);
}

/** Why two separators do not fit each other; null if they do. */
export function separatorsFault({ decimal = ".", group }: NumberOptions): string | null {
  if (group !== decimal) return null;
  const other = decimal === "." ? "," : ".";
  return `decimal and group are both "${group}": set decimal to "${other}" or change group`;
}
