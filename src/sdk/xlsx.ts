import type { FileFormat, HeaderOptions } from "./file_format.ts";
import type { DeclaredNames, NamedRecord } from "./named_record.ts";

/** Options of Excel workbooks. */
export interface XlsxOptions extends HeaderOptions {
  /**
   * The name of the sheet, or its number, starting at 1. Numbers do not count hidden sheets.
   * @default 1
   */
  sheet?: string | number;
  /**
   * What happens to a record with an error such as `#N/A`, or with a formula that has no saved value:
   * it is rejected, or the value is null.
   * @default "reject"
   */
  errors?: "reject" | "null";
  /**
   * The columns whose cells are read as the text that Excel displays, such as "00501"; `true`: all.
   * @default false
   */
  text?: boolean | readonly string[];
  /** `fill`: all cells of a merged range have the value of its first cell. @default "first" */
  mergedCells?: "first" | "fill";
}

/**
 * The value of a cell: a date is a `Date` in UTC, a time of day is text (`HH:MM:SS`), a duration is
 * text (`PT1H30M`), an empty cell is null.
 */
export type XlsxCell = string | number | boolean | Date | null;

export type XlsxFormat<R extends object = Record<string, XlsxCell>> = FileFormat<
  "xlsx",
  XlsxOptions,
  R
>;

/**
 * One sheet of an Excel workbook (`.xlsx`). The whole file is held in memory, so its size is limited.
 *
 * @example
 * ```ts
 * import { xlsx } from "mysimbdp";
 * xlsx({ sheet: "Readings" }).kind; // "xlsx"
 * ```
 */
export function xlsx<
  const Header extends string = never,
  const Columns extends string = never,
  const Optional extends string = never,
>(
  options: XlsxOptions & DeclaredNames<Header, Columns, Optional> = {},
): XlsxFormat<NamedRecord<XlsxCell, Header, Columns, Optional>> {
  return { kind: "xlsx", options };
}
