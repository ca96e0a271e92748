import type { Context } from "./context.ts";
import type { Format } from "./format.ts";
import type { IsAny, Returnable, RowCheck } from "./row.ts";
import type { CheckedTable, ColumnNames } from "./table.ts";

type RecordOf<F> = F extends { readonly record?: infer R } ? NonNullable<R> : never;

/** The names in a record, where the format declares them. */
type FieldNames<FileRecord> = keyof FileRecord extends infer Name extends string
  ? string extends Name ? never : Name
  : never;

/** A module: which files it reads, the tables it writes, and how a record becomes rows. */
export interface Ingest<
  F extends Format = Format,
  // Modules with any tables can be assigned to `Ingest`.
  // deno-lint-ignore no-explicit-any
  Tables = any,
  Result = unknown,
> {
  /**
   * One or more patterns of file names, with `*` and `?`. Case is ignored. An archive is loaded if its
   * files match.
   */
  files: string | readonly string[];
  /**
   * Patterns of the files to load from a zip archive; the others are skipped and reported. A pattern
   * with a "/" is compared with the whole path in the archive.
   * @default the patterns in `files`
   */
  entries?: string | readonly string[];
  /** How the files are encoded: the result of `csv()`, `json()` and the like. */
  format: F;
  /** The tables that the module writes or reads, by name. */
  tables: Tables;
  /**
   * Turns a record into rows. It is called for each record, in file order. Return `null` or
   * `undefined` to skip the record and `ctx.reject(reason)` to reject it; an exception also rejects
   * it. Make it `async` only if it awaits `ctx.lookup` or `ctx.fetch`: a synchronous one is faster.
   *
   * Without it, each record fills a row of the one table that the module writes: a column has the
   * value of the record's field of the same name, unless its options say otherwise.
   */
  row?(
    record: RecordOf<F>,
    ctx: Context<
      keyof Tables & string,
      { [T in keyof Tables]: ColumnNames<Tables[T]> }[keyof Tables],
      FieldNames<RecordOf<F>>
    >,
  ): Result;
  /**
   * Whether a file is loaded although nothing of it is stored. Otherwise such a file is quarantined,
   * because its columns or its content are probably not what the module expects.
   * @default false
   */
  allowEmpty?: boolean;
  /**
   * What a new version of a file means: a file of the same name with other content. With `"add"` its
   * rows are added to those of the earlier versions, or replace those with the same key. With
   * `"replace"` the rows of the earlier versions are removed when its own are stored; the newest
   * version wins, so an earlier one that is replayed later is refused.
   * @default "add"
   */
  versions?: "add" | "replace";
}

/** A declared module, which has `row` if it was given one: a test of the module can call it. */
type DefinedIngest<F extends Format, Tables, Result> =
  & Ingest<F, Tables, Result>
  & (IsAny<Result> extends true ? unknown : Required<Pick<Ingest<F, Tables, Result>, "row">>);

/**
 * Declares a module and type-checks it. Export the result as the default export.
 *
 * @returns its argument, unchanged
 *
 * @example
 * ```ts
 * import { defineIngest, jsonl } from "mysimbdp";
 * export default defineIngest({
 *   files: "*.jsonl",
 *   format: jsonl(),
 *   tables: { events: { columns: { id: "uuid", what: "text" }, partitionKey: ["id"] } },
 *   row: (record, ctx) => ({ events: { id: ctx.rowId, what: record.what } }),
 * });
 * ```
 */
export function defineIngest<
  F extends Format,
  const Tables extends { [T in keyof Tables]: CheckedTable<Tables[T]> },
  // The result of a module without `row`; with another default, each fault in `tables` would add one.
  // deno-lint-ignore no-explicit-any
  const Result extends Returnable<Tables> = any,
>(
  ingest: Ingest<F, Tables, Result> & { row?: RowCheck<Tables, Result> },
): DefinedIngest<F, Tables, Result> {
  return ingest as DefinedIngest<F, Tables, Result>;
}
