import {
  BAD_BYTES,
  badBytesReason,
  DEFAULT_MAX_RECORD_CHARS,
  MAX_RAW_CHARS,
  rawText,
  type ReaderSettings,
  type RecordReader,
  type RecordSink,
  tooLongReason,
} from "./contract.ts";
import { isObject, jsonFault, nameOf, parseJson } from "./json_value.ts";

/**
 * Reads JSON Lines: one object a line, LF or CRLF at its end. A line of white space is blank; a
 * line that is no object is told as a fault and the next line is tried.
 *
 * Integers beyond Number.MAX_SAFE_INTEGER are given as bigint. A key `__proto__` is an own
 * property of the object, as JSON.parse makes it: whoever copies objects must define it, not set it.
 *
 * @example
 * ```ts
 * const reader = jsonlReader({
 *   fields: () => {},
 *   value: (value, line) => console.log(line, value),
 *   fault: (fault) => console.error(fault.line, fault.reason),
 *   skip: () => {},
 * });
 * reader.push('{"id":1}\n');
 * reader.end();
 * ```
 */
export function jsonlReader(sink: RecordSink, settings: ReaderSettings = {}): RecordReader {
  return new JsonlReader(sink, settings);
}

class JsonlReader implements RecordReader {
  readonly #sink: RecordSink;
  readonly #settings: ReaderSettings;
  readonly #maxChars: number;
  /** The unfinished line, of which no more is kept than tells that it is too long. */
  #held = "";
  #line = 1;
  #record = "";

  constructor(sink: RecordSink, settings: ReaderSettings) {
    this.#sink = sink;
    this.#settings = settings;
    this.#maxChars = settings.maxRecordChars ?? DEFAULT_MAX_RECORD_CHARS;
  }

  push(text: string): void {
    let start = 0;
    let end = text.indexOf("\n");
    for (; end >= 0; end = text.indexOf("\n", start)) {
      this.#hold(text, start, end);
      this.#take();
      start = end + 1;
    }
    this.#hold(text, start, text.length);
  }

  end(): void {
    if (this.#held !== "") this.#take();
  }

  raw(): string {
    return rawText(this.#record);
  }

  /** Adds to the held line what may still matter of it: one character over the limit. */
  #hold(text: string, start: number, end: number): void {
    const room = Math.max(this.#maxChars, MAX_RAW_CHARS) + 1 - this.#held.length;
    const part = text.slice(start, Math.min(end, start + room));
    this.#held = this.#held === "" ? part : this.#held + part;
  }

  #take(): void {
    const record = this.#held;
    this.#held = "";
    this.#record = record;
    this.#read(record);
    this.#line++;
  }

  #read(record: string): void {
    if (record.length > this.#maxChars) return this.#fault(tooLongReason(this.#maxChars));
    this.#record = withoutCr(record);
    if (record.trim() === "") return this.#sink.skip(this.#line);
    if (record.includes(BAD_BYTES)) return this.#fault(badBytesReason(this.#settings));
    let value: unknown;
    try {
      value = parseJson(this.#record);
    } catch (error) {
      const { reason, column } = jsonFault(error);
      return this.#fault(reason, column);
    }
    if (isObject(value)) this.#sink.value(value, this.#line);
    else this.#fault(`is ${nameOf(value)}, not a JSON object`);
  }

  #fault(reason: string, column: number | null = null): void {
    this.#sink.fault({ line: this.#line, column, reason, raw: this.raw() });
  }
}

function withoutCr(record: string): string {
  return record.endsWith("\r") ? record.slice(0, -1) : record;
}
