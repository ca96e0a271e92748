import { BAD_BYTES } from "../contract.ts";
import { CRCRLF, firstLineEnd } from "./line_end.ts";
import { doubledLineEnds } from "./failures.ts";
import type { CsvSyntax } from "./syntax.ts";
import { Finder, RewindableFinder } from "../finder.ts";

/** Parsing needs more text. */
export const UNFINISHED = -1;
/** A field does not end here. */
export const NO_END = -2;

const CR = 13;
const LF = 10;
const SPACE = 32;
const TAB = 9;

/** The text from the start of the unfinished record, and the positions of special characters in it. */
export class CsvText {
  value = "";
  /** Whether the text reaches the end of the file. */
  isWhole = false;
  /** The line of the current record. */
  line = 1;
  /** The line end of the file; LF includes CRLF. */
  lineEnd: "\n" | "\r" = "\n";
  readonly syntax: CsvSyntax;
  readonly maxChars: number;
  readonly delimiters: Finder;
  readonly quotes: Finder;
  /** Escape characters other than the quote; null without one. */
  readonly escapes: RewindableFinder | null;
  readonly nuls = new Finder("\0");
  readonly badBytes = new Finder(BAD_BYTES);
  readonly #quoteCode: number;
  readonly #delimiterCode: number;
  readonly #delimiterSize: number;
  readonly #trims: boolean;
  /** Line ends. */
  ends = new Finder("\n");
  /** The line end character that is not allowed on its own outside quotes. */
  strays = new Finder("\r");
  readonly #finders: readonly (Finder | RewindableFinder)[];
  #isLineEndKnown = false;

  constructor(syntax: CsvSyntax, maxChars: number) {
    const { quote, delimiter, escape, lineEnd } = syntax;
    this.syntax = syntax;
    this.maxChars = maxChars;
    // Without a quote character this is NaN, which equals no character.
    this.#quoteCode = quote.charCodeAt(0);
    this.#delimiterCode = delimiter.charCodeAt(0);
    this.#delimiterSize = delimiter.length;
    this.#trims = syntax.trim;
    this.delimiters = new Finder(delimiter);
    this.quotes = new Finder(quote);
    this.escapes = escape === "" || escape === quote ? null : new RewindableFinder(escape);
    const { delimiters, quotes, nuls, badBytes, escapes } = this;
    const finders = [quotes, delimiters, nuls, badBytes, this.ends, this.strays];
    this.#finders = escapes === null ? finders : [...finders, escapes];
    if (lineEnd === null) return;
    // CRCRLF was replaced by CRLF.
    this.#setLineEnd(lineEnd === "\r" ? "\r" : "\n");
  }

  /**
   * Determines the file's line end, if the text is long enough.
   *
   * @throws {Failure} `csv-line-ends` if it is CRCRLF
   */
  knowsLineEnd(): boolean {
    if (this.#isLineEndKnown) return true;
    const found = firstLineEnd(this.value, this.syntax, this.maxChars, this.isWhole);
    if (found === null) return false;
    if (found === CRCRLF) throw doubledLineEnds();
    this.#setLineEnd(found);
    return true;
  }

  #setLineEnd(lineEnd: "\n" | "\r"): void {
    this.lineEnd = lineEnd;
    this.#isLineEndKnown = true;
    if (lineEnd === "\r") [this.ends, this.strays] = [this.strays, this.ends];
  }

  /** Resets all finders to the current text. */
  mark(): void {
    for (const finder of this.#finders) finder.reset(this.value);
  }

  /** Goes back to an earlier position of the text. */
  rewind(to: number): void {
    // Only these are searched ahead, for a quote that is not escaped.
    this.escapes?.rewind(to);
  }

  /** The first delimiter or line end at or after `at` that is not escaped, or NOWHERE. */
  stop(at: number): number {
    const { ends, delimiters, escapes } = this;
    let stop = Math.min(ends.next(at), delimiters.next(at));
    if (escapes === null) return stop;
    let from = at;
    for (let escape = escapes.next(at); escape < stop; escape = escapes.next(from)) {
      from = escape + (this.value.startsWith("\r\n", escape + 1) ? 3 : 2);
      stop = Math.min(ends.next(from), delimiters.next(from));
    }
    return stop;
  }

  isQuote(at: number): boolean {
    return this.value.charCodeAt(at) === this.#quoteCode;
  }

  isDelimiter(at: number): boolean {
    return this.value.charCodeAt(at) === this.#delimiterCode &&
      (this.#delimiterSize === 1 || this.value.startsWith(this.syntax.delimiter, at));
  }

  /** The next position that is not a blank; with a tab as delimiter, only spaces are blanks. */
  afterBlanks(at: number): number {
    const isTabBlank = this.#delimiterCode !== TAB;
    for (let code = this.value.charCodeAt(at);; code = this.value.charCodeAt(++at)) {
      if (code !== SPACE && !(isTabBlank && code === TAB)) return at;
    }
  }

  /**
   * Where the field that was closed before `at` ends: the index of the delimiter, line end or end of
   * the file; NO_END if other text follows, UNFINISHED if more text is needed.
   */
  fieldEnd(at: number): number {
    const end = this.#trims ? this.afterBlanks(at) : at;
    if (this.isDelimiter(end)) return end;
    const { value, isWhole } = this;
    if (end === value.length) return isWhole ? end : UNFINISHED;
    const next = this.afterLineEnd(end);
    if (next !== 0) return next === UNFINISHED ? UNFINISHED : end;
    const { delimiter } = this.syntax;
    const isCut = !isWhole && end + delimiter.length > value.length;
    return isCut && delimiter.startsWith(value.slice(end)) ? UNFINISHED : NO_END;
  }

  /** The index after the line end at `at`; 0 if there is none, UNFINISHED if more text is needed. */
  afterLineEnd(at: number): number {
    const { value } = this;
    if (at === value.length) return at;
    const code = value.charCodeAt(at);
    if (this.lineEnd === "\r") return code === CR ? at + 1 : 0;
    if (code === LF) return at + 1;
    if (code !== CR) return 0;
    if (at + 1 === value.length && !this.isWhole) return UNFINISHED;
    return value.charCodeAt(at + 1) === LF ? at + 2 : 0;
  }

  /** Whether the line end at `end` is a CRLF with its CR at or after `start`. */
  endsInCrlf(start: number, end: number): boolean {
    return this.lineEnd === "\n" && end > start && this.value.charCodeAt(end - 1) === CR;
  }

  lineEndsWithin(start: number, end: number): number {
    let count = 0;
    let at = this.value.indexOf(this.lineEnd, start);
    while (at >= 0 && at < end) {
      count++;
      at = this.value.indexOf(this.lineEnd, at + 1);
    }
    return count;
  }

  /** The line and character, both from 1, of an index in the record at `start`, as text. */
  where(start: number, at: number): string {
    const lines = this.lineEndsWithin(start, at);
    const lineStart = lines === 0 ? start : this.value.lastIndexOf(this.lineEnd, at - 1) + 1;
    const where = `character ${at - lineStart + 1}`;
    return lines === 0 ? where : `${where} of line ${this.line + lines}`;
  }
}
