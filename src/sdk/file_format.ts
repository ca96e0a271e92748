/** The format of a module's files: what `csv()`, `json()` and the like return. */
export interface FileFormat<Kind extends string, Options, FileRecord> {
  readonly kind: Kind;
  readonly options: Options;
  /** Never set; the type of the records that `row` receives. */
  readonly record?: FileRecord;
}

/** Options of text formats. */
export interface TextOptions {
  /**
   * A WHATWG encoding label such as "windows-1252". A byte order mark in the file overrides it.
   * @default "utf-8"
   */
  encoding?: string;
}

/** Options of formats with columns. */
export interface HeaderOptions {
  /**
   * `true`: the first record has the column names. An array: the file has no header, and these are
   * the column names. `false`: the column names are "1", "2", and so on.
   * @default true
   */
  header?: boolean | readonly string[];
}
