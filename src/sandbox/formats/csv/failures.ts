import { Failure } from "../../../base/failure.ts";
import { withCommas } from "../contract.ts";
import type { CsvSyntax } from "./syntax.ts";
import type { HeaderFailures } from "../header.ts";

/** A module passed an invalid option to `csv()`. */
export function badOption(
  name: "delimiter" | "quote" | "escape",
  value: string,
  expected: string,
): Failure {
  const text = `Cannot use the CSV ${name} ${JSON.stringify(value)}: it must be ${expected}`;
  return new Failure("refused", "csv-bad-options", text, {
    hint: `Fix csv({ ${name} }) in the module.`,
    details: { option: name },
  });
}

/** Failures of the header: without it, no record of the file can be read reliably. */
export function headerFailures({ trailingDelimiter, delimiter }: CsvSyntax): HeaderFailures {
  return {
    bad: (where, state, column) =>
      new Failure("refused", "csv-bad-header", `Cannot read ${where}: ${state}`, {
        hint:
          "Give every column a different name, or set csv({ uniqueNames: true }). If the file " +
          "has no header, pass the names with csv({ header: [...] }). " +
          (trailingDelimiter ? "" : "If lines end with a delimiter, set trailingDelimiter. ") +
          "If other lines come first, set skip or skipTo. Otherwise check delimiter " +
          `(now ${JSON.stringify(delimiter)}), quote and encoding.`,
        details: { column },
      }),
    missing: (state) =>
      new Failure("refused", "csv-no-header", `Cannot read the header: ${state}`, {
        hint: "Send a file with a line of column names, or pass them with csv({ header: [...] }).",
      }),
  };
}

/** The file has a line `sep=` with another delimiter than the module's. */
export function otherDelimiter(found: string, declared: string): Failure {
  const text = `Cannot read the file: its first line says that the delimiter is ` +
    `${JSON.stringify(found)}, the module reads ${JSON.stringify(declared)}`;
  return new Failure("refused", "csv-delimiter", text, {
    hint: `Set csv({ delimiter: ${JSON.stringify(found)} }), or "auto" to follow the file.`,
    details: { delimiter: found },
  });
}

/** The records of the file fit to no delimiter. */
export function unknownDelimiter(candidates: readonly string[]): Failure {
  const list = candidates.map((one) => JSON.stringify(one)).join(", ");
  const text = `Cannot determine the delimiter: with none of ${list}, most records have as many ` +
    "fields as the header";
  return new Failure("refused", "csv-delimiter", text, {
    hint: "Set csv({ delimiter }). If other lines come before the header, set skip or skipTo.",
  });
}

/** The line ends of the file are CRCRLF. */
export function doubledLineEnds(): Failure {
  const text =
    "Cannot read the file: its lines end with CR CR LF, as if LF had been converted to " +
    "CRLF twice";
  return new Failure("refused", "csv-line-ends", text, {
    hint: 'Transfer the file in binary mode, or set csv({ lineEnd: "\\r\\r\\n" }).',
  });
}

export function tooManyColumns(where: string, columns: number, limit: number): Failure {
  return new Failure(
    "refused",
    "csv-too-many-columns",
    `Cannot read ${where}: it has ${withCommas(columns)} columns (limit: ${withCommas(limit)})`,
    { hint: "Check the delimiter.", details: { columns, limit } },
  );
}
