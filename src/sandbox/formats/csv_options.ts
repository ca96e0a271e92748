import type { CsvOptions } from "../../sdk/csv.ts";
import { columnNameFault } from "./column_names.ts";
import { badHeader, badOption, tooManyColumns } from "./csv_failures.ts";

const MAX_COLUMNS = 10_000;

/** {@link CsvOptions} with defaults, checked. */
export interface CsvSyntax {
  header: boolean | readonly string[];
  delimiter: string;
  quote: string;
}

const LINE_END_OR_HALF_CHARACTER = /[\r\n\0\uD800-\uDFFF]/;

/**
 * Checks a module's options.
 *
 * @throws {Failure} `csv-bad-options` if the delimiter or quote is not one usable character,
 * `csv-bad-header` or `csv-too-many-columns` if the given names are invalid
 */
export function csvSyntax(options: CsvOptions): CsvSyntax {
  const { header = true, delimiter = ",", quote = '"' } = options;
  if (!isOneCharacter(delimiter)) throw badOption("delimiter", delimiter, "one character");
  if (quote !== "" && !isOneCharacter(quote)) {
    throw badOption("quote", quote, 'one character, or "" for none');
  }
  if (quote === delimiter) throw badOption("quote", quote, "different from the delimiter");
  if (typeof header !== "boolean") checkNames(header, "the module's header option");
  return { header, delimiter, quote };
}

function isOneCharacter(value: string): boolean {
  return value.length === 1 && !LINE_END_OR_HALF_CHARACTER.test(value);
}

/**
 * Checks the column names.
 *
 * @throws {Failure} `csv-bad-header`, `csv-too-many-columns`
 */
export function checkNames(names: readonly string[], where: string): void {
  if (names.length === 0) throw badHeader(where, "it has no columns", null);
  checkColumnCount(names.length, where);
  const fault = columnNameFault(names);
  if (fault !== null) throw badHeader(where, fault.state, fault.column);
}

/** @throws {Failure} `csv-too-many-columns` above {@link MAX_COLUMNS} */
export function checkColumnCount(count: number, where: string): void {
  if (count > MAX_COLUMNS) throw tooManyColumns(where, count, MAX_COLUMNS);
}
