/** What is read of a tenant's Parquet files. */
export interface ParquetOptions {
  /** The columns that `row` needs; the others are not decoded. Without it all of them. */
  columns?: readonly string[];
}

export interface ParquetFormat {
  readonly kind: "parquet";
  readonly options: ParquetOptions;
  /** Only a type: what `row` receives. */
  readonly record?: Record<string, unknown>;
}

/**
 * Apache Parquet. The file is held in memory as a whole, so its size is capped.
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
