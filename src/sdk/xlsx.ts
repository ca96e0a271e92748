import type { FileFormat, HeaderOptions } from "./file_format.ts";

/** Options of Excel workbooks. */
export interface XlsxOptions extends HeaderOptions {
  /** The name of the sheet, or its number, starting at 1. @default 1 */
  sheet?: string | number;
}

/** The value of a cell: a date is a `Date` in UTC, an empty cell is null. */
export type XlsxCell = string | number | boolean | Date | null;

export type XlsxFormat = FileFormat<"xlsx", XlsxOptions, Record<string, XlsxCell>>;

/**
 * One sheet of an Excel workbook (`.xlsx`). The whole file is held in memory, so its size is limited.
 *
 * @example
 * ```ts
 * import { xlsx } from "mysimbdp";
 * xlsx({ sheet: "Readings" }).kind; // "xlsx"
 * ```
 */
export function xlsx(options: XlsxOptions = {}): XlsxFormat {
  return { kind: "xlsx", options };
}
