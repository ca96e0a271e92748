import type { FileFormat, TextOptions } from "./file_format.ts";

/** Options of JSON Lines files. */
export type JsonlOptions = TextOptions;

/** A JSON object. Integers beyond 2^53 are `bigint`. */
export type JsonRecord = { readonly [key: string]: unknown };

export type JsonlFormat = FileFormat<"jsonl", JsonlOptions, JsonRecord>;

/**
 * One JSON object per line, plain or gzip.
 *
 * @example
 * ```ts
 * import { jsonl } from "mysimbdp";
 * jsonl().kind; // "jsonl"
 * ```
 */
export function jsonl(options: JsonlOptions = {}): JsonlFormat {
  return { kind: "jsonl", options };
}
