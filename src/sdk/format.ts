import type { AvroFormat } from "./avro.ts";
import type { CsvFormat } from "./csv.ts";
import type { JsonFormat } from "./json.ts";
import type { JsonlFormat } from "./jsonl.ts";
import type { ParquetFormat } from "./parquet.ts";
import type { XlsxFormat } from "./xlsx.ts";

/** The formats that a module can read. */
export type Format =
  | CsvFormat<object>
  | JsonlFormat<object>
  | JsonFormat<object>
  | XlsxFormat<object>
  | ParquetFormat<object>
  | AvroFormat<object>;
