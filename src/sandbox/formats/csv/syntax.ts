import type { HeaderOptions } from "../../../sdk/file_format.ts";

/** The options of a CSV file with defaults, checked. */
export interface CsvSyntax {
  header: HeaderOptions;
  /** The number of lines before the header. */
  skip: number;
  /** The delimiter, or "auto". */
  delimiter: string;
  quote: string;
  /** The quote itself, another character, or "" if quotes are not escaped. */
  escape: string;
  keepsStrayQuotes: boolean;
  quotedLines: number;
  quotedRecords: boolean;
  ragged: "reject" | "pad" | "keep";
  trailingDelimiter: boolean;
  trim: boolean;
  comment: string;
  skipLast: number;
  stopAt: readonly string[];
  lineEnd: "\n" | "\r" | "\r\r\n" | null;
}
