import type { CsvOptions } from "../../src/sdk/csv.ts";

/** What a user of the Pollock benchmark knows of a file: its `parameters/NAME_parameters.json`. */
export interface FileParameters {
  encoding: string;
  delimiter: string;
  quotechar: string;
  escapechar: string;
  preamble_lines: number;
  header_lines: number;
  footnote_lines?: number;
  column_names: readonly string[];
}

const ENCODINGS: Record<string, string> = { ascii: "utf-8", "utf-8-sig": "utf-8", utf_8: "utf-8" };

/**
 * The options for a file of the benchmark: one rule for all files, from their parameters alone. What the
 * parameters do not say is read leniently: records of another length and stray quotes are kept, and a
 * further table ends the data, as it begins with the name of the first column again.
 */
export function optionsFor(parameters: FileParameters): CsvOptions {
  const { delimiter, quotechar: quote, escapechar: escape, column_names: names } = parameters;
  const { header_lines: headerLines, preamble_lines: preamble } = parameters;
  const encoding = parameters.encoding.toLowerCase();
  const header: CsvOptions = headerLines === 0
    ? { header: false, skip: preamble }
    : { header: [...names], skip: preamble + headerLines, uniqueNames: true };
  const [first = ""] = names;
  return {
    ...header,
    encoding: ENCODINGS[encoding] ?? encoding,
    ...(delimiter !== "" && { delimiter }),
    ...(quote !== "" && { quote }),
    ...(escape !== quote && { escape }),
    ...(headerLines > 0 && first.trim() !== "" && { stopAt: first }),
    skipLast: parameters.footnote_lines ?? 0,
    ragged: "keep",
    strayQuotes: "keep",
  };
}
