import type { CsvOptions } from "../../../sdk/csv.ts";
import type { ReaderSettings, RecordReader, RecordSink } from "../contract.ts";
import { CRCRLF } from "./line_end.ts";
import { csvSyntax } from "./options.ts";
import type { CsvSyntax } from "./syntax.ts";
import { CsvRecords } from "./records.ts";
import { type CsvBody, CsvStart } from "./start.ts";

/**
 * Reads comma-separated values (RFC 4180) as a stream. A record ends with LF or CRLF, or with CR in a
 * file whose first line end is a lone CR; empty lines are blank. Line numbers include line ends within
 * quotes. A record that cannot be read is a fault, and reading continues with the next line. The
 * options are for files that depart from the standard.
 *
 * @throws {Failure} `csv-bad-options`, `csv-bad-header`, `csv-too-many-columns`; `push` and `end`
 * throw `csv-no-header`, `csv-bad-header`, `csv-too-many-columns`, `csv-delimiter`, `csv-line-ends`
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

/** Prepares the text of a file for {@link CsvRecords}. */
class CsvReader implements RecordReader {
  readonly #sink: RecordSink;
  readonly #settings: ReaderSettings;
  readonly #start: CsvStart;
  readonly #hasDoubledLineEnds: boolean;
  /** CRs at the end of the text so far, which may be a part of a CRCRLF. */
  #held = "";
  /** Null while the start of the file is read. */
  #records: CsvRecords | null = null;

  constructor(syntax: CsvSyntax, sink: RecordSink, settings: ReaderSettings) {
    this.#sink = sink;
    this.#settings = settings;
    this.#start = new CsvStart(syntax);
    this.#hasDoubledLineEnds = syntax.lineEnd === CRCRLF;
  }

  push(piece: string): void {
    const text = this.#hasDoubledLineEnds ? this.#withoutDoubled(piece, false) : piece;
    if (this.#records !== null) return this.#records.push(text);
    this.#open(this.#start.push(text, false));
  }

  end(): void {
    const text = this.#hasDoubledLineEnds ? this.#withoutDoubled("", true) : "";
    if (this.#records === null) this.#open(this.#start.push(text, true));
    else this.#records.push(text);
    this.#records?.end();
  }

  raw(): string {
    return this.#records?.raw() ?? "";
  }

  lines(): number {
    return this.#records?.lines() ?? 1;
  }

  #open(body: CsvBody | null): void {
    if (body === null) return;
    this.#records = new CsvRecords(body.syntax, body.line, this.#sink, this.#settings);
    this.#records.push(body.text);
  }

  #withoutDoubled(piece: string, isWhole: boolean): string {
    const text = this.#held + piece;
    this.#held = isWhole ? "" : /\r?\r?$/.exec(text.slice(-2))![0];
    return text.slice(0, text.length - this.#held.length).replaceAll(CRCRLF, "\r\n");
  }
}
