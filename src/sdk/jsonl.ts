import type { FileFormat } from "./file_format.ts";

/** Options of JSON Lines files. */
export interface JsonlOptions {
  /**
   * A WHATWG encoding label such as "windows-1252". A byte order mark in the file overrides it.
   * @default "utf-8"
   */
  encoding?: string;
}

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
