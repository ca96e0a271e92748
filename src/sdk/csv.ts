import type { FileFormat, HeaderOptions, TextOptions } from "./file_format.ts";
import type { DeclaredNames, NamedRecord } from "./named_record.ts";

/** Options of CSV files; the defaults follow RFC 4180. */
export interface CsvOptions extends HeaderOptions, TextOptions {
  /**
   * The text between fields, one to ten characters: `";"`, `"||"`, `", "`. `"auto"` determines which
   * of `,`, `;`, tab and `|` it is from the start of each file.
   * @default ","
   */
  delimiter?: string;
  /** The quote character, or "" if fields are never quoted. @default '"' */
  quote?: string;
  /**
   * The character before a quote that is data. By default it is the quote itself: `"a ""b"""`. `"\\"`
   * as in MySQL and PostgreSQL: `\"`, `\n`, `\t` and the like also outside quotes, and a field `\N` is
   * null. `""`: quotes in a quoted field are not escaped; one before a delimiter or line end closes it.
   * @default '"'
   */
  escape?: string;
  /**
   * What happens to a quote that neither opens nor closes a field, as in `5" pipe`: the record is
   * rejected, or the quote is kept as text.
   * @default "reject"
   */
  strayQuotes?: "reject" | "keep";
  /** The maximum number of lines of a quoted field; a longer one is a stray quote. @default 100 */
  quotedLines?: number;
  /**
   * Whether a quoted field may contain lines that look like records of the file. By default its quote
   * is a stray one.
   * @default false
   */
  quotedRecords?: boolean;
  /**
   * What happens to records with more or fewer fields than the header. `"pad"`: missing fields at the
   * end are null, records with more are rejected. `"keep"`: surplus fields are kept as well, with names
   * by position, such as `column_5`.
   * @default "reject"
   */
  ragged?: "reject" | "pad" | "keep";
  /** Whether records end with a delimiter after the last field. @default false */
  trailingDelimiter?: boolean;
  /** Whether blanks around fields and quotes are removed, but not those within quotes. @default false */
  trim?: boolean;
  /** Lines that start with this text are skipped: `"#"`. @default "" */
  comment?: string;
  /** The number of records at the end of the file that are skipped. @default 0 */
  skipLast?: number;
  /**
   * The data ends before the first record whose first field that is not empty is one of these texts,
   * which may have the wildcards `*` and `?`: `"Total*"`.
   */
  stopAt?: string | readonly string[];
  /**
   * The line end, if it is not to be determined from the file: `"\n"` and `"\r\n"` both stand for LF
   * and CRLF, `"\r"` for CR alone, and `"\r\r\n"` for files that were converted twice.
   */
  lineEnd?: "\n" | "\r\n" | "\r" | "\r\r\n";
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
