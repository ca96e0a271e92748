import { Failure } from "../../base/failure.ts";
import { withCommas } from "./contract.ts";

/** An option that a module gave to `csv()` and that can't be used. */
export function badOption(name: "delimiter" | "quote", value: string, expected: string): Failure {
  return new Failure(
    "refused",
    "csv-bad-options",
    `Cannot use the CSV ${name} ${JSON.stringify(value)}: it must be ${expected}`,
    { hint: `Correct csv({ ${name} }) in the module.`, details: { option: name } },
  );
}

/** A header that can't name the fields, so that no record of the file can be trusted. */
export function badHeader(where: string, state: string, column: number | null): Failure {
  return new Failure("refused", "csv-bad-header", `Cannot read ${where}: ${state}`, {
    hint: "Name every column once. If the file has no header, give the names: " +
      "csv({ header: [...] }). Otherwise check delimiter, quote and encoding.",
    details: { column },
  });
}

export function noHeader(): Failure {
  return new Failure("refused", "csv-no-header", "Cannot read the header: the file is empty", {
    hint: "Send a file with a line of column names, or give them with csv({ header: [...] }).",
  });
}

export function tooManyColumns(where: string, columns: number, limit: number): Failure {
  return new Failure(
    "refused",
    "csv-too-many-columns",
    `Cannot read ${where}: it has ${withCommas(columns)} columns of at most ${withCommas(limit)}`,
    { hint: "Check the delimiter.", details: { columns, limit } },
  );
}

/**
 * A quote that is still open where the file or the longest record ends: nobody knows which text
 * after it is inside quotes, so nothing after it can be trusted.
 *
 * @param limit the longest record in characters, or null where the file ended first
 */
export function unclosedQuote(
  { line, column }: { line: number; column: number },
  limit: number | null,
): Failure {
  const within = limit === null
    ? "before the end of the file"
    : `within the ${withCommas(limit)} characters that a record may have`;
  return new Failure(
    "refused",
    "csv-unclosed-quote",
    `Cannot read on from line ${line}, character ${column}: the quote there is not closed ${within}`,
    {
      hint: 'Close or double the quote. If the file does not use quotes, give csv({ quote: "" }).',
      details: { line, column },
    },
  );
}
