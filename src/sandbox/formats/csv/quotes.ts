import { withCommas } from "../contract.ts";
import { unescaped } from "./escapes.ts";
import { lookLikeRecords, mostAreRecords } from "./swallowed.ts";
import { type CsvText, NO_END, UNFINISHED } from "./text.ts";
import { NOWHERE } from "../finder.ts";

/** The quote is a stray one: it costs its own line, and reading continues with the next one. */
export const STRAY = -3;
/** Text follows the closing quote; the record ends with that line. */
export const TEXT_AFTER = -4;
/** The field is longer than a record may be. */
const TOO_LONG = -5;
/** The quote is part of the field's text. */
export const IS_TEXT = -6;

/** Where a quoted field is: the parameters of {@link CsvQuotes.closing}. */
interface Place {
  start: number;
  open: number;
  before: readonly (string | null)[];
  width: number;
}

const NOTHING_COUNTED = { from: 0, firstEnd: 0, lines: 0, lineEnd: 0 };

/**
 * Finds the quote that closes a field, and judges whether its opening quote was meant as one. A field on
 * one line is taken as it is. In a field over several lines, the opening quote is a stray one if
 * - the field has more lines than allowed;
 * - it does not end within the file, or within the maximum length of a record while most of its lines
 *   have as many fields as the header;
 * - text follows the closing quote, and that quote is at the start of a field, or most of the lines in
 *   between have as many fields as the header;
 * - the field is well-formed, but its lines {@link lookLikeRecords}.
 *
 * All of the text between a stray quote and where it was noticed is without other opening quotes, so
 * that reading it again takes linear time.
 */
export class CsvQuotes {
  /** Where the field ends: its delimiter, line end or the end of the file. */
  end = 0;
  /** What is wrong with the opening quote. */
  reason = "";
  readonly #text: CsvText;
  readonly #quote: string;
  readonly #escape: string;
  readonly #keeps: boolean;
  /** Between these positions, no quote closes a field or could open one. */
  #noneFrom = 0;
  #noneTo = 0;
  /** The last count of lines: from an opening quote, and where the last of them ends. */
  #counted = NOTHING_COUNTED;

  constructor(text: CsvText) {
    const { quote, escape, keepsStrayQuotes } = text.syntax;
    this.#text = text;
    this.#quote = quote;
    this.#escape = escape;
    this.#keeps = keepsStrayQuotes;
  }

  /** Forgets what it found in an earlier text. */
  mark(): void {
    this.#noneFrom = this.#noneTo = 0;
    this.#counted = NOTHING_COUNTED;
  }

