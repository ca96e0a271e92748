/**
 * Number formats of cells: their codes split into tokens, and what kind of value they show.
 *
 * @module
 */

/** A piece of a number format. */
export type FormatToken =
  /** Text that is shown as it is. */
  | { type: "literal"; text: string }
  /** A placeholder for a digit: 0, # or ?. */
  | { type: "digit"; text: string }
  /** `.`, `,`, `%` or `/` beside digits. */
  | { type: "sign"; text: string }
  /** `E+` or `E-`. */
  | { type: "exponent"; text: string }
  /** A part of a date or time in lower case: `yyyy`, `mm`, `ss`, `.00`, `am/pm`. */
  | { type: "date"; text: string }
  /** Hours, minutes or seconds that count beyond a day, an hour, a minute: `h`, `mm`. */
  | { type: "elapsed"; text: string }
  | { type: "general" }
  /** Where the text of a cell goes. */
  | { type: "text" };

interface Condition {
  operator: string;
  limit: number;
}

/** What values a part of a format is for, and how it shows them. */
export interface FormatSection {
  tokens: FormatToken[];
  kind: ValueKind;
  condition: Condition | null;
  /** The locale of names of months and days, as in `[$-407]`; null for the reader's own. */
  locale: number | null;
}

/**
 * `date`: a day, perhaps with a time. `time`: a time of day. `elapsed`: a length of time. `local`: a
 * day or a time, which depends on the country of the reader.
 */
export type ValueKind = "number" | "date" | "time" | "elapsed" | "local";

export interface NumberFormat {
  code: string;
  /** Up to three, for numbers. */
  sections: FormatSection[];
  /** For text; null if it is shown as it is. */
  text: FormatToken[] | null;
}

const CURRENCY_AND_LOCALE = /^\$([^-]*)(?:-([0-9a-f]+))?/i;
const CONDITION = /^(<=|>=|<>|=|<|>)\s*(-?\d+(?:\.\d+)?)$/;
const DATE_LETTERS = "ymdhsgeab";
/** Formats longer than this are not in Excel, which allows 255. */
const MAX_CODE_CHARS = 1_024;

/** Splits the code of a number format, such as `[$-409]d-mmm-yy;@`. */
export function parseNumberFormat(code: string): NumberFormat {
  const sections = new FormatLexer(code.slice(0, MAX_CODE_CHARS)).sections();
  const isText = ({ tokens }: FormatSection) => tokens.some(({ type }) => type === "text");
  const last = sections.at(-1)!;
  const text = isText(last) || sections.length > 3 ? last : null;
  const numeric = text === null ? sections : sections.slice(0, -1);
  // "@" alone also applies to numbers, which it shows as they are.
  if (numeric.length === 0) numeric.push(sectionOf([{ type: "general" }], null, null));
  return { code, sections: numeric.slice(0, 3), text: text?.tokens ?? null };
}

/** The section that a number is shown with. */
export function sectionFor(format: NumberFormat, value: number): FormatSection {
  const { sections } = format;
  const [first] = sections;
  if (sections.length === 1) return first!;
  const chosen = sections.find(({ condition }) => condition !== null && holds(condition, value));
  if (chosen !== undefined) return chosen;
  if (sections.some(({ condition }) => condition !== null)) return otherwise(sections, value);
  if (value > 0 || sections.length === 2 && value === 0) return first!;
  return value < 0 ? sections[1]! : sections[2]!;
}

/** The section for values that no condition holds for. */
function otherwise(sections: readonly FormatSection[], value: number): FormatSection {
  const rest = sections.filter(({ condition }) => condition === null);
  return (value < 0 && rest.length > 1 ? rest[0] : rest.at(-1)) ?? sections.at(-1)!;
}

function holds({ operator, limit }: Condition, value: number): boolean {
  switch (operator) {
    case "<":
      return value < limit;
    case "<=":
      return value <= limit;
    case ">":
      return value > limit;
    case ">=":
      return value >= limit;
    case "=":
      return value === limit;
    default:
      return value !== limit;
  }
}

function sectionOf(
  tokens: FormatToken[],
  condition: Condition | null,
  locale: number | null,
): FormatSection {
  return { tokens, condition, locale, kind: kindOf(tokens) };
}

function kindOf(tokens: readonly FormatToken[]): ValueKind {
  if (tokens.some(({ type }) => type === "elapsed")) return "elapsed";
  const letters = tokens.flatMap((token) => token.type === "date" ? [token.text] : []);
  if (letters.length === 0) return "number";
  return letters.every((text) => /^(h|s|n|\.|a(m?)\/p)/.test(text)) ? "time" : "date";
}

