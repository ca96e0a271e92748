import type { FileFormat, NameOptions, TextOptions } from "./file_format.ts";

/** What numbers of JSON become. */
export interface NumbersOption {
  /**
   * "number": JavaScript numbers, and bigint beyond 2^53. Stored unchanged in a `decimal`, `varint` or
   * `text` column, they keep all digits as the file writes them. "text": the text in the file, so that
   * `row` sees all digits, too.
   * @default "number"
   */
  numbers?: "number" | "text";
}

/** Options of JSON Lines files. */
export interface JsonlOptions extends NameOptions, TextOptions, NumbersOption {}

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
