import { avroReader } from "./avro/reader.ts";
import { parquetReader } from "./parquet/reader.ts";
import { isTextFormat } from "../wire/text_format.ts";
import { type OpenReader, recordReader } from "./record_reader.ts";
import { xlsxReader } from "./xlsx/reader.ts";

/** Opens a reader for any format. This loads libraries that text formats do not need. */
export const libraryReader: OpenReader = (format, sink, limits) => {
  if (isTextFormat(format)) return recordReader(format, sink, limits);
  switch (format.kind) {
    case "xlsx":
      return xlsxReader(format.options, sink, limits);
    case "parquet":
      return parquetReader(format.options, sink, limits);
    case "avro":
      return avroReader(format.options, sink, limits);
    case "program":
      throw new Error("a program reads its files itself");
  }
};
