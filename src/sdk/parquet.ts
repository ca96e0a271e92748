import type { FileFormat, NameOptions } from "./file_format.ts";
import type { DeclaredNames, NamedRecord } from "./named_record.ts";

/** Options of Parquet files. Columns that are not in `columns` are not decoded. */
export type ParquetOptions = NameOptions;

export type ParquetFormat<R extends object = Record<string, unknown>> = FileFormat<
  "parquet",
  ParquetOptions,
  R
>;

/**
 * Apache Parquet. The whole file is held in memory, so its size is limited.
 *
 * @example
 * ```ts
 * import { parquet } from "mysimbdp";
 * parquet({ columns: ["id", "at"] }).kind; // "parquet"
 * ```
 */
export function parquet<const Columns extends string = never>(
  options: ParquetOptions & Pick<DeclaredNames<never, Columns>, "columns"> = {},
): ParquetFormat<NamedRecord<unknown, never, Columns, never>> {
  return { kind: "parquet", options };
}
