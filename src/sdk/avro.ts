import type { FileFormat } from "./file_format.ts";

/** Avro has no options: a file describes itself. */
export type AvroOptions = Record<never, never>;

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
export function avro(): AvroFormat {
  return { kind: "avro", options: {} };
}
