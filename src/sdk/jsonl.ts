import type { FileFormat, NameOptions, TextOptions } from "./file_format.ts";
import type { DeclaredNames, NamedRecord } from "./named_record.ts";

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

export type JsonlFormat<R extends object = JsonRecord> = FileFormat<"jsonl", JsonlOptions, R>;

/**
 * One JSON object per line, plain or gzip.
 *
 * @example
 * ```ts
 * import { jsonl } from "mysimbdp";
 * jsonl().kind; // "jsonl"
 * ```
 */
export function jsonl<const Columns extends string = never, const Optional extends string = never>(
  options: JsonlOptions & DeclaredNames<never, Columns, Optional> = {},
): JsonlFormat<NamedRecord<unknown, never, Columns, Optional>> {
  return { kind: "jsonl", options };
}
