import { MAX_RAW_CHARS, type RecordFault } from "../contract.ts";
import type { CsvSyntax } from "./syntax.ts";
import { Finder, NOWHERE } from "../finder.ts";

/** How the end of a faulty record is found: at the next line end, or at the next one outside quotes. */
export type SkipMode = "line" | "in quotes";

/** A faulty record whose end has not been reached: all but the start of its text is dropped as it arrives. */
export class SkippedRecord {
  /** Its raw text grows to one over the limit. */
  readonly fault: RecordFault;
  /** The line ends in the record so far. */
  lineEnds: number;
  /** The lines that it covers so far. */
  lines: number;
  readonly #syntax: CsvSyntax;
  readonly #mode: SkipMode;
  readonly #lineEnd: "\n" | "\r";
  readonly #quotes: Finder;
  readonly #escapes: Finder;
  readonly #ends: Finder;
  /** Quotes that open a field. */
  readonly #openings: Finder;
  #inQuotes: boolean;
  /** The end of the text so far, if more text decides what it is. */
  #held = "";
  /** How much of the text has been processed. */
  #used = 0;

  /**
   * @param fault with the text of the record so far
   * @param lineEnds the line ends in that text
   */
  constructor(
    fault: RecordFault,
    lineEnds: number,
    mode: SkipMode,
    syntax: CsvSyntax,
    lineEnd: "\n" | "\r",
  ) {
    const { quote, escape, delimiter } = syntax;
    this.fault = fault;
    this.lineEnds = lineEnds;
    this.lines = lineEnds + 1;
    this.#lineEnd = lineEnd;
    this.#syntax = syntax;
    this.#mode = mode;
    this.#inQuotes = mode === "in quotes";
    this.#quotes = new Finder(quote);
    this.#escapes = new Finder(escape === quote ? "" : escape);
    this.#ends = new Finder(lineEnd);
    this.#openings = new Finder(mode === "line" ? "" : delimiter + quote);
  }

  /** @returns the text after the record, or null if the record has not ended */
  push(piece: string, isWhole: boolean): string | null {
    const text = this.#held + piece;
    for (const finder of [this.#quotes, this.#escapes, this.#ends, this.#openings]) {
      finder.reset(text);
    }
    const next = this.#mode === "line" ? this.#afterLine(0) : this.#afterRecord(text, isWhole);
    const end = next > 0 ? next - 1 : this.#mode === "line" ? text.length : this.#used;
    this.fault.raw += text.slice(0, Math.min(end, MAX_RAW_CHARS + 1 - this.fault.raw.length));
    this.#held = text.slice(end);
    const isInLine = next === 0 &&
      (end === 0 ? this.lines > this.lineEnds : text[end - 1] !== this.#lineEnd);
    this.lines = this.lineEnds + (isInLine ? 1 : 0);
    return next > 0 ? text.slice(next) : null;
  }

  /** The index after the next line end, or 0 if there is none. */
  #afterLine(at: number): number {
    const end = this.#ends.next(at);
    if (end === NOWHERE) return 0;
    this.lineEnds++;
    return end + 1;
  }

  /** The index after the record's line end, or 0 if there is none. */
  #afterRecord(text: string, isWhole: boolean): number {
    const { quote, escape, delimiter, quotedLines } = this.#syntax;
    let at = 0;
    for (;;) {
      const end = this.#ends.next(at);
      if (!this.#inQuotes) {
        const opening = this.#openings.next(at);
        if (opening === NOWHERE || opening > end) {
          this.#used = isWhole ? text.length : Math.max(at, text.length - delimiter.length);
          return this.#afterLine(at);
        }
        this.#inQuotes = true;
        at = opening + delimiter.length + 1;
        continue;
      }
      const found = this.#quotes.next(at);
      const escaped = this.#escapes.next(at);
      if (end < found && end < escaped) {
        at = this.#afterLine(at);
        if (this.lineEnds >= quotedLines) return at;
      } else if (escaped < found) {
        this.#used = escaped;
        if (escaped + 1 >= text.length && !isWhole) return 0;
        at = escaped + 2;
      } else if (found === NOWHERE) {
        this.#used = text.length;
        return 0;
      } else {
        this.#used = found;
        if (found + 1 >= text.length && !isWhole) return 0;
        const after = text[found + 1];
        if (escape !== "" && after === quote) at = found + 2;
        else {
          at = found + 1;
          this.#inQuotes = escape === "" && after !== delimiter[0] && after !== "\r" &&
            after !== "\n";
        }
      }
    }
  }
}
