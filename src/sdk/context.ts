declare const rejected: unique symbol;
/** What {@link Context.reject} returns, for `row` to return. */
export interface Reject {
  readonly [rejected]: true;
}

/**
 * The second argument of `row`: facts about the record, and what the platform offers.
 *
 * @typeParam Tables the names of the module's tables
 * @typeParam Columns the names of their columns
 * @typeParam Fields the names in the record, where the format declares them
 */
export interface Context<
  Tables extends string = string,
  Columns extends string = string,
  Fields extends string = string,
> {
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
  reject(reason: string, column?: Columns | Fields): Reject;
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
  lookup(table: Tables, key: KeyValue | readonly KeyValue[]): Promise<FoundRow<Columns> | null>;
  /**
   * Sends an HTTP request to a host listed in `permissions.net`. Redirects are not followed. A failed
   * request throws, which rejects the record unless you catch it.
   *
   * @example
   * ```ts ignore
   * const answer = await ctx.fetch("https://api.example.com/rates/EUR");
   * const { rate } = await answer.json();
   * ```
   */
  fetch(url: string, init?: FetchInit): Promise<FetchedAnswer>;
  /** Returns a secret that the operator has set, by its name in `permissions.secrets`. */
  secret(name: string): string;
}

/** A part of a key for {@link Context.lookup}, converted to its column's type like a value of a row. */
export type KeyValue = string | number | bigint | boolean | Date;

/** A stored row by column name. 64-bit integers, decimals, dates and times are text. */
export type FoundRow<Columns extends string = string> = {
  readonly [C in Columns]?: string | number | boolean | null;
};

/** Options of {@link Context.fetch}: a part of the standard's `RequestInit`. */
export interface FetchInit {
  /** @default "GET" */
  method?: "GET" | "HEAD" | "POST" | "PUT";
  headers?: Readonly<Record<string, string>> | Iterable<readonly [string, string]>;
  body?: string | null;
}

/** The response of {@link Context.fetch}: a part of the standard's `Response`. */
export interface FetchedAnswer {
  /** The URL that was requested: redirects are not followed. */
  readonly url: string;
  readonly status: number;
  /** Whether the status is 200 to 299. */
  readonly ok: boolean;
  readonly headers: FetchedHeaders;
  /** Returns the body as text. Unlike in the standard, it can be read more than once. */
  text(): Promise<string>;
  /** Parses the body as JSON. */
  // deno-lint-ignore no-explicit-any -- As in the standard: the type is what the sender promised.
  json(): Promise<any>;
}

/** `content-type`, `etag`, `last-modified`, `location`, `retry-after` and `link`, if present. */
export interface FetchedHeaders extends Iterable<[string, string]> {
  /** @param name in any case @returns null if the response does not have it */
  get(name: string): string | null;
  has(name: string): boolean;
}
