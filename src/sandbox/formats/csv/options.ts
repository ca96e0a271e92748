import type { CsvOptions } from "../../../sdk/csv.ts";
import { badOption, tooManyColumns } from "./failures.ts";
import type { CsvSyntax } from "./syntax.ts";

const MAX_COLUMNS = 10_000;
const MAX_DELIMITER_CHARS = 10;
const DEFAULT_QUOTED_LINES = 100;

const LINE_END_OR_HALF_CHARACTER = /[\r\n\0\uD800-\uDFFF]/;

/**
 * Checks a module's options.
 *
 * @throws {Failure} `csv-bad-options` if delimiter, quote and escape cannot be used together
 */
export function csvSyntax(options: CsvOptions): CsvSyntax {
  const { delimiter = ",", quote = '"', comment = "", lineEnd = null, stopAt = [] } = options;
  const { escape = quote, trim = false } = options;
  if (!isDelimiter(delimiter)) {
    throw badOption(
      "delimiter",
      delimiter,
      `1 to ${MAX_DELIMITER_CHARS} characters without line ends`,
    );
  }
  if (trim && delimiter.trim() !== delimiter && delimiter !== "\t") {
    throw badOption("delimiter", delimiter, "without blanks at its ends, as trim removes them");
  }
  for (const [name, value] of [["quote", quote], ["escape", escape]] as const) {
    if (value === "") continue;
    if (!isOneCharacter(value)) throw badOption(name, value, 'one character, or "" for none');
    if (delimiter.includes(value)) throw badOption(name, value, "different from the delimiter");
  }
  return {
    header: options,
    skip: options.skip ?? 0,
    delimiter,
    quote,
    escape,
    keepsStrayQuotes: options.strayQuotes === "keep",
    quotedLines: options.quotedLines ?? DEFAULT_QUOTED_LINES,
    quotedRecords: options.quotedRecords ?? false,
    ragged: options.ragged ?? "reject",
    trailingDelimiter: options.trailingDelimiter ?? false,
    trim,
    comment,
    skipLast: options.skipLast ?? 0,
    stopAt: typeof stopAt === "string" ? [stopAt] : stopAt,
    lineEnd: lineEnd === "\r\n" ? "\n" : lineEnd,
  };
}

function isDelimiter(value: string): boolean {
  return value.length >= 1 && value.length <= MAX_DELIMITER_CHARS && value.isWellFormed() &&
    !/[\r\n\0]/.test(value);
}

function isOneCharacter(value: string): boolean {
  return value.length === 1 && !LINE_END_OR_HALF_CHARACTER.test(value);
}

/** @throws {Failure} `csv-too-many-columns` above {@link MAX_COLUMNS} */
export function checkColumnCount(count: number, where: string): void {
  if (count > MAX_COLUMNS) throw tooManyColumns(where, count, MAX_COLUMNS);
}
