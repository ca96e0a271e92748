import { messageOf } from "../../../base/failure.ts";
import { mayDiffer } from "./numbers.ts";

/** Integers of fewer than 16 digits are always exact. */
const MAY_BE_INEXACT = /\d{16}/;
const INTEGER = /^-?\d+$/;

/**
 * JSON.parse, but integers beyond Number.MAX_SAFE_INTEGER become bigint: silently changing an account
 * number would be worse than rejecting it.
 *
 * @throws {SyntaxError} as JSON.parse does
 */
export function parseJson(text: string): unknown {
  return MAY_BE_INEXACT.test(text) ? JSON.parse(text, exactIntegers) : JSON.parse(text);
}

/**
 * JSON.parse, but numbers become the text that stands for them.
 *
 * @param which "all" of them, or only those "changed" by becoming a JavaScript number, such as 1.10
 * @throws {SyntaxError} as JSON.parse does
 */
export function parseJsonTexts(text: string, which: "all" | "changed"): unknown {
  if (which === "changed" && !mayDiffer(text)) return JSON.parse(text);
  const isAll = which === "all";
  return JSON.parse(text, (_key: string, value: unknown, context?: { source?: string }) => {
    if (typeof value !== "number") return value;
    const source = context?.source ?? String(value);
    return isAll || source !== String(value) ? source : value;
  });
}

function exactIntegers(_key: string, value: unknown, context?: { source?: string }): unknown {
  const isInexact = typeof value === "number" && !Number.isSafeInteger(value) &&
    context?.source !== undefined && INTEGER.test(context.source);
  return isInexact ? BigInt(context.source!) : value;
}

/** V8's messages about invalid JSON, and ours. The first match applies. */
const REASONS: readonly [RegExp, string][] = [
  [/^Unexpected end/, "it ends too early"],
  [/^Unterminated string/, "a string is not closed"],
  [/^Bad control character/, "a string contains a control character"],
  [/escape/, "a string contains an invalid escape"],
  [/^Expected double-quoted property name/, "expected a name in double quotes"],
  [/^Expected property name/, 'expected a name in double quotes or "}"'],
  [/^Expected ':'/, 'expected ":" after the name'],
  [/^Expected ',' or '\}'/, 'expected "," or "}" after the value'],
  [/^Expected ',' or '\]'/, 'expected "," or "]" after the value'],
  [/^Unexpected non-whitespace/, "text follows the value"],
  [/number|exponent|decimal/i, "a number is invalid"],
];
const UNEXPECTED_TOKEN = /^Unexpected token '(.)'/su;
const POSITION = /at position (\d+)/;

/** Translates an error of JSON.parse; `column` is the character, from 1, if the error gives it. */
export function jsonFault(error: unknown): { reason: string; column: number | null } {
  const message = messageOf(error);
  const position = POSITION.exec(message)?.[1];
  const token = UNEXPECTED_TOKEN.exec(message)?.[1];
  const known = token === undefined
    ? REASONS.find(([pattern]) => pattern.test(message))?.[1]
    : `unexpected ${JSON.stringify(token)}`;
  return {
    reason: `is not JSON: ${known ?? "it cannot be parsed"}`,
    column: position === undefined ? null : Number(position) + 1,
  };
}

/** Whether a parsed value is an object, as every record must be. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The name of a value that is not an object, for reasons. */
export function nameOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a ${typeof value}`;
}
