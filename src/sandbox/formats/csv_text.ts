import { BAD_BYTES } from "./contract.ts";
import { unclosedQuote } from "./csv_failures.ts";
import { firstLineEnd } from "./csv_line_end.ts";
import type { CsvSyntax } from "./csv_options.ts";
import { Finder } from "./finder.ts";

/** What parsing returns where the known text ends too early to tell. */
export const UNFINISHED = -1;

const CR = 13;
const LF = 10;

/** The text from the start of the unfinished record on, and where in it things are. */
export class CsvText {
  value = "";
  /** Whether the file ends with the text. */
  isWhole = false;
  /** The line of the present record. */
  line = 1;
  /** What ends records: LF stands for CRLF too. */
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
    // NaN where there are no quotes, which no character equals.
    this.#quoteCode = syntax.quote.charCodeAt(0);
    this.delimiters = new Finder(syntax.delimiter);
    this.quotes = new Finder(syntax.quote);
  }

  get ends(): Finder {
    return this.lineEnd === "\n" ? this.#lfs : this.#crs;
  }

  /** The half of a line end that may not stand alone outside quotes. */
  get strays(): Finder {
    return this.lineEnd === "\n" ? this.#crs : this.#lfs;
  }

  /** Settles what ends the records, if the text tells that already. */
  knowsLineEnd(): boolean {
    if (this.#isLineEndKnown) return true;
    const found = firstLineEnd(this.value, this.#syntax, this.#maxChars, this.isWhole);
    if (found === null) return false;
    this.lineEnd = found;
    return this.#isLineEndKnown = true;
  }

  /** Points all finders at the text as it is now. */
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
   * @throws {Failure} `csv-unclosed-quote`.
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

  /** The text between two quotes, with doubled quotes made single. */
  unquoted(start: number, end: number): string {
    const inner = this.value.substring(start, end);
    // The next quote is the closing one unless there are doubled ones before it.
    if (this.quotes.next(start) >= end) return inner;
    const { quote } = this.#syntax;
    return inner.replaceAll(quote + quote, quote);
  }

  /** The index after the line end at `at`; 0 where there is none, UNFINISHED where unknown. */
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

  /** Whether the line end at `end` is a CRLF whose CR comes at or after `start`. */
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

  /** The line and the character on it, both from 1, of an index in the record at `start`. */
  position(start: number, at: number): { line: number; column: number } {
    const lines = this.lineEndsWithin(start, at);
    const lineStart = lines === 0 ? start : this.value.lastIndexOf(this.lineEnd, at - 1) + 1;
    return { line: this.line + lines, column: at - lineStart + 1 };
  }

  /** {@link position} in words. */
  where(start: number, at: number): string {
    const { line, column } = this.position(start, at);
    return `character ${column}` + (line === this.line ? "" : ` of line ${line}`);
  }
}