  /**
   * @param start where the record starts
   * @param open the opening quote
   * @param before the fields of the record before it
   * @param width the number of fields in the header, or 0 if it is not known
   * @returns the index of the closing quote, UNFINISHED, or one of the codes above
   */
  closing(start: number, open: number, before: Place["before"], width: number): number {
    const text = this.#text;
    const limit = Math.min(start + text.maxChars, text.ends.next(open));
    let from = open + 1;
    for (;;) {
      const close = this.#next(from);
      if (close >= limit) return this.#closingBelow({ start, open, before, width }, close);
      const end = text.fieldEnd(close + 1);
      if (end === UNFINISHED) return UNFINISHED;
      if (end !== NO_END) {
        this.end = end;
        return close;
      }
      this.end = close + 1;
      if (this.#keeps && this.#couldOpen(open, close)) return IS_TEXT;
      if (!this.#keeps && this.#escape !== "") return TEXT_AFTER;
      from = close + 1;
    }
  }

  /** The text between two quotes, without escapes. */
  unquoted(start: number, end: number): string {
    const { value, quotes, escapes } = this.#text;
    const inner = value.substring(start, end);
    if (escapes === null) {
      // The next quote is the closing one, unless quotes within the field come before it.
      if (quotes.next(start) >= end || this.#escape === "") return inner;
      return inner.replaceAll(this.#quote + this.#quote, this.#quote);
    }
    const undoubled = inner.replaceAll(this.#quote + this.#quote, this.#quote);
    return unescaped(undoubled, this.#escape);
  }

  /** As {@link closing}, for a field that does not end on its first line. */
  #closingBelow(place: Place, first: number): number {
    const { start, open } = place;
    const text = this.#text;
    const { value, isWhole, maxChars } = text;
    const { quotedLines } = text.syntax;
    const limit = start + maxChars;
    const firstEnd = text.ends.next(open);
    let [lines, lineEnd] = [1, firstEnd];
    const counted = this.#counted;
    if (open > counted.from && open < counted.lineEnd) {
      const isSameLine = open < counted.firstEnd;
      lines = counted.lines - (isSameLine ? 0 : text.lineEndsWithin(counted.from, open));
      lineEnd = counted.lineEnd;
    }
    for (let close = first;; close = this.#next(close + 1)) {
      const stop = Math.min(close, limit);
      while (lineEnd < stop && lines < quotedLines) {
        lines++;
        const found = value.indexOf(text.lineEnd, lineEnd + 1);
        lineEnd = found < 0 ? NOWHERE : found;
      }
      this.#counted = { from: open, firstEnd, lines, lineEnd };
      if (lineEnd < stop) {
        const most = quotedLines === 1 ? "one line" : `${withCommas(quotedLines)} lines`;
        return this.#stray(place, close, `has a quoted field over more than ${most}`);
      }
      if (stop >= value.length) {
        if (!isWhole) return UNFINISHED;
        return this.#stray(place, close, "has a quote that is not closed");
      }
      if (stop === limit) {
        if (!mostAreRecords(text, open, limit, place.width)) return TOO_LONG;
        const reason = `has a quote that is not closed within ${withCommas(maxChars)} characters`;
        return this.#stray(place, close, reason);
      }
      const verdict = this.#judged(place, close);
      if (verdict !== null) return verdict;
    }
  }

  /** Judges a field over several lines. @returns null if the quote at `close` does not close it */
  #judged(place: Place, close: number): number | null {
    const { start, open, before, width } = place;
    const text = this.#text;
    const end = text.fieldEnd(close + 1);
    if (end === UNFINISHED) return UNFINISHED;
    this.end = end === NO_END ? close + 1 : end;
    if (end !== NO_END) {
      if (text.syntax.quotedRecords) return close;
      const lines = lookLikeRecords(text, start, open, close, before, width);
      if (lines === UNFINISHED) return UNFINISHED;
      if (lines === 0) return close;
      const next = lines === 1 ? "line looks like a record" : `${lines} lines look like records`;
      return this.#stray(place, 0, "has a stray quote", `: the next ${next}`);
    }
    const couldOpen = this.#couldOpen(open, close);
    if (this.#keeps) return couldOpen ? IS_TEXT : null;
    if (this.#escape === "") return null;
    if (!couldOpen && !mostAreRecords(text, open, close, width)) return TEXT_AFTER;
    return this.#stray(place, 0, "has a quote that is not closed");
  }

  /** @param next the next quote that might close the field */
  #stray({ start, open }: Place, next: number, what: string, why = ""): number {
    this.#noneFrom = open + 1;
    this.#noneTo = Math.min(next, this.#text.value.length);
    if (this.#keeps) return IS_TEXT;
    this.reason = `${what}, at ${this.#text.where(start, open)}${why}`;
    return STRAY;
  }

  /** Whether a quote is at the start of a field, so that it looks like an opening one. */
  #couldOpen(open: number, quote: number): boolean {
    const { value, syntax: { delimiter, trim } } = this.#text;
    let before = quote;
    while (trim && (value[before - 1] === " " || value[before - 1] === "\t")) before--;
    if (before - 1 > open && (value[before - 1] === "\n" || value[before - 1] === "\r")) {
      return true;
    }
    return before - delimiter.length > open &&
      value.startsWith(delimiter, before - delimiter.length);
  }

  /** The next quote that is not escaped. */
  #next(at: number): number {
    const { value, escapes } = this.#text;
    const isKnown = at >= this.#noneFrom && at < this.#noneTo && !this.#text.isQuote(at);
    let from = isKnown ? this.#noneTo : at;
    for (;;) {
      const found = value.indexOf(this.#quote, from);
      if (found < 0) return NOWHERE;
      const escaped = escapes?.next(from) ?? NOWHERE;
      if (escaped < found) from = escaped + 2;
      else if (this.#escape !== "" && this.#text.isQuote(found + 1)) from = found + 2;
      else return found;
    }
  }
}
