import type { FileFormat } from "./file_format.ts";

/** Options of Parquet files. */
export interface ParquetOptions {
  /** The columns that `row` needs; others are not decoded. @default all columns */
  columns?: readonly string[];
}

export type ParquetFormat = FileFormat<"parquet", ParquetOptions, Record<string, unknown>>;

/**
 * Apache Parquet. The whole file is held in memory, so its size is limited.
 *
 * @example
 * ```ts
 * import { parquet } from "mysimbdp";
 * parquet({ columns: ["id", "at"] }).kind; // "parquet"
 * ```
 */
export function parquet(options: ParquetOptions = {}): ParquetFormat {
  return { kind: "parquet", options };
}
