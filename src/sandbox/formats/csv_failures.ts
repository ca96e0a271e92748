import { Failure } from "../../base/failure.ts";
import { withCommas } from "./contract.ts";
import type { HeaderFailures } from "./header.ts";

/** A module passed an invalid option to `csv()`. */
export function badOption(name: "delimiter" | "quote", value: string, expected: string): Failure {
  const text = `Cannot use the CSV ${name} ${JSON.stringify(value)}: it must be ${expected}`;
  return new Failure("refused", "csv-bad-options", text, {
    hint: `Fix csv({ ${name} }) in the module.`,
    details: { option: name },
  });
}

/** Failures of the header: without it, no record of the file can be read reliably. */
export const CSV_HEADER_FAILURES: HeaderFailures = {
  bad: (where, state, column) =>
    new Failure("refused", "csv-bad-header", `Cannot read ${where}: ${state}`, {
      hint:
        "Give every column a different name, or set csv({ uniqueNames: true }). If the file has " +
        "no header, pass the names with csv({ header: [...] }). Otherwise check delimiter, quote, " +
        "skip and encoding.",
      details: { column },
    }),
  missing: (state) =>
    new Failure("refused", "csv-no-header", `Cannot read the header: ${state}`, {
      hint: "Send a file with a line of column names, or pass them with csv({ header: [...] }).",
    }),
};

export function tooManyColumns(where: string, columns: number, limit: number): Failure {
  return new Failure(
    "refused",
    "csv-too-many-columns",
    `Cannot read ${where}: it has ${withCommas(columns)} columns (limit: ${withCommas(limit)})`,
    { hint: "Check the delimiter.", details: { columns, limit } },
  );
}

/**
 * A quote is still open at the end of the file or of the longest possible record. It is unknown which
 * of the following text is inside quotes, so none of it can be read reliably.
 *
 * @param limit maximum length of a record in characters, or null if the file ended first
 */
export function unclosedQuote(
  { line, column }: { line: number; column: number },
  limit: number | null,
): Failure {
  const within = limit === null
    ? "before the end of the file"
    : `within the ${withCommas(limit)} characters allowed for a record`;
  return new Failure(
    "refused",
    "csv-unclosed-quote",
    `Cannot read past line ${line}, character ${column}: the quote is not closed ${within}`,
    {
      hint: 'Close or double the quote. If the file does not use quotes, set csv({ quote: "" }).',
      details: { line, column },
    },
  );
}
