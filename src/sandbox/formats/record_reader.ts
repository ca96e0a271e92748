import type { DeclaredFormat } from "../wire/declaration.ts";
import { encodingsOf } from "../wire/encodings.ts";
import type { TextFormat } from "../wire/text_format.ts";
import type { ReaderSettings, RecordReader, RecordSink } from "./contract.ts";
import { csvReader } from "./csv/reader.ts";
import { jsonArrayReader } from "./json/array.ts";
import { jsonlReader } from "./json/lines.ts";
import type { WrittenNumbers } from "../../sdk/values/written_numbers.ts";
import { textDecoder } from "./text/decoder.ts";

/** A {@link RecordReader} for bytes. If a method returns a promise, await it before the next call. */
export interface FileReader {
  push(bytes: Uint8Array): void | Promise<void>;
  end(): void | Promise<void>;
  raw(): string;
  /** The number of lines of the record being delivered. @default () => 1 */
  lines?(): number;
  /** The numbers of the record being delivered, if the format is JSON. */
  numbers?(): WrittenNumbers | undefined;
}

/** Limits on a file, and back-pressure on its records. */
export interface FileReaderLimits {
  /** Maximum length of a record of a text format, in characters. @default 1_048_576 */
  maxRecordChars?: number;
  /** Maximum size of a file that is read into memory as a whole. @default 67_108_864 */
  maxWholeBytes?: number;
  /** Waits until the sink can take more; for readers that have the whole file in memory. */
  room?: () => Promise<void>;
}

/** Opens a reader for one file: bytes in, records out to the sink. */
export type OpenReader = (
  format: DeclaredFormat,
  sink: RecordSink,
  limits: FileReaderLimits,
) => FileReader;

// V8 treats strings of more than 128 KB as large objects, which move to the old generation at the next
// collection and make the heap grow.
const DECODED_BYTES = 64 * 1024;

/**
 * Reads a decompressed file of a text format: bytes in, records out to the sink.
 *
 * @throws {Failure} those of {@link textDecoder} and of the format's reader
 *
 * @example
 * ```ts ignore
 * const reader = recordReader(csv({ delimiter: ";" }), sink);
 * for await (const bytes of file.readable) reader.push(bytes);
 * reader.end();
 * ```
 */
export function recordReader(
  format: TextFormat,
  sink: RecordSink,
  { maxRecordChars }: FileReaderLimits = {},
) {
  const text = textDecoder(encodingsOf(format.options.encoding)[0]!);
  const reader = open(format, sink, { maxRecordChars, encoding: () => text.encoding() });
  return {
    push: (bytes: Uint8Array): void => {
      for (let at = 0; at < bytes.length; at += DECODED_BYTES) {
        reader.push(text.push(bytes.subarray(at, at + DECODED_BYTES)));
      }
    },
    end: (): void => {
      reader.push(text.end());
      reader.end();
    },
    raw: (): string => reader.raw(),
    lines: (): number => reader.lines?.() ?? 1,
    numbers: (): WrittenNumbers | undefined => reader.numbers?.(),
  } satisfies FileReader;
}

function open(format: TextFormat, sink: RecordSink, settings: ReaderSettings): RecordReader {
  switch (format.kind) {
    case "csv":
      return csvReader(format.options, sink, settings);
    case "jsonl":
      return jsonlReader(format.options, sink, settings);
    case "json":
      return jsonArrayReader(format.options, sink, settings);
  }
}
