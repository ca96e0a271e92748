import type { AvroFormat } from "./avro.ts";
import type { CsvFormat } from "./csv.ts";
import type { JsonFormat } from "./json.ts";
import type { JsonlFormat } from "./jsonl.ts";
import type { ParquetFormat } from "./parquet.ts";
import type { XlsxFormat } from "./xlsx.ts";

/** What a module's files are: the result of `csv()`, `json()` and the like. */
export type Format =
  | CsvFormat
  | JsonlFormat
  | JsonFormat
  | XlsxFormat
  | ParquetFormat
  | AvroFormat;
