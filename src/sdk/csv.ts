import type { FileFormat, HeaderOptions, TextOptions } from "./file_format.ts";

/** Options of CSV files; the defaults follow RFC 4180. */
export interface CsvOptions extends HeaderOptions, TextOptions {
  /** The character between fields. @default "," */
  delimiter?: string;
  /** The quote character, or "" if fields are never quoted. @default '"' */
  quote?: string;
}

/** The fields of a record by column name. Each is text, exactly as in the file. */
export type CsvRecord = Record<string, string>;

export type CsvFormat = FileFormat<"csv", CsvOptions, CsvRecord>;

/**
 * Comma-separated values (RFC 4180), plain or gzip.
 *
 * @example
 * ```ts
 * import { csv } from "mysimbdp";
 * csv({ header: true, delimiter: ";" }).kind; // "csv"
 * ```
 */
export function csv(options: CsvOptions = {}): CsvFormat {
  return { kind: "csv", options };
}
