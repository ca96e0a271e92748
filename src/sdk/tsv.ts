import { csv, type CsvFormat, type CsvOptions } from "./csv.ts";

/** Options of TSV files: those of CSV without the delimiter. */
export type TsvOptions = Omit<CsvOptions, "delimiter">;

/**
 * Tab-separated values, with fields quoted as in CSV. Set `quote: ""` if fields are never quoted.
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
