import { BAD_BYTES } from "./contract.ts";
import { unclosedQuote } from "./csv_failures.ts";
import { firstLineEnd } from "./csv_line_end.ts";
import type { CsvSyntax } from "./csv_options.ts";
import { Finder } from "./finder.ts";

/** Parsing needs more text. */
export const UNFINISHED = -1;

const CR = 13;
const LF = 10;

/** The text from the start of the unfinished record, and the positions of special characters in it. */
export class CsvText {
  value = "";
  /** Whether the text reaches the end of the file. */
  isWhole = false;
  /** The line of the current record. */
  line = 1;
  /** The line end of the file; LF includes CRLF. */
  lineEnd: "\n" | "\r" = "\n";
  readonly delimiters: Finder;
  readonly quotes: Finder;
  readonly nuls = new Finder("\0");
  readonly badBytes = new Finder(BAD_BYTES);
  readonly #syntax: CsvSyntax;
  readonly #maxChars: number;
  readonly #quoteCode: number;
  readonly #lfs = new Finder("\n");
  readonly #crs = new Finder("\r");
  #isLineEndKnown = false;

  constructor(syntax: CsvSyntax, maxChars: number) {
    this.#syntax = syntax;
    this.#maxChars = maxChars;
    // Without a quote character this is NaN, which equals no character.
    this.#quoteCode = syntax.quote.charCodeAt(0);
    this.delimiters = new Finder(syntax.delimiter);
    this.quotes = new Finder(syntax.quote);
  }

  get ends(): Finder {
    return this.lineEnd === "\n" ? this.#lfs : this.#crs;
  }

  /** The line end character that is not allowed on its own outside quotes. */
  get strays(): Finder {
    return this.lineEnd === "\n" ? this.#crs : this.#lfs;
  }

  /** Determines the file's line end, if the text is long enough. */
  knowsLineEnd(): boolean {
    if (this.#isLineEndKnown) return true;
    const found = firstLineEnd(this.value, this.#syntax, this.#maxChars, this.isWhole);
    if (found === null) return false;
    this.lineEnd = found;
    return this.#isLineEndKnown = true;
  }

  /** Resets all finders to the current text. */
  mark(): void {
    const { quotes, delimiters, nuls, badBytes } = this;
    for (const finder of [quotes, delimiters, nuls, badBytes, this.#lfs, this.#crs]) {
      finder.reset(this.value);
    }
  }

  isQuote(at: number): boolean {
    return this.value.charCodeAt(at) === this.#quoteCode;
  }

  /**
   * The index of the quote that closes the one at `open` in the record at `start`, or UNFINISHED.
   *
   * @throws {Failure} `csv-unclosed-quote`
   */
  closingQuote(start: number, open: number): number {
    const { value } = this;
    const quote = this.#syntax.quote;
    const limit = start + this.#maxChars;
    let close = value.indexOf(quote, open + 1);
    while (close >= 0 && this.isQuote(close + 1)) close = value.indexOf(quote, close + 2);
    if (close >= 0 && close < limit) {
      return close + 1 === value.length && !this.isWhole ? UNFINISHED : close;
    }
    const isTooLong = value.length > limit;
    if (!isTooLong && !this.isWhole) return UNFINISHED;
    throw unclosedQuote(this.position(start, open), isTooLong ? this.#maxChars : null);
  }

  /** The text between two quotes, with doubled quotes replaced by single ones. */
  unquoted(start: number, end: number): string {
    const inner = this.value.substring(start, end);
    // The next quote is the closing one, unless doubled quotes come before it.
    if (this.quotes.next(start) >= end) return inner;
    const { quote } = this.#syntax;
    return inner.replaceAll(quote + quote, quote);
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

  /** The line and character, both from 1, of an index in the record at `start`. */
  position(start: number, at: number): { line: number; column: number } {
    const lines = this.lineEndsWithin(start, at);
    const lineStart = lines === 0 ? start : this.value.lastIndexOf(this.lineEnd, at - 1) + 1;
    return { line: this.line + lines, column: at - lineStart + 1 };
  }

  /** {@link position} as text. */
  where(start: number, at: number): string {
    const { line, column } = this.position(start, at);
    return `character ${column}` + (line === this.line ? "" : ` of line ${line}`);
  }
}
