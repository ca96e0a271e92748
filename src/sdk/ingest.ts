import type { Column, ColumnType } from "./column.ts";
import type { Format } from "./format.ts";

/**
 * A table in your keyspace. Partition key and clustering key together identify a row: a row with the
 * key of an existing row replaces it.
 */
export interface TableDefinition {
  /**
   * The type of each column by its name, or a {@link Column} with options. A name has 1 to 48 of
   * `a-z`, `0-9` and `_`, starting with a letter.
   */
  columns: Record<string, ColumnType | Column>;
  /** The columns that decide in which partition a row is stored. */
  partitionKey: readonly string[];
  /** The columns that order the rows within a partition. @default none */
  clusteringKey?: readonly string[];
}

declare const rejected: unique symbol;
/** What {@link Context.reject} returns, for `row` to return. */
export interface Reject {
  readonly [rejected]: true;
}

/** The second argument of `row`: facts about the record, and what the platform offers. */
export interface Context {
  /** A UUID derived from the file's SHA-256 and the record's position: stable when a file is reloaded. */
  readonly rowId: string;
  /**
   * The position of the record in its file, starting at 1: the line on which it starts in CSV, TSV and
   * JSON Lines, the row of the sheet in Excel, and the number of the record in other formats.
   */
  readonly line: number;
  /** The name of the file. */
  readonly fileName: string;
  /** The name of the file within a zip archive; null if the file is not an archive. */
  readonly entryName: string | null;
  /**
   * Rejects this record: return the result from `row`. You can read the reason and the raw record in
   * the list of rejects.
   *
   * @param column the column that the reason is about
   *
   * @example
   * ```ts ignore
   * if (!record["station"]) return ctx.reject("no station", "station");
   * ```
   */
  reject(reason: string, column?: string): Reject;
  /**
   * Finds a stored row of a table listed in `permissions.read`. Rows of the current file are not found
   * yet. Lookups of many records are sent together, and results are cached until the file ends.
   *
   * @param key the whole primary key: one value, or a list with the partition key first
   * @returns null if no row has this key
   *
   * @example
   * ```ts ignore
   * const station = await ctx.lookup("stations", record["station"]);
   * ```
   */
  lookup(table: string, key: KeyValue | readonly KeyValue[]): Promise<FoundRow | null>;
  /**
   * Sends an HTTP request to a host listed in `permissions.net`. Redirects are not followed. A failed
   * request throws, which rejects the record unless you catch it.
   *
   * @example
   * ```ts ignore
   * const { status, text } = await ctx.fetch("https://api.example.com/rates/EUR");
   * ```
   */
  fetch(url: string, init?: FetchInit): Promise<FetchedAnswer>;
  /** Returns a secret that the operator has set, by its name in `permissions.secrets`. */
  secret(name: string): string;
}

/** A part of a key for {@link Context.lookup}, converted to its column's type like a value of a row. */
export type KeyValue = string | number | bigint | boolean | Date;

/** A stored row by column name. 64-bit integers, decimals, dates and times are text. */
export type FoundRow = Readonly<Record<string, string | number | boolean | null>>;

/** Options of {@link Context.fetch}. */
export interface FetchInit {
  /** @default "GET" */
  method?: "GET" | "HEAD" | "POST" | "PUT";
  headers?: Readonly<Record<string, string>>;
  body?: string;
}

/** The response of {@link Context.fetch}. */
export interface FetchedAnswer {
  readonly status: number;
  /** `content-type`, `etag`, `last-modified`, `location`, `retry-after` and `link`, if present. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** One or more rows by table. A column that is missing, `null` or `undefined` is stored as null. */
export type RowOutput<Tables extends string = string> = {
  readonly [T in Tables]?:
    | Readonly<Record<string, unknown>>
    | readonly Readonly<Record<string, unknown>>[];
};

type RecordOf<F> = F extends { readonly record?: infer R } ? NonNullable<R> : never;

type Settled<Tables extends string> = RowOutput<Tables> | Reject | null | undefined;

/** What `row` returns: rows, a reject, or `null` or `undefined` to skip the record. */
export type RowResult<Tables extends string = string> = Settled<Tables> | Promise<Settled<Tables>>;

/** A module: which files it reads, the tables it writes, and how a record becomes rows. */
export interface Ingest<
  F extends Format = Format,
  T extends Record<string, TableDefinition> = Record<string, TableDefinition>,
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
  tables: T;
  /**
   * Turns a record into rows. It is called for each record, in file order. Return `null` or
   * `undefined` to skip the record and `ctx.reject(reason)` to reject it; an exception also rejects
   * it. Make it `async` only if it awaits `ctx.lookup` or `ctx.fetch`: a synchronous one is faster.
   */
  row(record: RecordOf<F>, ctx: Context): RowResult<keyof T & string>;
}

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
  const T extends Record<string, TableDefinition>,
>(ingest: Ingest<F, T>): Ingest<F, T> {
  return ingest;
}
