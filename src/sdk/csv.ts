import type { FileFormat } from "./file_format.ts";

/** Options of CSV files; the defaults follow RFC 4180. */
export interface CsvOptions {
  /**
   * `true`: the first record has the column names. An array: the file has no header, and these are
   * the column names. `false`: the column names are "1", "2", and so on.
   * @default true
   */
  header?: boolean | readonly string[];
  /** The character between fields. @default "," */
  delimiter?: string;
  /** The quote character, or "" if fields are never quoted. @default '"' */
  quote?: string;
  /**
   * A WHATWG encoding label such as "windows-1252". A byte order mark in the file overrides it.
   * @default "utf-8"
   */
  encoding?: string;
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
