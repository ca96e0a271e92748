import type { Format } from "../format.ts";
import type { RecordFault } from "../../sandbox/formats/contract.ts";
import { libraryReader } from "../../sandbox/formats/library_reader.ts";
import { MAX_WHOLE_BYTES } from "./layout/file_layout.ts";
import type { SampleFile } from "./sample_files.ts";

/** Receives the records of all samples, file by file. */
export interface SampleSink {
  /** A file with a header starts. */
  names?(names: readonly string[]): void;
  /** A record of a format with a header: texts of CSV, values of other formats. */
  fields(fields: readonly unknown[], line: number): void;
  /** A record of JSON or Avro. */
  members(record: Readonly<Record<string, unknown>>, line: number): void;
  fault?(fault: RecordFault): void;
}

/** Reads all samples with the readers of the product. @throws {Failure} those of the readers */
export async function readSamples(
  files: readonly SampleFile[],
  format: Format,
  sink: SampleSink,
): Promise<void> {
  for (const file of files) {
    const reader = libraryReader(ofFile(format, file), {
      header: (names) => sink.names?.(names),
      fields: (fields, line) => sink.fields(fields, line),
      value: (value, line) => sink.members(value, line),
      fault: (fault) => sink.fault?.(fault),
      skip() {},
    }, { maxWholeBytes: MAX_WHOLE_BYTES });
    for await (const bytes of file.pieces()) await reader.push(bytes);
    await reader.end();
  }
}

/** The format with the encoding of one file, where the module has several. */
function ofFile(format: Format, { encoding }: SampleFile): Format {
  const isText = format.kind === "csv" || format.kind === "json" || format.kind === "jsonl";
  if (!isText || !Array.isArray(format.options.encoding)) return format;
  return { ...format, options: { ...format.options, encoding } } as Format;
}
