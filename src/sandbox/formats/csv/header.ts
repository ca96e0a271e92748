import { matchesPattern } from "../../wire/file_patterns.ts";
import { uniqueColumnNames } from "../column_names.ts";
import type { RecordFault, RecordSink } from "../contract.ts";
import { type Fields, raggedReason } from "./fields.ts";
import { headerFailures } from "./failures.ts";
import { checkColumnCount } from "./options.ts";
import type { CsvSyntax } from "./syntax.ts";
import { FileHeader } from "../header.ts";

/** Maximum number of fields that a record may have beyond the header with `ragged: "keep"`. */
const MAX_SURPLUS = 100;

/** Determines the number and names of a file's columns and reports them to the sink. */
export class CsvHeader {
  /** The number of fields in every record; 0 until it is known. */
  count = 0;
  /** The number of fields of records that need no closer look; -1 if all records do. */
  plainCount = 0;
  #names: readonly string[] = [];
  /** The number of columns that the header names. */
  #named = 0;
  readonly #syntax: CsvSyntax;
  readonly #header: FileHeader;
  readonly #sink: RecordSink;

  /** @throws {Failure} `csv-bad-header`, `csv-too-many-columns` if the given names are invalid */
  constructor(syntax: CsvSyntax, sink: RecordSink) {
    this.#syntax = syntax;
    this.#sink = sink;
    this.#header = new FileHeader(syntax.header, headerFailures(syntax));
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
  take(fields: Fields, line: number): string | null {
    if (this.count > 0) return this.#fit(fields, line);
    if (this.#syntax.trailingDelimiter && fields.length > 1 && fields.at(-1) === "") fields.pop();
    const header = this.#header;
    if (header.isPending) {
      if (!header.isSearching) checkColumnCount(fields.length, `the header at line ${line}`);
      const names = header.take(fields.map((field) => field ?? ""), line);
      if (names !== null) this.#name(names);
      return null;
    }
    checkColumnCount(fields.length, `the record at line ${line}`);
    this.#name(fields.map((_, index) => String(index + 1)));
    this.#sink.fields(fields, line);
    return null;
  }

  /** Whether a record is where the data ends, by the option `stopAt`. */
  isEnd(fields: Fields): boolean {
    if (this.count === 0 || this.#syntax.stopAt.length === 0) return false;
    const first = fields.find((field) => field !== null && field.trim() !== "");
    if (typeof first !== "string") return false;
    return this.#syntax.stopAt.some((pattern) => matchesPattern(pattern, first.trim()));
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

  /** Delivers a record with too few or too many fields, if the options say how. */
  #fit(fields: Fields, line: number): string | null {
    const { ragged, trailingDelimiter } = this.#syntax;
    const width = this.#named;
    if (trailingDelimiter && fields.length === width + 1 && fields[width] === "") fields.pop();
    const isFew = fields.length < this.count;
    const isPadded = isFew && (ragged !== "reject" || fields.length >= width);
    const isKept = !isFew && ragged === "keep" && fields.length <= width + MAX_SURPLUS;
    if (fields.length !== this.count && !isPadded && !isKept) {
      return raggedReason(fields, this.#names.slice(0, width), this.#syntax);
    }
    if (fields.length > this.count) this.#widen(fields.length);
    while (fields.length < this.count) fields.push(null);
    this.#sink.fields(fields, line);
    return null;
  }

  /** Names further columns, which some of the records have. */
  #widen(count: number): void {
    const unnamed = Array.from({ length: count - this.count }, () => "");
    this.#names = uniqueColumnNames([...this.#names, ...unnamed]);
    this.#count(count);
    this.#sink.header?.(this.#names);
  }

  #name(names: readonly string[]): void {
    this.#names = names;
    this.#named = names.length;
    this.#count(names.length);
    this.#sink.header?.(names);
  }

  #count(count: number): void {
    this.count = count;
    this.plainCount = this.#syntax.stopAt.length > 0 ? -1 : count;
  }
}
