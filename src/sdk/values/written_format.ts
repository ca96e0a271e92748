/**
 * Formats such as `DD.MM.YYYY HH:mm`: compiled once, then matched as one regular expression.
 *
 * @module
 */
import { isDay } from "./calendar.ts";
import { offsetOf } from "./iso_text.ts";

/** What a format reads from a text. Parts that it has no token for are 0, or null for the offset. */
export interface Parts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  /** The digits of the fraction of a second. */
  fraction: string;
  /** Seconds from UTC. */
  offset: number | null;
}

/** A format that can be matched; one that cannot be used is a {@link FormatFault}. */
export interface WrittenFormat {
  /** Null if the text does not have this form, or is no existing day or time. */
  read(text: string): Parts | null;
  hasDate: boolean;
  hasTime: boolean;
  hasOffset: boolean;
}

type Field =
  | "year"
  | "month"
  | "day"
  | "weekday"
  | "hour"
  | "half"
  | "minute"
  | "second"
  | "fraction"
  | "offset";

interface Token {
  field: Field;
  pattern: string;
  /** The value of the matched text; NaN if it has none. */
  value: (text: string) => number;
  /** Whether it may have more or fewer digits. */
  isOpen?: boolean;
}

const MONTHS = ["January", "February", "March", "April", "May", "June", "July"]
  .concat(["August", "September", "October", "November", "December"]);
const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const short = (names: readonly string[]) => names.map((name) => name.slice(0, 3));

function number(field: Field, pattern: string, isOpen = false): Token {
  return { field, pattern, value: Number, isOpen };
}

function named(field: Field, names: readonly string[], first: number): Token {
  const lower = names.map((name) => name.toLowerCase());
  return {
    field,
    pattern: names.join("|"),
    value: (text) => lower.indexOf(text.toLowerCase()) + first,
  };
}

/** As in POSIX: 69 to 99 are 1969 to 1999, 00 to 68 are 2000 to 2068. */
function shortYear(text: string): number {
  const year = Number(text);
  return year + (year >= 69 ? 1900 : 2000);
}

const half: Token = {
  field: "half",
  pattern: "[AP]\\.?M\\.?",
  value: (text) => /^p/i.test(text) ? 12 : 0,
};

const TOKENS: Record<string, Token> = {
  YYYY: number("year", "\\d{4}"),
  YY: { field: "year", pattern: "\\d{2}", value: shortYear },
  MMMM: named("month", MONTHS, 1),
  MMM: named("month", short(MONTHS), 1),
  MM: number("month", "\\d{2}"),
  M: number("month", "\\d{1,2}", true),
  DD: number("day", "\\d{2}"),
  D: number("day", "\\d{1,2}", true),
  dddd: named("weekday", WEEKDAYS, 0),
  ddd: named("weekday", short(WEEKDAYS), 0),
  HH: number("hour", "\\d{2}"),
  H: number("hour", "\\d{1,2}", true),
  hh: number("hour", "\\d{2}"),
  h: number("hour", "\\d{1,2}", true),
  A: half,
  a: half,
  mm: number("minute", "\\d{2}"),
  m: number("minute", "\\d{1,2}", true),
  ss: number("second", "\\d{2}"),
  s: number("second", "\\d{1,2}", true),
  S: number("fraction", "\\d{1,9}", true),
  Z: { field: "offset", pattern: "Z|UTC|GMT|[+-]\\d{2}(?::?\\d{2})?", value: offsetOf },
};

const PIECE =
  /\[([^\]]*)\]|'([^']*)'|YYYY|YY|M{1,4}|D{1,2}|d{3,4}|HH?|hh?|mm?|ss?|S+|[AaZ]|(\s+|[\s\S])/g;

/** Why a text is no format. */
export class FormatFault extends Error {}

/**
 * Compiles a format.
 *
 * @throws {FormatFault} with what is wrong, as a continuation of the format
 *
 * @example
 * ```ts ignore
 * writtenFormat("DD.MM.YYYY").read("31.12.2024"); // { year: 2024, month: 12, day: 31, … }
 * ```
 */
function compileFormat(format: string): WrittenFormat {
  const tokens: Token[] = [];
  const names: string[] = [];
  let pattern = "";
  let last: Token | null = null;
  for (const [piece, bracketed, quoted, other] of format.matchAll(PIECE)) {
    const literal = bracketed ?? quoted ?? other;
    if (literal !== undefined) {
      if (other !== undefined) checkLiteral(other);
      pattern += escaped(literal);
      last = null;
      continue;
    }
    const token = /^S+$/.test(piece) ? fractionToken(piece) : TOKENS[piece]!;
    if (tokens.some(({ field }) => field === token.field)) {
      throw new FormatFault(`has two tokens for the ${NAMES[token.field]}`);
    }
    if (last?.isOpen && token.pattern.startsWith("\\d")) {
      throw new FormatFault(`needs a separator before "${piece}"`);
    }
    tokens.push(token);
    names.push(piece);
    pattern += `(${token.pattern})`;
    last = token;
  }
  checkFields(tokens.map(({ field }) => field), names);
  return new CompiledFormat(new RegExp(`^${pattern}$`, "i"), tokens);
}

