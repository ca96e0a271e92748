import type { FileFormat, NameOptions, TextOptions } from "./file_format.ts";
import type { DeclaredNames, NamedRecord } from "./named_record.ts";
import type { JsonRecord, NumbersOption } from "./jsonl.ts";

/** Options of JSON files. */
export interface JsonOptions extends NameOptions, TextOptions, NumbersOption {
  /**
   * The path to the array of records when the top level is an object: member names joined by dots,
   * for example "data.items". By default the top level is the array.
   */
  at?: string;
}

export type JsonFormat<R extends object = JsonRecord> = FileFormat<"json", JsonOptions, R>;

/**
 * One JSON array of objects, plain or gzip. It is streamed, so the file may be larger than memory.
 *
 * @example
 * ```ts
 * import { json } from "mysimbdp";
 * json({ at: "data.items" }).kind; // "json"
 * ```
 */
export function json<const Columns extends string = never, const Optional extends string = never>(
  options: JsonOptions & DeclaredNames<never, Columns, Optional> = {},
): JsonFormat<NamedRecord<unknown, never, Columns, Optional>> {
  return { kind: "json", options };
}
