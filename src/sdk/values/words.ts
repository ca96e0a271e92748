import { filled, meansNull, type NullOptions } from "./blank.ts";
import { fault } from "./value_fault.ts";

/** Which words mean true and false. */
export interface BooleanOptions extends NullOptions {
  /** Words that mean true, in any case. @default "true", "t", "yes", "y", "1" */
  readonly true?: readonly string[];
  /** Words that mean false, in any case. @default "false", "f", "no", "n", "0" */
  readonly false?: readonly string[];
}

/** Which texts mean null, and whether white space is removed. */
export interface PlainTextOptions extends NullOptions {
  /** Whether white space around the text is removed. @default false */
  readonly trim?: boolean;
}

// A column of booleans with gaps is written as 1.0 and 0.0 by some tools.
const TRUE = ["true", "t", "yes", "y", "1", "1.0"];
const FALSE = ["false", "f", "no", "n", "0", "0.0"];
const USUAL = new Map([
  ...TRUE.map((word): [string, boolean] => [word, true]),
  ...FALSE.map((word): [string, boolean] => [word, false]),
]);

/**
 * Reads true or false, by default from `true` `t` `yes` `y` `1`, `false` `f` `no` `n` `0` in any case.
 *
 * @param text text as in a file, or a boolean, or 1 or 0
 * @returns null for blank text and for texts that mean null
 * @throws {ValueFault} if it is another word
 *
 * @example
 * ```ts
 * import { parseBoolean } from "mysimbdp";
 * parseBoolean("Ja", { true: ["ja"], false: ["nein"] }); // true
 * ```
 */
export function parseBoolean(text: unknown, options?: BooleanOptions): boolean | null {
  if (text === true || text === 1) return true;
  if (text === false || text === 0) return false;
  if (text === null || text === undefined) return null;
  if (typeof text === "string") {
    const word = filled(text, options)?.toLowerCase();
    if (word === undefined) return null;
    if (options === undefined) return USUAL.get(word) ?? fault(text, booleanWords(options));
    if (has(options?.true, TRUE, word)) return true;
    if (has(options?.false, FALSE, word)) return false;
  }
  return fault(text, booleanWords(options));
}

function has(given: readonly string[] | undefined, usual: readonly string[], word: string) {
  if (given === undefined) return usual.includes(word);
  for (const one of given) if (one.trim().toLowerCase() === word) return true;
  return false;
}

function booleanWords(options: BooleanOptions | undefined): string {
  if (options?.true === undefined && options?.false === undefined) return "true or false";
  const first = (words: readonly string[] | undefined, usual: string) =>
    (words ?? [usual]).slice(0, 5).map((word) => JSON.stringify(word)).join(", ");
  return `true (${first(options.true, "true")}) or false (${first(options.false, "false")})`;
}

/** A word that means both true and false; null if there is none. */
export function ambiguousWord(options: BooleanOptions): string | null {
  const words = options.true ?? TRUE;
  return words.find((word) => has(options.false, FALSE, word.trim().toLowerCase())) ?? null;
}

/**
 * Reads text. Blank text stays as it is, unless it is one of the texts that mean null.
 *
 * @param text text as in a file, or a number, a bigint or a boolean
 * @returns null for texts that mean null
 * @throws {ValueFault} if it is not text
 *
 * @example
 * ```ts
 * import { parseText } from "mysimbdp";
 * parseText(" A-17 ", { trim: true }); // "A-17"
 * parseText("", { null: [""] }); // null
 * ```
 */
export function parseText(text: unknown, options?: PlainTextOptions): string | null {
  if (typeof text === "string") {
    if (options === undefined) return text;
    const trimmed = text.trim();
    if (meansNull(trimmed, options)) return null;
    return options.trim ? trimmed : text;
  }
  if (text === null || text === undefined || meansNull(text, options)) return null;
  if (typeof text === "number" || typeof text === "boolean" || typeof text === "bigint") {
    return String(text);
  }
  return fault(text, "text");
}
