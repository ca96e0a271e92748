/** How a tenant's Excel workbooks are laid out. */
export interface XlsxOptions {
  /** The sheet's name, or its number from 1. @default 1 */
  sheet?: string | number;
  /**
   * True: the first row names the columns. An array: the sheet has no header and these are the
   * names. False: records are keyed "1", "2", … by position.
   * @default true
   */
  header?: boolean | readonly string[];
}

/** A cell: dates come as `Date` in UTC, an empty cell as null. */
export type XlsxCell = string | number | boolean | Date | null;

export interface XlsxFormat {
  readonly kind: "xlsx";
  readonly options: XlsxOptions;
  /** Only a type: what `row` receives. */
  readonly record?: Record<string, XlsxCell>;
}

/**
 * One sheet of an Excel workbook (`.xlsx`). The file is read as a whole, so its size is capped.
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
