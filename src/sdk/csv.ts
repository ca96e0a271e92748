import type { FileFormat, HeaderOptions, TextOptions } from "./file_format.ts";
import type { DeclaredNames, NamedRecord } from "./named_record.ts";

/** Options of CSV files; the defaults follow RFC 4180. */
export interface CsvOptions extends HeaderOptions, TextOptions {
  /** The character between fields. @default "," */
  delimiter?: string;
  /** The quote character, or "" if fields are never quoted. @default '"' */
  quote?: string;
}

/** The fields of a record by column name. Each is text, exactly as in the file. */
export type CsvRecord = Record<string, string>;

export type CsvFormat<R extends object = CsvRecord> = FileFormat<"csv", CsvOptions, R>;

/**
 * Comma-separated values (RFC 4180), plain or gzip.
 *
 * @example
 * ```ts
 * import { csv } from "mysimbdp";
 * csv({ header: true, delimiter: ";" }).kind; // "csv"
 * ```
 */
export function csv<
  const Header extends string = never,
  const Columns extends string = never,
  const Optional extends string = never,
>(
  options: CsvOptions & DeclaredNames<Header, Columns, Optional> = {},
): CsvFormat<NamedRecord<string, Header, Columns, Optional>> {
  return { kind: "csv", options };
}
