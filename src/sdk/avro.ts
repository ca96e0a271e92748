import type { FileFormat, NameOptions } from "./file_format.ts";

/** Options of Avro files. */
export type AvroOptions = NameOptions;

export type AvroFormat = FileFormat<"avro", AvroOptions, Record<string, unknown>>;

/**
 * Apache Avro object container files. Each file contains its schema.
 *
 * @example
 * ```ts
 * import { avro } from "mysimbdp";
 * avro().kind; // "avro"
 * ```
 */
export function avro(options: AvroOptions = {}): AvroFormat {
  return { kind: "avro", options };
}
