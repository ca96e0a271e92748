import type { FileFormat, NameOptions, StoredTimestampOptions } from "./file_format.ts";
import type { DeclaredNames, NamedRecord } from "./named_record.ts";

/** Options of Avro files. */
export type AvroOptions = NameOptions & StoredTimestampOptions;

export type AvroFormat<R extends object = Record<string, unknown>> = FileFormat<
  "avro",
  AvroOptions,
  R
>;

/**
 * Apache Avro object container files. Each file contains its schema.
 *
 * @example
 * ```ts
 * import { avro } from "mysimbdp";
 * avro().kind; // "avro"
 * ```
 */
export function avro<const Columns extends string = never, const Optional extends string = never>(
  options: AvroOptions & DeclaredNames<never, Columns, Optional> = {},
): AvroFormat<NamedRecord<unknown, never, Columns, Optional>> {
  return { kind: "avro", options };
}
