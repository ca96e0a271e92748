import type { CsvOptions } from "../../sdk/csv.ts";
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
} from "./contract.ts";
import { CsvHeader } from "./csv_header.ts";
import { type CsvSyntax, csvSyntax } from "./csv_options.ts";
import { CsvText, UNFINISHED } from "./csv_text.ts";
import { NOWHERE } from "./finder.ts";
import { LineSkipper } from "./line_skipper.ts";

/**
 * Reads comma-separated values (RFC 4180) as a stream. A record ends with LF or CRLF, or with CR in a
 * file whose first line end is a lone CR; empty lines are blank. Line numbers include line ends within
 * quotes. A record that cannot be read is a fault, and reading continues with the next line.
 *
 * @throws {Failure} `csv-bad-options`, `csv-bad-header`, `csv-too-many-columns`; `push` and `end`
 * throw `csv-no-header`, `csv-bad-header`, `csv-too-many-columns`, and `csv-unclosed-quote` if a quote
 * is not closed within the file or the maximum record length
 *
 * @example
 * ```ts
 * const reader = csvReader({ delimiter: ";" }, {
 *   fields: (fields, line) => console.log(line, fields),
 *   value: () => {},
 *   fault: (fault) => console.error(fault.line, fault.reason),
 *   skip: () => {},
 * });
 * reader.push("id;name\n1;Sparrow\n");
 * reader.end();
 * ```
 */
export function csvReader(
  options: CsvOptions,
  sink: RecordSink,
  settings: ReaderSettings = {},
): RecordReader {
  return new CsvReader(csvSyntax(options), sink, settings);
}

class CsvReader implements RecordReader {
  readonly #sink: RecordSink;
  readonly #settings: ReaderSettings;
  readonly #maxChars: number;
  readonly #header: CsvHeader;
  readonly #text: CsvText;
  /** Drops the lines before the header, until they have ended. */
  #skipper: LineSkipper | null;
  readonly #delimiterCode: number;
  /** The text is not scanned again until it has this length, so that long records take linear time. */
  #scanAt = 0;
  /** A faulty record whose line has not ended yet; its raw text grows to one over the limit. */
  #open: RecordFault | null = null;
  /** The first line end of the current record, which may be within quotes. */
  #firstEnd = 0;
  #rawStart = 0;
  #rawEnd = 0;

  constructor(syntax: CsvSyntax, sink: RecordSink, settings: ReaderSettings) {
    this.#sink = sink;
    this.#settings = settings;
    this.#maxChars = settings.maxRecordChars ?? DEFAULT_MAX_RECORD_CHARS;
    this.#header = new CsvHeader(syntax.header, sink);
    this.#text = new CsvText(syntax, this.#maxChars);
    this.#text.line = 1 + syntax.skip;
    this.#skipper = syntax.skip > 0 ? new LineSkipper(syntax.skip) : null;
    this.#delimiterCode = syntax.delimiter.charCodeAt(0);
  }

