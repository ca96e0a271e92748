import {
  BAD_BYTES,
  badBytesReason,
  DEFAULT_MAX_RECORD_CHARS,
  MAX_RAW_CHARS,
  rawText,
  type ReaderSettings,
  type RecordFault,
  type RecordReader,
  type RecordSink,
  tooLongReason,
} from "../contract.ts";
import { unescapedField, unescapedQuote } from "./escapes.ts";
import { type Fields, quoteInside, textAfterQuote, trimmed } from "./fields.ts";
import { CsvHeader } from "./header.ts";
import { LastRecords } from "./last.ts";
import type { CsvSyntax } from "./syntax.ts";
import { CsvQuotes, IS_TEXT, STRAY, TEXT_AFTER } from "./quotes.ts";
import { type SkipMode, SkippedRecord } from "./skipped.ts";
import { CsvText, UNFINISHED } from "./text.ts";
import { NOWHERE } from "../finder.ts";

/** Splits the text of a file into records, once its syntax is known. */
export class CsvRecords implements RecordReader {
  readonly #sink: RecordSink;
  readonly #last: LastRecords | null;
  readonly #settings: ReaderSettings;
  readonly #syntax: CsvSyntax;
  readonly #maxChars: number;
  readonly #header: CsvHeader;
  readonly #text: CsvText;
  readonly #quotes: CsvQuotes;
  readonly #delimiterSize: number;
  /** Whether lines without quotes need no other look than for delimiters. */
  readonly #isUsual: boolean;
  /** The text is not scanned again until it has this length, so that long records take linear time. */
  #scanAt = 0;
  /** A faulty record whose end has not been reached. */
  #skipped: SkippedRecord | null = null;
  /** Whether the end of the data was found, so that the rest of the file is not read. */
  #isStopped = false;
  /** The first line end of the current record, which may be within quotes. */
  #firstEnd = 0;
  #rawStart = 0;
  #rawEnd = 0;

