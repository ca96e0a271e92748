import type { FileFormat, NameOptions, StoredTimestampOptions } from "./file_format.ts";
import type { DeclaredNames, NamedRecord } from "./named_record.ts";

/** Options of Parquet files. Columns that are not in `columns` are not decoded. */
export type ParquetOptions = NameOptions & StoredTimestampOptions;

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
export function parquet<
  const Columns extends string = never,
  const Optional extends string = never,
>(
  options: ParquetOptions & DeclaredNames<never, Columns, Optional> = {},
): ParquetFormat<NamedRecord<unknown, never, Columns, Optional>> {
  return { kind: "parquet", options };
}