  push(piece: string): void {
    const text = this.#skipper === null ? piece : this.#skipLines(this.#skipper, piece);
    const rest = this.#open === null ? text : this.#skipLine(this.#open, text);
    this.#text.value += rest;
    if (rest !== "" && this.#text.value.length >= this.#scanAt) this.#scan();
  }

  end(): void {
    if (this.#skipper !== null) this.#text.value = this.#skipper.end();
    this.#text.isWhole = true;
    this.#scan();
    if (this.#open !== null) this.#report(this.#open);
    this.#open = null;
    this.#header.end();
  }

  raw(): string {
    return rawText(this.#text.value.slice(this.#rawStart, this.#rawEnd));
  }

  /** Drops the lines before the header. @returns the text after them */
  #skipLines(skipper: LineSkipper, piece: string): string {
    const rest = skipper.push(piece);
    if (skipper.left === 0) this.#skipper = null;
    return rest;
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
    const { ends, strays, quotes, nuls, badBytes, isWhole } = text;
    const length = text.value.length;
    const mayBeCrlf = text.lineEnd === "\n";
    let start = 0;
    while (start < length) {
      const found = ends.next(start);
      const isEnded = found !== NOWHERE || isWhole;
      if (!isEnded && length - start <= this.#maxChars) break;
      const end = Math.min(found, length);
      const stray = strays.next(start);
      const stop = mayBeCrlf && stray === found - 1 ? stray : end;
      const isPlain = isEnded && quotes.next(start) >= end && stray >= stop &&
        nuls.next(start) >= end && badBytes.next(start) >= end && end - start <= this.#maxChars;
      if (isPlain) {
        this.#plain(start, stop);
        text.line++;
        start = end + 1;
      } else {
        this.#firstEnd = end;
        const next = this.#parse(start);
        if (next === UNFINISHED) break;
        start = next;
      }
    }
    return start;
  }

  /** The fast path: a line without quotes or faults only needs splitting at the delimiters. */
  #plain(start: number, stop: number): void {
    const { value, delimiters, line } = this.#text;
    if (start === stop) return this.#sink.skip(line);
    // Not `new Array(length)`: filling holes is slow once Array.prototype is frozen.
    const fields: string[] = [];
    let from = start;
    for (let at = delimiters.next(from); at < stop; at = delimiters.next(from)) {
      fields.push(value.substring(from, at));
      from = at + 1;
    }
    fields.push(value.substring(from, stop));
    this.#deliver(fields, start, stop, line);
  }

  /**
   * Parses one record, with everything that RFC 4180 allows or forbids.
   *
   * @returns where the next record starts, or UNFINISHED if more text is needed
   */
  #parse(start: number): number {
    const text = this.#text;
    const limit = start + this.#maxChars;
    const fields: string[] = [];
    let strayField = 0;
    let at = start;
    while (at <= limit) {
      if (text.isQuote(at)) {
        const close = text.closingQuote(start, at);
        if (close === UNFINISHED) return UNFINISHED;
        fields.push(text.unquoted(at + 1, close));
        at = close + 1;
        if (text.value.charCodeAt(at) !== this.#delimiterCode) {
          const next = text.afterLineEnd(at);
          if (next === UNFINISHED) return UNFINISHED;
          if (next > 0) return this.#finish(fields, start, at, next, strayField);
          const reason = `has text after a closing quote, at ${text.where(start, at)}`;
          return this.#reject(start, at, fields.length, reason);
        }
        at++;
        continue;
      }
      const end = text.ends.next(at);
      const delimiter = text.delimiters.next(at);
      const length = text.value.length;
      let stop = Math.min(end, delimiter, length);
      if (stop > limit) break;
      if (stop === length && !text.isWhole) return UNFINISHED;
      if (text.quotes.next(at) < stop) {
        const where = text.where(start, text.quotes.next(at));
        const reason = `has a quote inside an unquoted field, at ${where}`;
        return this.#reject(start, stop, fields.length + 1, reason);
      }
      if (stop === end && text.endsInCrlf(at, end)) stop--;
      if (strayField === 0 && text.strays.next(at) < stop) strayField = fields.length + 1;
      fields.push(text.value.substring(at, stop));
      if (delimiter > stop) {
        return this.#finish(fields, start, stop, Math.min(end + 1, length), strayField);
      }
      at = delimiter + 1;
    }
    return this.#reject(start, limit, null, tooLongReason(this.#maxChars));
  }

  /** Delivers a record with a valid structure, unless the content of a field is invalid. */
  #finish(fields: string[], start: number, end: number, next: number, strayField: number): number {
    const text = this.#text;
    const line = text.line;
    const bad = this.#contentFault(fields, start, end, strayField);
    if (bad === null) this.#deliver(fields, start, end, line);
    else this.#fault({ line, ...bad, raw: rawText(text.value.slice(start, end)) });
    text.line += this.#firstEnd >= next - 1 ? 1 : text.lineEndsWithin(start, next);
    return next;
  }

  #contentFault(
    fields: string[],
    start: number,
    end: number,
    strayField: number,
  ): { column: number; reason: string } | null {
    const text = this.#text;
    if (strayField > 0) {
      const name = text.lineEnd === "\n" ? "carriage return" : "line feed";
      return { column: strayField, reason: `has a lone ${name} outside quotes` };
    }
    if (text.nuls.next(start) < end) {
      const column = fields.findIndex((field) => field.includes("\0")) + 1;
      return { column, reason: "has a NUL character" };
    }
    if (text.badBytes.next(start) < end) {
      const column = fields.findIndex((field) => field.includes(BAD_BYTES)) + 1;
      return { column, reason: badBytesReason(this.#settings) };
    }
    return null;
  }

  #deliver(fields: string[], start: number, end: number, line: number): void {
    this.#rawStart = start;
    this.#rawEnd = end;
    if (fields.length === this.#header.count) return this.#sink.fields(fields, line);
    const ragged = this.#header.take(fields, line);
    if (ragged !== null) this.#fault({ line, column: null, reason: ragged, raw: this.raw() });
  }

  #fault(fault: RecordFault): void {
    this.#header.refuse(fault);
    if (!this.#header.isSearching) this.#sink.fault(fault);
  }

  /** Reports the record as a fault and skips the rest of the line that contains `at`. */
  #reject(start: number, at: number, column: number | null, reason: string): number {
    const { value, line, lineEnd } = this.#text;
    const found = value.indexOf(lineEnd, at);
    const end = found < 0 ? value.length : found;
    const raw = value.slice(start, Math.min(end, start + MAX_RAW_CHARS + 1));
    const fault: RecordFault = { line, column, reason, raw };
    this.#header.refuse(fault);
    this.#text.line += this.#text.lineEndsWithin(start, end + 1);
    if (found < 0) this.#open = fault;
    else this.#report(fault);
    return end + 1;
  }

  /** Skips the rest of a rejected line. @returns the text after it */
  #skipLine(fault: RecordFault, text: string): string {
    const end = text.indexOf(this.#text.lineEnd);
    const room = MAX_RAW_CHARS + 1 - fault.raw.length;
    fault.raw += text.slice(0, end < 0 ? room : Math.min(end, room));
    if (end < 0) return "";
    this.#open = null;
    this.#text.line++;
    this.#report(fault);
    return text.slice(end + 1);
  }

  /** Reports a fault whose line has ended, without the CR of a CRLF, its raw text cut at the limit. */
  #report(fault: RecordFault): void {
    if (this.#header.isSearching) return;
    const { raw } = fault;
    const isCrlf = this.#text.lineEnd === "\n" && raw.length <= MAX_RAW_CHARS && raw.endsWith("\r");
    this.#sink.fault({ ...fault, raw: rawText(isCrlf ? raw.slice(0, -1) : raw) });
  }
}