  /** @param line the line at which the text starts */
  constructor(syntax: CsvSyntax, line: number, sink: RecordSink, settings: ReaderSettings) {
    this.#last = syntax.skipLast === 0 ? null : new LastRecords(sink, syntax.skipLast, () => ({
      raw: this.#currentRaw(),
      lines: this.#currentLines(),
    }));
    this.#sink = this.#last ?? sink;
    this.#settings = settings;
    this.#syntax = syntax;
    this.#maxChars = settings.maxRecordChars ?? DEFAULT_MAX_RECORD_CHARS;
    this.#header = new CsvHeader(syntax, this.#sink);
    this.#text = new CsvText(syntax, this.#maxChars);
    this.#text.line = line;
    this.#quotes = new CsvQuotes(this.#text);
    this.#delimiterSize = syntax.delimiter.length;
    const { trim, comment, stopAt } = syntax;
    this.#isUsual = !trim && comment === "" && stopAt.length === 0 && this.#text.escapes === null;
  }

  push(piece: string): void {
    const rest = this.#skipped === null ? piece : this.#skip(this.#skipped, piece);
    if (rest === "" || this.#isStopped) return;
    this.#text.value += rest;
    if (this.#text.value.length >= this.#scanAt) this.#scan();
  }

  end(): void {
    this.#text.isWhole = true;
    if (this.#skipped !== null) this.#text.value = this.#skip(this.#skipped, "");
    if (!this.#isStopped) this.#scan();
    if (this.#skipped !== null) this.#report(this.#skipped);
    this.#skipped = null;
    this.#header.end();
    this.#last?.end();
  }

  raw(): string {
    return this.#last === null ? this.#currentRaw() : this.#last.delivered.raw;
  }

  lines(): number {
    return this.#last === null ? this.#currentLines() : this.#last.delivered.lines;
  }

  #currentRaw(): string {
    return rawText(this.#text.value.slice(this.#rawStart, this.#rawEnd));
  }

  #currentLines(): number {
    return 1 + this.#text.lineEndsWithin(this.#rawStart, this.#rawEnd);
  }

  #scan(): void {
    const text = this.#text;
    if (text.knowsLineEnd()) text.value = text.value.slice(this.#records());
    this.#scanAt = text.value.length * 1.5;
  }

  /** Delivers all complete records of the text. @returns where the unfinished one starts */
  #records(): number {
    const text = this.#text;
    text.mark();
    this.#quotes.mark();
    const { ends, strays, quotes, nuls, badBytes, isWhole } = text;
    const length = text.value.length;
    const mayBeCrlf = text.lineEnd === "\n";
    const isUsual = this.#isUsual;
    let start = 0;
    while (start < length) {
      const found = ends.next(start);
      const isEnded = found !== NOWHERE || isWhole;
      if (!isEnded && length - start <= this.#maxChars) break;
      const end = Math.min(found, length);
      const stray = strays.next(start);
      const stop = mayBeCrlf && stray === found - 1 ? stray : end;
      const isLine = isEnded && end - start <= this.#maxChars;
      const isPlain = isLine && quotes.next(start) >= end && stray >= stop &&
        nuls.next(start) >= end && badBytes.next(start) >= end;
      if (isLine && !isUsual && this.#isComment(start)) {
        this.#sink.skip(text.line++);
        start = end + 1;
      } else if (isPlain && (isUsual || this.#isVerbatim(start, end))) {
        this.#plain(start, stop);
        text.line++;
        start = end + 1;
      } else {
        this.#firstEnd = end;
        const next = this.#parse(start);
        if (next === UNFINISHED) break;
        start = next;
      }
      if (!isUsual && this.#isStopped) return length;
    }
    return start;
  }

  #isComment(start: number): boolean {
    const { comment } = this.#syntax;
    return comment !== "" && this.#text.value.startsWith(comment, start);
  }

  /** Whether the fields of a line without quotes are just as they are written. */
  #isVerbatim(start: number, end: number): boolean {
    const { escapes } = this.#text;
    return !this.#syntax.trim && (escapes === null || escapes.next(start) >= end);
  }

  /** The fast path: a line without quotes or faults only needs splitting at the delimiters. */
  #plain(start: number, stop: number): void {
    const { value, delimiters, line } = this.#text;
    if (start === stop) return this.#sink.skip(line);
    const size = this.#delimiterSize;
    // Not `new Array(length)`: filling holes is slow once Array.prototype is frozen.
    const fields: string[] = [];
    let from = start;
    for (let at = delimiters.next(from); at < stop; at = delimiters.next(from)) {
      fields.push(value.substring(from, at));
      from = at + size;
    }
    fields.push(value.substring(from, stop));
    this.#deliver(fields, start, stop, line);
  }

  /**
   * Parses one record, with everything that the syntax allows or forbids.
   *
   * @returns where the next record starts, or UNFINISHED if more text is needed
   */
  #parse(start: number): number {
    const text = this.#text;
    const { trim, keepsStrayQuotes } = this.#syntax;
    const { value, ends, delimiters, quotes, strays, isWhole } = text;
    const isSimple = !trim && text.escapes === null;
    const limit = start + this.#maxChars;
    const before: Fields = [];
    const width = this.#header.count;
    let strayField = 0;
    let at = start;
    while (at <= limit) {
      const open = trim ? text.afterBlanks(at) : at;
      if (text.isQuote(open)) {
        // The next quote closes the field, if a delimiter follows.
        const next = text.escapes === null ? quotes.next(open + 1) : NOWHERE;
        if (next < limit && next < ends.next(open) && text.isDelimiter(next + 1)) {
          before.push(value.substring(open + 1, next));
          at = next + 1 + this.#delimiterSize;
          continue;
        }
        const close = this.#quotes.closing(start, open, before, width);
        if (close === UNFINISHED) return UNFINISHED;
        if (close >= 0) {
          const { end } = this.#quotes;
          before.push(this.#quotes.unquoted(open + 1, close));
          if (!text.isDelimiter(end)) return this.#finish(before, start, end, strayField);
          at = end + this.#delimiterSize;
          continue;
        }
        if (close !== IS_TEXT) return this.#rejectQuoted(close, start, open, before.length + 1);
        text.rewind(open);
      }
      const found = isSimple ? Math.min(ends.next(at), delimiters.next(at)) : text.stop(at);
      const { length } = value;
      if (Math.min(found, length) > limit) break;
      if (found >= length && !isWhole) return UNFINISHED;
      const isLast = found >= length || !text.isDelimiter(found);
      const stop = isLast && text.endsInCrlf(at, found) ? found - 1 : Math.min(found, length);
      const quote = keepsStrayQuotes
        ? NOWHERE
        : isSimple
        ? quotes.next(at)
        : this.#quoteIn(at, stop);
      if (quote < stop) {
        const where = text.where(start, quote);
        const field = value.slice(at, stop);
        const reason = quoteInside(field, quote - at, where, this.#syntax);
        return this.#reject(start, stop, before.length + 1, reason);
      }
      const hasStray = strays.next(at) < stop && (isSimple || !this.#hasEscape(at, stop));
      if (hasStray && strayField === 0) strayField = before.length + 1;
      before.push(isSimple ? value.substring(at, stop) : this.#unquoted(at, stop));
      if (isLast) return this.#finish(before, start, stop, strayField);
      at = found + this.#delimiterSize;
    }
    return this.#reject(start, limit, null, tooLongReason(this.#maxChars));
  }

  /** The value of a field without quotes. */
  #unquoted(start: number, end: number): string | null {
    const { escape, trim } = this.#syntax;
    const field = this.#text.value.substring(start, end);
    const value = trim ? trimmed(field) : field;
    return this.#text.escapes === null ? value : unescapedField(value, escape);
  }

  /** The index of a quote in an unquoted field that is not escaped, or NOWHERE. */
  #quoteIn(start: number, end: number): number {
    const { quote, escape } = this.#syntax;
    const field = this.#text.value.substring(start, end);
    const index = this.#text.escapes === null
      ? field.indexOf(quote)
      : unescapedQuote(field, quote, escape);
    return index < 0 || quote === "" ? NOWHERE : start + index;
  }

  #hasEscape(start: number, end: number): boolean {
    const { escapes, value } = this.#text;
    return escapes !== null && value.substring(start, end).includes(this.#syntax.escape);
  }

  /** Delivers a record with a valid structure, unless the content of a field is invalid. */
  #finish(fields: Fields, start: number, end: number, strayField: number): number {
    const text = this.#text;
    const next = text.afterLineEnd(end);
    const bad = this.#contentFault(fields, start, end, strayField);
    const lineEnds = this.#firstEnd >= next - 1 ? 1 : text.lineEndsWithin(start, next);
    if (bad === null) this.#deliver(fields, start, end, text.line);
    else this.#fault(start, end, bad.column, bad.reason);
    text.line += lineEnds;
    return next;
  }

  #contentFault(
    fields: Fields,
    start: number,
    end: number,
    strayField: number,
  ): { column: number; reason: string } | null {
    const text = this.#text;
    if (strayField > 0) {
      const name = text.lineEnd === "\n" ? "carriage return" : "line feed";
      return { column: strayField, reason: `has a lone ${name} outside quotes` };
    }
    const has = (content: string) => fields.findIndex((field) => field?.includes(content)) + 1;
    if (text.nuls.next(start) < end || (text.escapes !== null && has("\0") > 0)) {
      return { column: has("\0"), reason: "has a NUL character" };
    }
    if (text.badBytes.next(start) < end) {
      return { column: has(BAD_BYTES), reason: badBytesReason(this.#settings) };
    }
    return null;
  }

  #deliver(fields: Fields, start: number, end: number, line: number): void {
    this.#rawStart = start;
    this.#rawEnd = end;
    if (fields.length === this.#header.plainCount) return this.#sink.fields(fields, line);
    if (this.#header.isEnd(fields)) {
      this.#isStopped = true;
      return this.#sink.skip(line);
    }
    const ragged = this.#header.take(fields, line);
    if (ragged !== null) this.#fault(start, end, null, ragged);
  }

  /** Reports a record whose structure is valid. */
  #fault(start: number, end: number, column: number | null, reason: string): void {
    const { value, line } = this.#text;
    const lines = 1 + this.#text.lineEndsWithin(start, end);
    const fault = { line, column, reason, raw: rawText(value.slice(start, end)) };
    this.#header.refuse(fault);
    if (!this.#header.isSearching) this.#sink.fault(lines === 1 ? fault : { ...fault, lines });
  }

  #rejectQuoted(code: number, start: number, open: number, column: number): number {
    const text = this.#text;
    const { end, reason } = this.#quotes;
    if (code === TEXT_AFTER) {
      const why = textAfterQuote(text.value, end, text.where(start, end), this.#syntax);
      return this.#reject(start, end, column, why);
    }
    if (code !== STRAY) {
      return this.#reject(start, open + 1, column, tooLongReason(this.#maxChars), "in quotes");
    }
    const lineEnd = Math.min(text.ends.next(open), text.value.length);
    const next = this.#reject(start, lineEnd, column, reason);
    text.rewind(next);
    return next;
  }

  /** Reports the record as a fault and skips the rest of it, from `at` on. */
  #reject(
    start: number,
    at: number,
    column: number | null,
    reason: string,
    mode: SkipMode = "line",
  ): number {
    const { value, line, lineEnd, isWhole } = this.#text;
    const raw = value.slice(start, Math.min(at, start + MAX_RAW_CHARS + 1));
    const fault: RecordFault = { line, column, reason, raw };
    this.#header.refuse(fault);
    const lineEnds = this.#text.lineEndsWithin(start, at);
    const skipped = new SkippedRecord(fault, lineEnds, mode, this.#syntax, lineEnd);
    const rest = skipped.push(value.slice(at), isWhole);
    if (rest === null) this.#skipped = skipped;
    else this.#report(skipped);
    return value.length - (rest?.length ?? 0);
  }

  /** Skips more of a rejected record. @returns the text after it */
  #skip(skipped: SkippedRecord, piece: string): string {
    const rest = skipped.push(piece, this.#text.isWhole);
    if (rest === null) return "";
    this.#skipped = null;
    this.#report(skipped);
    return rest;
  }

  /** Reports a rejected record that has ended, without the CR of a CRLF. */
  #report({ fault, lineEnds, lines }: SkippedRecord): void {
    this.#text.line += lineEnds;
    if (this.#header.isSearching) return;
    const { raw } = fault;
    const isCrlf = this.#text.lineEnd === "\n" && raw.length <= MAX_RAW_CHARS && raw.endsWith("\r");
    const reported = { ...fault, raw: rawText(isCrlf ? raw.slice(0, -1) : raw) };
    this.#sink.fault(lines === 1 ? reported : { ...reported, lines });
  }
}
