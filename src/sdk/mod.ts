/**
 * Everything that a module may import.
 *
 * @example
 * ```ts
 * import { csv, defineIngest } from "mysimbdp";
 *
 * export default defineIngest({
 *   files: "*.csv",
 *   format: csv({ header: true }),
 *   tables: {
 *     readings: { columns: { station: "text", day: "date", rain: "double" }, partitionKey: ["station"], clusteringKey: ["day"] },
 *   },
 *   row: (record) => ({ readings: { station: record["station"], day: record["day"], rain: record["rain"] } }),
 * });
 * ```
 *
 * @module
 */
export { avro, type AvroFormat, type AvroOptions } from "./avro.ts";
export type { Column, ColumnType } from "./column.ts";
export { csv, type CsvFormat, type CsvOptions, type CsvRecord } from "./csv.ts";
export type { Format } from "./format.ts";
export { json, type JsonFormat, type JsonOptions } from "./json.ts";
export { jsonl, type JsonlFormat, type JsonlOptions, type JsonRecord } from "./jsonl.ts";
export { parquet, type ParquetFormat, type ParquetOptions } from "./parquet.ts";
export { tsv, type TsvOptions } from "./tsv.ts";
export { xlsx, type XlsxCell, type XlsxFormat, type XlsxOptions } from "./xlsx.ts";
export { defineIngest, type Ingest } from "./ingest.ts";
export type {
  Context,
  FetchedAnswer,
  FetchedHeaders,
  FetchInit,
  FoundRow,
  KeyValue,
  Reject,
} from "./context.ts";
export type { RowOutput, RowResult } from "./row.ts";
export type { TableDefinition } from "./table.ts";
export { type NumberOptions, parseDecimal, parseInteger, parseNumber } from "./values/numbers.ts";
export {
  type DateOptions,
  parseDate,
  parseTime,
  parseTimestamp,
  type TimestampOptions,
} from "./values/times.ts";
export { ValueFault } from "./values/value_fault.ts";
export {
  type BooleanOptions,
  parseBoolean,
  parseText,
  type PlainTextOptions,
} from "./values/words.ts";
