import type { JsonlOptions } from "../../../sdk/jsonl.ts";
import {
  MAX_RAW_CHARS,
  type ReaderSettings,
  type RecordReader,
  type RecordSink,
} from "../contract.ts";
import type { WrittenNumbers } from "../../../sdk/values/written_numbers.ts";
import { JsonRecords } from "./records.ts";

/**
 * Reads JSON Lines: one object per line, ended by LF or CRLF. Lines of white space are blank; a line
 * that is not an object is a fault, and reading continues with the next line.
 *
 * Integers beyond Number.MAX_SAFE_INTEGER become bigint. A key `__proto__` is an own property of the
 * object, as with JSON.parse: code that copies objects must define it, not assign it.
 *
 * @example
 * ```ts
 * const reader = jsonlReader({}, {
 *   fields: () => {},
 *   value: (value, line) => console.log(line, value),
 *   fault: (fault) => console.error(fault.line, fault.reason),
 *   skip: () => {},
 * });
 * reader.push('{"id":1}\n');
 * reader.end();
 * ```
 */
export function jsonlReader(
  options: JsonlOptions,
  sink: RecordSink,
  settings: ReaderSettings = {},
): RecordReader {
  return new JsonlReader(options, sink, settings);
}

class JsonlReader implements RecordReader {
  readonly #sink: RecordSink;
  readonly #records: JsonRecords;
  /** The unfinished line, cut at the length that shows that it is too long. */
  #unfinished = "";
  #line = 1;

  constructor(options: JsonlOptions, sink: RecordSink, settings: ReaderSettings) {
    this.#sink = sink;
    this.#records = new JsonRecords(options, sink, settings);
  }

  push(text: string): void {
    let start = 0;
    let end = text.indexOf("\n");
    for (; end >= 0; end = text.indexOf("\n", start)) {
      this.#extend(text, start, end);
      this.#take();
      start = end + 1;
    }
    this.#extend(text, start, text.length);
  }

  end(): void {
    if (this.#unfinished !== "") this.#take();
  }

  raw(): string {
    return this.#records.raw();
  }

  numbers(): WrittenNumbers {
    return this.#records.numbers();
  }

  /** Extends the unfinished line, up to one character over the limit. */
  #extend(text: string, start: number, end: number): void {
    const room = Math.max(this.#records.maxChars, MAX_RAW_CHARS) + 1 - this.#unfinished.length;
    const part = text.slice(start, Math.min(end, start + room));
    this.#unfinished = this.#unfinished === "" ? part : this.#unfinished + part;
  }

  #take(): void {
    const record = this.#unfinished;
    this.#unfinished = "";
    const isTooLong = record.length > this.#records.maxChars;
    if (!isTooLong && record.trim() === "") this.#sink.skip(this.#line);
    else this.#records.deliver(isTooLong ? record : withoutCr(record), this.#line);
    this.#line++;
  }
}

function withoutCr(record: string): string {
  return record.endsWith("\r") ? record.slice(0, -1) : record;
}
