/** Avro files say themselves how they are written: there is nothing to choose. */
export type AvroOptions = Record<never, never>;

export interface AvroFormat {
  readonly kind: "avro";
  readonly options: AvroOptions;
  /** Only a type: what `row` receives. */
  readonly record?: Record<string, unknown>;
}

/**
 * Apache Avro object container files, with the schema that is in the file.
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
