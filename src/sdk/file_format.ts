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
   * The encoding of the files, such as "windows-1252". Of several, the first in which the whole file
   * is valid is used; the file is then read twice. A byte order mark in the file overrides it.
   * @default "utf-8"
   */
  encoding?: string | readonly string[];
}

/** Options of formats that store timestamps as numbers. */
export interface StoredTimestampOptions {
  /**
   * What `record` has for a timestamp. `"date"`: a `Date`, without the digits below the millisecond;
   * local timestamps count as UTC. `"text"`: ISO 8601 with all digits, as in
   * `"2024-05-01T12:30:00.123456Z"`, and without the `Z` if the timestamp is a local one, so that a
   * column's `timeZone` applies to it.
   * @default "date"
   */
  timestamps?: "date" | "text";
}

/** Options of formats whose records have named columns. A file that lacks one is quarantined. */
export interface NameOptions {
  /**
   * The columns that `row` reads; it sees no others. Without it, the names are noticed that `row` reads.
   * A module without `row` does not need it.
   */
  columns?: readonly string[];
  /** Columns that a file may lack. Reading them then gives undefined. @default none */
  optional?: readonly string[];
  /** Other names that a column may have in a file, by its name in the module. @default none */
  aliases?: Readonly<Record<string, string | readonly string[]>>;
  /** `loose`: names are compared without case and blanks. @default "exact" */
  match?: "exact" | "loose";
  /**
   * What happens to columns that the module does not read: ignored with a notice, or the file is
   * quarantined. `refuse` needs `columns`, or a module without `row`.
   * @default "ignore"
   */
  newColumns?: "ignore" | "refuse";
}

/** Options of formats with a header. */
export interface HeaderOptions extends NameOptions {
  /**
   * `true`: the first record has the column names. An array: the file has no header, and these are
   * the column names. `false`: the column names are "1", "2", and so on.
   * @default true
   */
  header?: boolean | readonly string[];
  /**
   * The number of lines (Excel: rows) that are dropped before the header is read, whatever they
   * contain. With a list of names in `header`, `skip: 1` drops the header of the file.
   * @default 0
   */
  skip?: number;
  /** Drops all records before the first that has all these names: it is the header. */
  skipTo?: readonly string[];
  /** The number of records that form the header; their cells are joined with a space. @default 1 */
  headerRows?: number;
  /**
   * Gives the second column named `name` the name `name_2`, and column 3 without a name `column_3`.
   * Otherwise such a header is refused.
   * @default false
   */
  uniqueNames?: boolean;
}
