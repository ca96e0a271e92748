import type { CsvOptions } from "../../sdk/csv.ts";
import type { HeaderOptions } from "../../sdk/file_format.ts";
import { badOption, tooManyColumns } from "./csv_failures.ts";

const MAX_COLUMNS = 10_000;

/** {@link CsvOptions} with defaults, checked. */
export interface CsvSyntax {
  header: HeaderOptions;
  /** The number of lines before the header. */
  skip: number;
  delimiter: string;
  quote: string;
}

const LINE_END_OR_HALF_CHARACTER = /[\r\n\0\uD800-\uDFFF]/;

/**
 * Checks a module's options.
 *
 * @throws {Failure} `csv-bad-options` if the delimiter or quote is not one usable character
 */
export function csvSyntax(options: CsvOptions): CsvSyntax {
  const { skip = 0, delimiter = ",", quote = '"' } = options;
  if (!isOneCharacter(delimiter)) throw badOption("delimiter", delimiter, "one character");
  if (quote !== "" && !isOneCharacter(quote)) {
    throw badOption("quote", quote, 'one character, or "" for none');
  }
  if (quote === delimiter) throw badOption("quote", quote, "different from the delimiter");
  return { header: options, skip, delimiter, quote };
}

function isOneCharacter(value: string): boolean {
  return value.length === 1 && !LINE_END_OR_HALF_CHARACTER.test(value);
}

/** @throws {Failure} `csv-too-many-columns` above {@link MAX_COLUMNS} */
export function checkColumnCount(count: number, where: string): void {
  if (count > MAX_COLUMNS) throw tooManyColumns(where, count, MAX_COLUMNS);
}
