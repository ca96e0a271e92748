import type { DeclaredNames, NamedRecord } from "./named_record.ts";
import type { CsvFormat, CsvOptions } from "./csv.ts";

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
export function tsv<
  const Header extends string = never,
  const Columns extends string = never,
  const Optional extends string = never,
>(
  options: TsvOptions & DeclaredNames<Header, Columns, Optional> = {},
): CsvFormat<NamedRecord<string, Header, Columns, Optional>> {
  return { kind: "csv", options: { ...options, delimiter: "\t" } };
}
