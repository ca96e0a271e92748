import type { RecordFault, RecordSink } from "./contract.ts";
import { badHeader, noHeader } from "./csv_failures.ts";
import { checkColumnCount, checkNames, type CsvSyntax } from "./csv_options.ts";

/** Determines the number and names of a file's columns and reports them to the sink. */
export class CsvHeader {
  /** The number of fields in every record; 0 until it is known. */
  count = 0;
  readonly #isInFile: boolean;
  readonly #sink: RecordSink;

  constructor(header: CsvSyntax["header"], sink: RecordSink) {
    this.#isInFile = header === true;
    this.#sink = sink;
    if (typeof header !== "boolean") this.#name(header);
  }

  /**
   * Handles a record that does not have {@link count} fields: the header itself, the first record of a
   * file without a header, or a record with too few or too many fields.
   *
   * @returns the reason for rejecting the record, or null
   * @throws {Failure} `csv-bad-header`, `csv-too-many-columns`.
   */
  take(fields: string[], line: number): string | null {
    if (this.count > 0) {
      const has = `has ${fields.length} ${fields.length === 1 ? "field" : "fields"}`;
      return `${has}, the header has ${this.count}`;
    }
    if (this.#isInFile) {
      checkNames(fields, `the header at line ${line}`);
      this.#name(fields);
      return null;
    }
    checkColumnCount(fields.length, `the record at line ${line}`);
    this.#name(fields.map((_, index) => String(index + 1)));
    this.#sink.fields(fields, line);
    return null;
  }

  /** @throws {Failure} `csv-bad-header` if the faulty record is the header */
  refuse({ line, column, reason }: RecordFault): void {
    if (this.#isInFile && this.count === 0) {
      throw badHeader(`the header at line ${line}`, `it ${reason}`, column);
    }
  }

  /** @throws {Failure} `csv-no-header` if the file ended before its header */
  end(): void {
    if (this.#isInFile && this.count === 0) throw noHeader();
  }

  #name(names: readonly string[]): void {
    this.count = names.length;
    this.#sink.header?.(names);
  }
}
