/** How a tenant's JSON Lines files are written. */
export interface JsonlOptions {
  /** A WHATWG encoding label; a byte order mark in the file goes before it. @default "utf-8" */
  encoding?: string;
}

/** One JSON object a line. */
export type JsonRecord = { readonly [key: string]: unknown };

export interface JsonlFormat {
  readonly kind: "jsonl";
  readonly options: JsonlOptions;
  /** Only a type: what `row` receives. */
  readonly record?: JsonRecord;
}

/**
 * One JSON object a line, in UTF-8. Files ending in `.gz` are decompressed first.
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
