import type { JsonRecord } from "./jsonl.ts";

/** How a tenant's JSON files are written. */
export interface JsonOptions {
  /**
   * Where the array of records is, for files whose top level is an object: names of members, with
   * dots between them, for example "data.items". Without it the file itself is the array.
   */
  at?: string;
  /** A WHATWG encoding label; a byte order mark in the file goes before it. @default "utf-8" */
  encoding?: string;
}

export interface JsonFormat {
  readonly kind: "json";
  readonly options: JsonOptions;
  /** Only a type: what `row` receives. */
  readonly record?: JsonRecord;
}

/**
 * One JSON array of objects. It is read as a stream, so the file may be larger than the memory.
 *
 * @example
 * ```ts
 * import { json } from "mysimbdp";
 * json({ at: "data.items" }).kind; // "json"
 * ```
 */
export function json(options: JsonOptions = {}): JsonFormat {
  return { kind: "json", options };
}
