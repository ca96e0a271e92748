import type { RecordFault, RecordSink } from "./contract.ts";
import { CSV_HEADER_FAILURES } from "./csv_failures.ts";
import { checkColumnCount, type CsvSyntax } from "./csv_options.ts";
import { FileHeader } from "./header.ts";

/** Determines the number and names of a file's columns and reports them to the sink. */
export class CsvHeader {
  /** The number of fields in every record; 0 until it is known. */
  count = 0;
  readonly #header: FileHeader;
  readonly #sink: RecordSink;

  /** @throws {Failure} `csv-bad-header`, `csv-too-many-columns` if the given names are invalid */
  constructor(options: CsvSyntax["header"], sink: RecordSink) {
    this.#sink = sink;
    this.#header = new FileHeader(options, CSV_HEADER_FAILURES);
    const { given, isPending } = this.#header;
    if (given === null) return;
    checkColumnCount(given.length, "the module's header option");
    if (!isPending) this.#name(given);
  }

  /**
   * Handles a record that does not have {@link count} fields: one of the header or before it, the first
   * record of a file without a header, or a record with too few or too many fields.
   *
   * @returns the reason for rejecting the record, or null
   * @throws {Failure} `csv-bad-header`, `csv-too-many-columns`.
   */
  take(fields: string[], line: number): string | null {
    if (this.count > 0) {
      const has = `has ${fields.length} ${fields.length === 1 ? "field" : "fields"}`;
      return `${has}, the header has ${this.count}`;
    }
    const header = this.#header;
    if (header.isPending) {
      if (!header.isSearching) checkColumnCount(fields.length, `the header at line ${line}`);
      const names = header.take(fields, line);
      if (names !== null) this.#name(names);
      return null;
    }
    checkColumnCount(fields.length, `the record at line ${line}`);
    this.#name(fields.map((_, index) => String(index + 1)));
    this.#sink.fields(fields, line);
    return null;
  }

  /** Whether the header has not been found yet: a record that cannot be read is not a reject. */
  get isSearching(): boolean {
    return this.#header.isSearching;
  }

  /** @throws {Failure} `csv-bad-header` if the faulty record is the header */
  refuse({ line, column, reason }: RecordFault): void {
    this.#header.refuse(line, reason, column);
  }

  /** @throws {Failure} `csv-no-header` if the file ended before its header */
  end(): void {
    this.#header.end();
  }

  #name(names: readonly string[]): void {
    this.count = names.length;
    this.#sink.header?.(names);
  }
}
