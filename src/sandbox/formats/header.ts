import type { Failure } from "../../base/failure.ts";
import type { HeaderOptions } from "../../sdk/file_format.ts";
import { columnNameFault, uniqueColumnNames } from "./column_names.ts";

/** The failures of a header, with the codes and hints of the format. */
export interface HeaderFailures {
  /**
   * The header cannot name the columns.
   *
   * @param where what was read: `the header at line 3`
   * @param state why not: `column 2 has no name`
   * @param column the column at fault, from 1
   */
  bad(where: string, state: string, column: number | null): Failure;
  /** The file ended before its header. @param state what is missing: `the file is empty` */
  missing(state: string): Failure;
}

/**
 * Turns the first records of a file into column names, for every format with a header. The reader
 * drops the first `options.skip` lines itself, and then passes each record that is not blank to
 * {@link take} until it returns the names.
 *
 * @example
 * ```ts ignore
 * const header = new FileHeader({ headerRows: 2 }, failures);
 * header.take(["Rain", "", "Wind"], 1); // null
 * header.take(["mm", "station", ""], 2); // ["Rain mm", "station", "Wind"]
 * ```
 */
export class FileHeader {
  /** The column names that the module gives, or null. */
  readonly given: readonly string[] | null;
  readonly #failures: HeaderFailures;
  readonly #skipTo: readonly string[] | null;
  readonly #rowCount: number;
  readonly #isUnique: boolean;
  readonly #rows: (readonly string[])[] = [];
  #firstLine = 0;
  #isPending: boolean;
  #isSearching: boolean;
  #closest: { line: number; missing: string[] } | null = null;

  /** @throws {Failure} `failures.bad` if the given names cannot name columns */
  constructor(options: HeaderOptions, failures: HeaderFailures) {
    const { header = true, skipTo = null, headerRows = 1, uniqueNames = false } = options;
    this.#failures = failures;
    this.#skipTo = skipTo;
    this.#rowCount = headerRows;
    this.#isUnique = uniqueNames;
    this.given = typeof header === "boolean"
      ? null
      : this.#checked(header, "the module's header option");
    this.#isSearching = skipTo !== null;
    this.#isPending = header === true || this.#isSearching;
  }

  /** Whether the next record belongs to the header, or precedes it. */
  get isPending(): boolean {
    return this.#isPending;
  }

  /** Whether the header has not been found yet, so that the next record may be anything. */
  get isSearching(): boolean {
    return this.#isSearching;
  }

  /**
   * Takes the next record.
   *
   * @param line its line or row in the file, for messages
   * @returns the column names, once the header is complete
   * @throws {Failure} `failures.bad`
   */
  take(cells: readonly string[], line: number): readonly string[] | null {
    if (this.#isSearching && !this.#isFound(cells, line)) return null;
    this.#isSearching = false;
    if (this.#rows.length === 0) this.#firstLine = line;
    this.#rows.push(cells);
    if (this.#rows.length < this.#rowCount) return null;
    this.#isPending = false;
    return this.given ?? this.#checked(joined(this.#rows), this.#where(line));
  }

  /**
   * Call it for a record that cannot be read, with the reason as a continuation of "the header …".
   *
   * @throws {Failure} `failures.bad` if the record belongs to the header
   */
  refuse(line: number, reason: string, column: number | null): void {
    if (this.#isSearching || !this.#isPending) return;
    throw this.#failures.bad(`the header at line ${line}`, `it ${reason}`, column);
  }

  /** @throws {Failure} `failures.missing` if the file ended before its header */
  end(): void {
    if (!this.#isPending) return;
    const isEmpty = this.#rows.length === 0;
    throw this.#failures.missing(
      this.#isSearching
        ? this.#notFound()
        : isEmpty
        ? "the file is empty"
        : "the file ends before it",
    );
  }

  #isFound(cells: readonly string[], line: number): boolean {
    const missing = this.#skipTo!.filter((name) => !cells.includes(name));
    if (missing.length === 0) return true;
    if (missing.length < (this.#closest?.missing.length ?? this.#skipTo!.length)) {
      this.#closest = { line, missing };
    }
    return false;
  }

  #notFound(): string {
    const list = (names: readonly string[]) => names.map((name) => JSON.stringify(name)).join(", ");
    const state = `no record has all names of skipTo: ${list(this.#skipTo!)}`;
    if (this.#closest === null) return state;
    return `${state}; line ${this.#closest.line} lacks ${list(this.#closest.missing)}`;
  }

  #checked(names: readonly string[], where: string): readonly string[] {
    if (names.length === 0) throw this.#failures.bad(where, "it has no columns", null);
    const unique = this.#isUnique ? uniqueColumnNames(names) : names;
    const fault = columnNameFault(unique);
    if (fault !== null) throw this.#failures.bad(where, fault.state, fault.column);
    return unique;
  }

  #where(line: number): string {
    const isOne = this.#rows.length === 1;
    return isOne ? `the header at line ${line}` : `the header at lines ${this.#firstLine}-${line}`;
  }
}

/** One name for each column: the cells of its rows from top to bottom, without empty ones. */
function joined(rows: readonly (readonly string[])[]): readonly string[] {
  if (rows.length === 1) return rows[0]!;
  const width = Math.max(...rows.map((row) => row.length));
  return Array.from(
    { length: width },
    (_, column) =>
      rows.map((row) => row[column] ?? "").filter((cell) => cell.trim() !== "").join(" "),
  );
}
