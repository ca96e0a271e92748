import { messageOf } from "../../base/failure.ts";

/** Fewer than sixteen digits are always safe. */
const MAY_BE_INEXACT = /\d{16}/;
const INTEGER = /^-?\d+$/;

/**
 * JSON.parse, but integers beyond Number.MAX_SAFE_INTEGER become bigint: an account number that
 * comes out changed would be worse than one that is refused.
 *
 * @throws {SyntaxError} as JSON.parse does
 */
export function parseJson(text: string): unknown {
  return MAY_BE_INEXACT.test(text) ? JSON.parse(text, exactIntegers) : JSON.parse(text);
}

function exactIntegers(_key: string, value: unknown, context?: { source?: string }): unknown {
  const isInexact = typeof value === "number" && !Number.isSafeInteger(value) &&
    context?.source !== undefined && INTEGER.test(context.source);
  return isInexact ? BigInt(context.source!) : value;
}

/** What V8 says about text that is not JSON, and what we say. The first that fits counts. */
const REASONS: readonly [RegExp, string][] = [
  [/^Unexpected end/, "it ends too early"],
  [/^Unterminated string/, "a text is not closed"],
  [/^Bad control character/, "a text has a control character"],
  [/escape/, "a text has a bad escape"],
  [/^Expected double-quoted property name/, "a name in double quotes must follow"],
  [/^Expected property name/, 'a name in double quotes or "}" must follow'],
  [/^Expected ':'/, 'a ":" must follow the name'],
  [/^Expected ',' or '\}'/, 'a "," or "}" must follow the value'],
  [/^Expected ',' or '\]'/, 'a "," or "]" must follow the value'],
  [/^Unexpected non-whitespace/, "text follows the value"],
  [/number|exponent|decimal/i, "a number is malformed"],
];
const UNEXPECTED_TOKEN = /^Unexpected token '(.)'/su;
const POSITION = /at position (\d+)/;

/** Our words for what JSON.parse threw, and the character in the text, from 1, where it tells. */
export function jsonFault(error: unknown): { reason: string; column: number | null } {
  const message = messageOf(error);
  const position = POSITION.exec(message)?.[1];
  const token = UNEXPECTED_TOKEN.exec(message)?.[1];
  const known = token === undefined
    ? REASONS.find(([pattern]) => pattern.test(message))?.[1]
    : `unexpected ${JSON.stringify(token)}`;
  return {
    reason: `is not JSON: ${known ?? "it can't be parsed"}`,
    column: position === undefined ? null : Number(position) + 1,
  };
}

/** Whether a value that was parsed is an object, which is what a record must be. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a value is that is no object, for reasons. */
export function nameOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a ${typeof value}`;
}
