/** The types of single values: those native types of CQL that a file can contain. */
export const SCALAR_TYPES = [
  "ascii",
  "bigint",
  "blob",
  "boolean",
  "date",
  "decimal",
  "double",
  "duration",
  "float",
  "inet",
  "int",
  "smallint",
  "text",
  "time",
  "timestamp",
  "timeuuid",
  "tinyint",
  "uuid",
  "varint",
] as const;
/** The types of single values. A value is text or the natural JavaScript value. */
export type ScalarType = (typeof SCALAR_TYPES)[number];

/** The types of columns. A collection is an array, a `Set`, a `Map`, an object or JSON text. */
export type ColumnType =
  | ScalarType
  | `list<${ScalarType}>`
  | `set<${ScalarType}>`
  | `map<${ScalarType}, ${ScalarType}>`;

/** A column with options: where its values come from, and how text in the file is written. */
export interface Column {
  type: ColumnType;
  /**
   * The name of the file's column, or several names, of which the file must have exactly one. Only in
   * a module without `row`.
   * @default the name of the column
   */
  from?: string | readonly string[];
  /** A fact about the record in place of a column of the file. Only in a module without `row`. */
  value?: "rowId" | "line" | "fileName" | "entryName";
  /** Whether a file may lack the column, which is null then. @default false */
  optional?: boolean;
  /**
   * Texts that mean null, such as "N/A" or "-"; also numbers, such as "-999". White space around them is
   * ignored.
   * @default none
   */
  null?: readonly string[];
  /** Whether white space around a text is removed. Only for `text` and `ascii`. @default false */
  trim?: boolean;
  /** The decimal separator of numbers. @default "." */
  decimal?: "." | ",";
  /** The separator between groups of three digits: ".", ",", " " (any space) or "'". @default none */
  group?: "." | "," | " " | "'";
  /**
   * How dates, times and timestamps are written, such as "DD.MM.YYYY" or "DD.MM.YYYY HH:mm"; several
   * are tried in order.
   * @default ISO 8601
   */
  format?: string | readonly string[];
  /** The IANA time zone of timestamps without an offset, such as "Europe/Berlin". @default "UTC" */
  timeZone?: string;
  /** What happens to a local time that a clock change skips or repeats. @default "reject" */
  clockChange?: "reject" | "earlier" | "later";
  /** The unit of a number in a timestamp, counted from 1970. Without it, numbers are rejected. */
  unit?: "s" | "ms" | "us" | "ns";
  /** Words that mean true, in any case. @default "true", "t", "yes", "y", "1" */
  true?: readonly string[];
  /** Words that mean false, in any case. @default "false", "f", "no", "n", "0" */
  false?: readonly string[];
}
