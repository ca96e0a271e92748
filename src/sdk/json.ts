import type { FileFormat, NameOptions, TextOptions } from "./file_format.ts";
import type { JsonRecord, NumbersOption } from "./jsonl.ts";

/** Options of JSON files. */
export interface JsonOptions extends NameOptions, TextOptions, NumbersOption {
  /**
   * The path to the array of records when the top level is an object: member names joined by dots,
   * for example "data.items". By default the top level is the array.
   */
  at?: string;
}

export type JsonFormat = FileFormat<"json", JsonOptions, JsonRecord>;

/**
 * One JSON array of objects, plain or gzip. It is streamed, so the file may be larger than memory.
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
