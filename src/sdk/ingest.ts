import type { Format } from "./format.ts";

/** The types of single values. They are given as text or as the natural JavaScript value. */
export type ScalarType =
  | "ascii"
  | "bigint"
  | "blob"
  | "boolean"
  | "date"
  | "decimal"
  | "double"
  | "duration"
  | "float"
  | "inet"
  | "int"
  | "smallint"
  | "text"
  | "time"
  | "timestamp"
  | "timeuuid"
  | "tinyint"
  | "uuid"
  | "varint";

/**
 * The types that a column may have. A collection is given as an array, a `Set`, a `Map` or an
 * object, or as JSON text.
 */
export type ColumnType =
  | ScalarType
  | `list<${ScalarType}>`
  | `set<${ScalarType}>`
  | `map<${ScalarType}, ${ScalarType}>`;

/** A table in the tenant's keyspace. */
export interface TableDefinition {
  columns: Record<string, ColumnType>;
  /** Columns whose values decide where a row lives. */
  partitionKey: readonly string[];
  /** Columns that order and identify the rows within a partition. */
  clusteringKey?: readonly string[];
}

declare const rejected: unique symbol;
/** What {@link Context.reject} returns; a `row` function hands it on. */
export interface Reject {
  readonly [rejected]: true;
}

/** What a `row` function may know besides its record. */
export interface Context {
  /** A uuid derived from the file's SHA-256 and the record's place: the same file gives the same ids. */
  readonly rowId: string;
  /**
   * Where the record is in its file, from 1: in CSV, TSV and JSON Lines the line on which it starts,
   * in Excel the row of the sheet, else the number of the record.
   */
  readonly line: number;
  /** The name of the file. */
  readonly fileName: string;
  /** The name of the file within a zip archive; null where the file is none. */
  readonly entryName: string | null;
  /** Keeps this record out and says why. The reason and the raw line are kept for its owner. */
  reject(reason: string, column?: string): Reject;
  /**
   * A row of a table that `permissions.read` names, by its whole primary key: one value, or a list of
   * them, the partition key before the clustering key. Null where there is none. Rows of this file are
   * not among them. Many records that ask at once are answered at once, and rows are remembered.
   */
  lookup(table: string, key: KeyValue | readonly KeyValue[]): Promise<FoundRow | null>;
  /** An HTTP request to a host that `permissions.net` names. Redirects are not followed. */
  fetch(url: string, init?: FetchInit): Promise<FetchedAnswer>;
  /** A value that the platform has given for a name in `permissions.secrets`. */
  secret(name: string): string;
}

/** A part of a key for {@link Context.lookup}, turned into its column's type as in rows. */
export type KeyValue = string | number | bigint | boolean | Date;

/** A row as it is stored: 64-bit integers, decimals, dates and times are text. */
export type FoundRow = Readonly<Record<string, string | number | boolean | null>>;

/** What a request may say. */
export interface FetchInit {
  /** @default "GET" */
  method?: "GET" | "HEAD" | "POST" | "PUT";
  headers?: Readonly<Record<string, string>>;
  body?: string;
}

/** What came back. */
export interface FetchedAnswer {
  readonly status: number;
  /** By names in lower case; only those that say something of the content. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Rows by table: one row or several. `null` and `undefined` values are stored as null. */
export type RowOutput<Tables extends string = string> = {
  readonly [T in Tables]?:
    | Readonly<Record<string, unknown>>
    | readonly Readonly<Record<string, unknown>>[];
};

type RecordOf<F> = F extends { readonly record?: infer R } ? NonNullable<R> : never;

type Settled<Tables extends string> = RowOutput<Tables> | Reject | null | undefined;

/** What `row` returns. */
export type RowResult<Tables extends string = string> = Settled<Tables> | Promise<Settled<Tables>>;

/** A tenant's module. */
export interface Ingest<
  F extends Format = Format,
  T extends Record<string, TableDefinition> = Record<string, TableDefinition>,
> {
  /** Which files the module takes: a pattern with `*` and `?`, or several. Compared without case. */
  files: string | readonly string[];
  format: F;
  tables: T;
  /**
   * Turns a record into rows. It is called once a record, in the order of the file. `null` or
   * `undefined` skips the record; throwing rejects it. It may be an `async` function where it has to
   * wait for what `ctx` gives; one that has not is faster.
   */
  row(record: RecordOf<F>, ctx: Context): RowResult<keyof T & string>;
}

/**
 * Declares a module. It returns its argument: its work is done by the types.
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
