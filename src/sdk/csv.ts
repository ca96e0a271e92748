/** How a tenant's CSV files are written. RFC 4180 is the default. */
export interface CsvOptions {
  /**
   * True: the first record names the columns. An array: the file has no header and these are the
   * names. False: records are keyed "1", "2", … by position.
   * @default true
   */
  header?: boolean | readonly string[];
  /** One character. @default "," */
  delimiter?: string;
  /** One character, or "" for files without quoting. @default '"' */
  quote?: string;
  /** A WHATWG encoding label; a byte order mark in the file goes before it. @default "utf-8" */
  encoding?: string;
}

/** The fields of a record by column name; every field is text, as it stands in the file. */
export type CsvRecord = Record<string, string>;

export interface CsvFormat {
  readonly kind: "csv";
  readonly options: CsvOptions;
  /** Only a type: what `row` receives. */
  readonly record?: CsvRecord;
}

/**
 * Comma-separated values by RFC 4180. Files ending in `.gz` are decompressed first.
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