const NAMES: Record<Field, string> = {
  year: "year",
  month: "month",
  day: "day",
  weekday: "day of the week",
  hour: "hour",
  half: "half of the day",
  minute: "minute",
  second: "second",
  fraction: "fraction",
  offset: "offset",
};

function fractionToken(piece: string): Token {
  if (piece.length > 9) throw new FormatFault("has more than nine S");
  return piece === "S" ? TOKENS["S"]! : number("fraction", `\\d{${piece.length}}`);
}

/** Tokens of other notations. */
const OTHER_TOKENS: Record<string, string> = { y: "YYYY", d: "DD", n: "mm", f: "S" };

function checkLiteral(character: string): void {
  if (/[a-z]/i.test(character) && character !== "T") {
    const token = OTHER_TOKENS[character];
    const advice = token === undefined
      ? `put text in brackets, such as [${character}]`
      : `write ${token}`;
    throw new FormatFault(`has the unknown token "${character}": ${advice}`);
  }
  if (/[[\]']/.test(character)) throw new FormatFault(`has a ${character} that is not closed`);
}

function escaped(literal: string): string {
  return literal.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&").replace(/\s+/g, "\\s+");
}

function checkFields(fields: Field[], names: string[]): void {
  const has = (field: Field) => fields.includes(field);
  const missing = (field: Field) => new FormatFault(`has no token for the ${NAMES[field]}`);
  const date: Field[] = ["year", "month", "day"];
  if (date.some(has) || has("weekday")) {
    for (const field of date) if (!has(field)) throw missing(field);
  }
  if (has("half") && !has("hour")) throw missing("hour");
  if (has("minute") && !has("hour")) throw missing("hour");
  if (has("second") && !has("minute")) throw missing("minute");
  if (has("fraction") && !has("second")) throw missing("second");
  if (!has("hour") && !has("year")) throw new FormatFault("has no date and no time");
  const isTwelve = names.includes("h") || names.includes("hh");
  if (isTwelve && !has("half")) throw new FormatFault("has h without A: use H for 24 hours");
  if (has("half") && !isTwelve) throw new FormatFault("has A without h");
}

class CompiledFormat implements WrittenFormat {
  readonly #pattern: RegExp;
  readonly #tokens: readonly Token[];
  readonly hasDate: boolean;
  readonly hasTime: boolean;
  readonly hasOffset: boolean;
  readonly #isTwelve: boolean;

  constructor(pattern: RegExp, tokens: readonly Token[]) {
    this.#pattern = pattern;
    this.#tokens = tokens;
    this.hasDate = tokens.some(({ field }) => field === "year");
    this.hasTime = tokens.some(({ field }) => field === "hour");
    this.hasOffset = tokens.some(({ field }) => field === "offset");
    this.#isTwelve = tokens.some(({ field }) => field === "half");
  }

  read(text: string): Parts | null {
    const found = this.#pattern.exec(text);
    if (found === null) return null;
    const parts: Parts = {
      year: 0,
      month: 0,
      day: 0,
      hour: 0,
      minute: 0,
      second: 0,
      fraction: "",
      offset: null,
    };
    let half = 0;
    let weekday = -1;
    for (let i = 0; i < this.#tokens.length; i++) {
      const { field, value } = this.#tokens[i]!;
      const written = found[i + 1]!;
      if (field === "fraction") parts.fraction = written;
      else if (field === "half") half = value(written);
      else if (field === "weekday") weekday = value(written);
      else parts[field] = value(written);
    }
    if (this.#isTwelve) {
      if (parts.hour < 1 || parts.hour > 12) return null;
      parts.hour = parts.hour % 12 + half;
    }
    return this.#exists(parts, weekday) ? parts : null;
  }

  #exists(parts: Parts, weekday: number): boolean {
    const { year, month, day, hour, minute, second, offset } = parts;
    if (hour > 23 || minute > 59 || second > 59 || Number.isNaN(offset)) return false;
    if (!this.hasDate) return true;
    if (!isDay(year, month, day)) return false;
    return weekday < 0 || weekdayOf(year, month, day) === weekday;
  }
}

/** 0 for Sunday to 6 for Saturday. */
function weekdayOf(year: number, month: number, day: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCDay();
}

/** Maximum number of compiled formats to remember. */
const MAX_FORMATS = 200;
const compiled = new Map<string, WrittenFormat>();

/** A compiled format, from memory if it was used before. @throws {FormatFault} */
export function writtenFormat(format: string): WrittenFormat {
  const known = compiled.get(format);
  if (known !== undefined) return known;
  const made = compileFormat(format);
  if (compiled.size >= MAX_FORMATS) compiled.clear();
  compiled.set(format, made);
  return made;
}