/** Reads a format code from left to right. */
class FormatLexer {
  readonly #code: string;
  #at = 0;
  #tokens: FormatToken[] = [];
  #condition: Condition | null = null;
  #locale: number | null = null;

  constructor(code: string) {
    this.#code = code;
  }

  sections(): FormatSection[] {
    const sections: FormatSection[] = [];
    for (;;) {
      while (this.#at < this.#code.length && this.#code[this.#at] !== ";") this.#next();
      markMinutes(this.#tokens);
      sections.push(sectionOf(this.#tokens, this.#condition, this.#locale));
      if (this.#at >= this.#code.length) return sections;
      this.#at++;
      this.#tokens = [];
      this.#condition = null;
    }
  }

  #next(): void {
    const rest = this.#code.slice(this.#at);
    const character = rest[0]!;
    if (character === '"') return this.#quoted();
    if (character === "\\" || character === "!") return this.#literal(rest[1] ?? "", 2);
    // A space as wide as the next character, or that character as often as it fits.
    if (character === "_" || character === "*") return this.#literal("", 2);
    if (character === "[") return this.#bracket();
    if (/^general/i.test(rest)) return this.#push({ type: "general" }, 7);
    const halves = /^(am\/pm|a\/p)/i.exec(rest)?.[0];
    if (halves !== undefined) {
      return this.#push({ type: "date", text: halves.toLowerCase() }, halves.length);
    }
    if (/^e[+-]/i.test(rest)) {
      return this.#push({ type: "exponent", text: rest.slice(0, 2).toUpperCase() }, 2);
    }
    if (DATE_LETTERS.includes(character.toLowerCase())) return this.#letters(character);
    if ("0#?".includes(character)) return this.#push({ type: "digit", text: character }, 1);
    if (character === "@") return this.#push({ type: "text" }, 1);
    if (character === ".") return this.#point(rest);
    if (",%/".includes(character)) return this.#push({ type: "sign", text: character }, 1);
    this.#literal(character, 1);
  }

  #push(token: FormatToken, length: number): void {
    this.#tokens.push(token);
    this.#at += length;
  }

  #literal(text: string, length: number): void {
    if (text === "") this.#at += length;
    else this.#push({ type: "literal", text }, length);
  }

  #quoted(): void {
    const end = this.#code.indexOf('"', this.#at + 1);
    const close = end < 0 ? this.#code.length : end;
    this.#literal(this.#code.slice(this.#at + 1, close), close - this.#at + 1);
  }

  /** Fractions of seconds, or a decimal point. */
  #point(rest: string): void {
    const last = this.#tokens.at(-1);
    const isAfterSeconds = last !== undefined &&
      (last.type === "date" || last.type === "elapsed") &&
      last.text.startsWith("s");
    const zeros = isAfterSeconds ? /^\.0+/.exec(rest)?.[0] : undefined;
    if (zeros === undefined) this.#push({ type: "sign", text: "." }, 1);
    else this.#push({ type: "date", text: zeros }, zeros.length);
  }

  #letters(letter: string): void {
    const run = new RegExp(`^${letter}+`, "i").exec(this.#code.slice(this.#at))![0];
    this.#push({ type: "date", text: run.toLowerCase() }, run.length);
  }

  #bracket(): void {
    const end = this.#code.indexOf("]", this.#at);
    if (end < 0) return this.#literal("[", 1);
    const inner = this.#code.slice(this.#at + 1, end);
    this.#at = end + 1;
    if (/^(h+|m+|s+)$/i.test(inner)) this.#push({ type: "elapsed", text: inner.toLowerCase() }, 0);
    const found = CONDITION.exec(inner);
    if (found) this.#condition = { operator: found[1]!, limit: Number(found[2]) };
    const [, currency, locale] = CURRENCY_AND_LOCALE.exec(inner) ?? [];
    if (currency) this.#literal(currency, 0);
    if (locale !== undefined) this.#locale = parseInt(locale, 16);
    // Everything else is a colour or another script for the digits.
  }
}

/** Between hours and seconds, `m` means minutes: it becomes `n`. */
function markMinutes(tokens: FormatToken[]): void {
  const letters = tokens.filter((token) => token.type === "date" || token.type === "elapsed");
  for (const [i, token] of letters.entries()) {
    if (!/^mm?$/.test(token.text) || token.type === "elapsed") continue;
    const isAfterHours = letters[i - 1]?.text.startsWith("h");
    const isBeforeSeconds = letters[i + 1]?.text.startsWith("s");
    if (isAfterHours || isBeforeSeconds) token.text = token.text.replaceAll("m", "n");
  }
}

/** The text that stands in a format as it is; null for a token that stands for a part of the value. */
export function literalOf(token: FormatToken): string | null {
  return token.type === "literal" || token.type === "sign" ? token.text : null;
}
