import { csv, type CsvFormat, type CsvOptions } from "./csv.ts";

/** How a tenant's TSV files are written: as CSV, but for the delimiter. */
export type TsvOptions = Omit<CsvOptions, "delimiter">;

/**
 * Tab-separated values, quoted as spreadsheets do it; `quote: ""` for files that know no quotes.
 *
 * @example
 * ```ts
 * import { tsv } from "mysimbdp";
 * tsv({ quote: "" }).options.delimiter; // "\t"
 * ```
 */
export function tsv(options: TsvOptions = {}): CsvFormat {
  return csv({ ...options, delimiter: "\t" });
}
