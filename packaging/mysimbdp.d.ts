// The types of mysimbdp modules, written by `mysimbdp fetch module init`.
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
/** Options of formats with columns. */
export interface HeaderOptions {
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

/** Avro has no options: a file describes itself. */
export type AvroOptions = Record<never, never>;
export type AvroFormat = FileFormat<"avro", AvroOptions, Record<string, unknown>>;
/**
 * Apache Avro object container files. Each file contains its schema.
 *
 * @example
 * ```ts
 * import { avro } from "mysimbdp";
 * avro().kind; // "avro"
 * ```
 */
export declare function avro(): AvroFormat;

/** The types of single values. A value is text or the natural JavaScript value. */
export type ScalarType = "ascii" | "bigint" | "blob" | "boolean" | "date" | "decimal" | "double" | "duration" | "float" | "inet" | "int" | "smallint" | "text" | "time" | "timestamp" | "timeuuid" | "tinyint" | "uuid" | "varint";
/** The types of columns. A collection is an array, a `Set`, a `Map`, an object or JSON text. */
export type ColumnType = ScalarType | `list<${ScalarType}>` | `set<${ScalarType}>` | `map<${ScalarType}, ${ScalarType}>`;
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
    /** Texts that mean null, such as "N/A" or "-". White space around them is ignored. @default none */
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

/** The names of the columns that a format declares, for their types. */
export interface DeclaredNames<Header extends string = string, Columns extends string = string, Optional extends string = string> {
    header?: boolean | readonly Header[];
    columns?: readonly Columns[];
    optional?: readonly Optional[];
}
/**
 * A record with the names in `columns`, or else in `header`; any names if there are none. A column
 * that a file may lack can be undefined.
 */
export type NamedRecord<Value, Header extends string, Columns extends string, Optional extends string> = [Columns] extends [never] ? [Header] extends [never] ? Record<string, Value> : Fields<Value, Header, Optional> : Fields<Value, Columns, Optional>;
type Fields<Value, Names extends string, Optional extends string> = string extends Names ? Record<string, Value> : {
    [N in Names | Optional]: N extends Optional ? Value | undefined : Value;
};

/** Options of CSV files; the defaults follow RFC 4180. */
export interface CsvOptions extends HeaderOptions, TextOptions {
    /** The character between fields. @default "," */
    delimiter?: string;
    /** The quote character, or "" if fields are never quoted. @default '"' */
    quote?: string;
}
/** The fields of a record by column name. Each is text, exactly as in the file. */
export type CsvRecord = Record<string, string>;
export type CsvFormat<R extends object = CsvRecord> = FileFormat<"csv", CsvOptions, R>;
/**
 * Comma-separated values (RFC 4180), plain or gzip.
 *
 * @example
 * ```ts
 * import { csv } from "mysimbdp";
 * csv({ header: true, delimiter: ";" }).kind; // "csv"
 * ```
 */
export declare function csv<const Header extends string = never, const Columns extends string = never, const Optional extends string = never>(options?: CsvOptions & DeclaredNames<Header, Columns, Optional>): CsvFormat<NamedRecord<string, Header, Columns, Optional>>;

/** Options of JSON Lines files. */
export type JsonlOptions = TextOptions;
/** A JSON object. Integers beyond 2^53 are `bigint`. */
export type JsonRecord = {
    readonly [key: string]: unknown;
};
export type JsonlFormat = FileFormat<"jsonl", JsonlOptions, JsonRecord>;
/**
 * One JSON object per line, plain or gzip.
 *
 * @example
 * ```ts
 * import { jsonl } from "mysimbdp";
 * jsonl().kind; // "jsonl"
 * ```
 */
export declare function jsonl(options?: JsonlOptions): JsonlFormat;

/** Options of JSON files. */
export interface JsonOptions extends TextOptions {
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
export declare function json(options?: JsonOptions): JsonFormat;

/** Options of Parquet files. */
export interface ParquetOptions {
    /** The columns that `row` needs; others are not decoded. @default all columns */
    columns?: readonly string[];
}
export type ParquetFormat<R extends object = Record<string, unknown>> = FileFormat<"parquet", ParquetOptions, R>;
/**
 * Apache Parquet. The whole file is held in memory, so its size is limited.
 *
 * @example
 * ```ts
 * import { parquet } from "mysimbdp";
 * parquet({ columns: ["id", "at"] }).kind; // "parquet"
 * ```
 */
export declare function parquet<const Columns extends string = never>(options?: ParquetOptions & Pick<DeclaredNames<never, Columns>, "columns">): ParquetFormat<NamedRecord<unknown, never, Columns, never>>;

/** Options of Excel workbooks. */
export interface XlsxOptions extends HeaderOptions {
    /** The name of the sheet, or its number, starting at 1. @default 1 */
    sheet?: string | number;
}
/** The value of a cell: a date is a `Date` in UTC, an empty cell is null. */
export type XlsxCell = string | number | boolean | Date | null;
export type XlsxFormat<R extends object = Record<string, XlsxCell>> = FileFormat<"xlsx", XlsxOptions, R>;
/**
 * One sheet of an Excel workbook (`.xlsx`). The whole file is held in memory, so its size is limited.
 *
 * @example
 * ```ts
 * import { xlsx } from "mysimbdp";
 * xlsx({ sheet: "Readings" }).kind; // "xlsx"
 * ```
 */
export declare function xlsx<const Header extends string = never, const Columns extends string = never, const Optional extends string = never>(options?: XlsxOptions & DeclaredNames<Header, Columns, Optional>): XlsxFormat<NamedRecord<XlsxCell, Header, Columns, Optional>>;

/** The formats that a module can read. */
export type Format = CsvFormat<object> | JsonlFormat | JsonFormat | XlsxFormat<object> | ParquetFormat<object> | AvroFormat;

/** Options of TSV files: those of CSV without the delimiter. */
export type TsvOptions = Omit<CsvOptions, "delimiter">;
/**
 * Tab-separated values, with fields quoted as in CSV. Set `quote: ""` if fields are never quoted.
 *
 * @example
 * ```ts
 * import { tsv } from "mysimbdp";
 * tsv({ quote: "" }).options.delimiter; // "\t"
 * ```
 */
export declare function tsv<const Header extends string = never, const Columns extends string = never, const Optional extends string = never>(options?: TsvOptions & DeclaredNames<Header, Columns, Optional>): CsvFormat<NamedRecord<string, Header, Columns, Optional>>;

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
export interface Context<Tables extends string = string, Columns extends string = string, Fields extends string = string> {
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
export type FoundRow<Columns extends string = string> = {
    readonly [C in Columns]?: string | number | boolean | null;
};
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

/**
 * A table in your keyspace. Partition key and clustering key together identify a row: a row with the
 * key of an existing row replaces it.
 */
export interface TableDefinition {
    /**
     * The type of each column by its name, or a {@link Column} with options. A name has 1 to 48 of
     * `a-z`, `0-9` and `_`, starting with a letter.
     */
    columns: Readonly<Record<string, ColumnType | Column>>;
    /** The columns that decide in which partition a row is stored. */
    partitionKey: readonly string[];
    /** The columns that order the rows within a partition. @default none */
    clusteringKey?: readonly string[];
}
/** The text of a fault that the compiler finds in a module: no value has this type. */
export interface Fault<Text extends string> {
    readonly fault: Text;
}
/** The names of a table's columns. */
export type ColumnNames<Table> = Table extends {
    columns: infer Columns;
} ? keyof Columns & string : string;
/** The names of the columns in a table's key. */
export type KeyNames<Table> = (Table extends {
    partitionKey: readonly (infer Name)[];
} ? Name & string : never) | (Table extends {
    clusteringKey: readonly (infer Name)[];
} ? Name & string : never);
type Faults<Names extends PropertyKey, Text extends string> = {
    [N in Names]: Text;
};
/**
 * What a table must be: its keys name its own columns, and it has only known settings. Without the
 * last parts, a misspelt setting would be accepted, because the table's type is inferred.
 */
export type CheckedTable<Table> = {
    columns: Table extends {
        columns: infer Columns;
    } ? {
        readonly [C in keyof Columns]: CheckedColumn<Columns[C]>;
    } : TableDefinition["columns"];
    partitionKey: readonly ColumnNames<Table>[];
    clusteringKey?: readonly ColumnNames<Table>[];
} & Faults<Exclude<keyof Table, keyof TableDefinition>, "not a setting of a table">;
/** What a column must be: a type, or a type with the options that it has. */
type CheckedColumn<Declared> = Declared extends {
    type: infer Type;
} ? Type extends ColumnType ? Pick<Column, OptionNames<Type>> & {
    type: Type;
} & Faults<Exclude<keyof Declared, OptionNames<Type>>, `not an option of a column of type ${Type}`> : Column : ColumnType | Column;
type Numeric = "int" | "bigint" | "smallint" | "tinyint" | "varint" | "double" | "float" | "decimal";
/** The options of a column of this type. A collection has those of all types, for its elements. */
type OptionNames<Type extends ColumnType> = Type extends `${string}<${string}` ? keyof Column : "type" | "from" | "value" | "optional" | "null" | (Type extends "text" | "ascii" ? "trim" : never) | (Type extends Numeric ? "decimal" | "group" : never) | (Type extends "date" | "time" | "timestamp" ? "format" : never) | (Type extends "timestamp" ? "timeZone" | "clockChange" | "unit" : never) | (Type extends "boolean" ? "true" | "false" : never);

/** One or more rows by table. A column that is missing, `null` or `undefined` is stored as null. */
export type RowOutput<Tables extends string = string> = {
    readonly [T in Tables]?: Readonly<Record<string, unknown>> | readonly Readonly<Record<string, unknown>>[];
};
type Settled<Tables extends string> = RowOutput<Tables> | Reject | null | undefined;
/** What `row` returns: rows, a reject, or `null` or `undefined` to skip the record. */
export type RowResult<Tables extends string = string> = Settled<Tables> | Promise<Settled<Tables>>;
type Suggested<Tables> = {
    readonly [T in keyof Tables]?: SuggestedRow<Tables[T]> | readonly SuggestedRow<Tables[T]>[];
} | object | Primitive | null | undefined | void;
type Primitive = string | number | bigint | boolean;
type SuggestedRow<Table> = {
    readonly [C in ColumnNames<Table>]?: unknown;
} | object;
/** The types that `row` may return before its rows are checked. */
export type Returnable<Tables> = Suggested<Tables> | Promise<Suggested<Tables>>;
/**
 * The type that `row` must have besides its own: any, or a {@link Fault} that says which rows are
 * wrong. The compiler checks no names in the literals that a function returns, so this does.
 */
export type RowCheck<Tables, Result> = ResultFaults<Tables, Result> | UnusedOptions<Tables, Result> extends infer Text extends string ? [Text] extends [never] ? unknown : Fault<Text> : never;
type ResultFaults<Tables, Result> = unknown extends Result ? never : Result extends Promise<infer Settled> ? ResultFaults<Tables, Settled> : Result extends Reject | null | undefined | void ? never : Result extends Primitive ? "row must return rows by table, ctx.reject(…), null or undefined" : string extends keyof Result ? never : {
    [T in keyof Result & string]: T extends keyof Tables ? RowFaults<T, Tables[T], Result[T]> : IsNothing<Result[T]> extends true ? never : `there is no table ${T}`;
}[keyof Result & string];
type RowFaults<Name extends string, Table, Row> = unknown extends Row ? never : Row extends null | undefined ? never : Row extends readonly (infer Element)[] ? RowFaults<Name, Table, Element> : Row extends object ? string extends keyof Row | ColumnNames<Table> ? never : UnknownColumns<Name, Table, Row> | MissingKeys<Name, Table, Row> | BadValues<Name, Table, Row> : `a row of table ${Name} must be an object`;
type UnknownColumns<Name extends string, Table, Row> = {
    [C in Exclude<keyof Row & string, ColumnNames<Table>>]: IsNothing<Row[C]> extends true ? never : `table ${Name} has no column ${C}`;
}[Exclude<keyof Row & string, ColumnNames<Table>>];
type MissingKeys<Name extends string, Table, Row> = {
    [C in KeyNames<Table>]: C extends keyof Row ? IsNothing<Row[C]> extends true ? `${Name}.${C} is part of the key and must not be null` : never : `${Name}.${C} is part of the key and is missing`;
}[KeyNames<Table>];
type BadValues<Name extends string, Table, Row> = Table extends {
    columns: infer Columns;
} ? {
    [C in keyof Row & keyof Columns & string]: Fits<Row[C], Accepted<Columns[C]>> extends true ? never : `${Name}.${C} is ${TypeName<Columns[C]>} and cannot hold ${Described<Row[C]>}`;
}[keyof Row & keyof Columns & string] : never;
type IsNothing<Value> = unknown extends Value ? false : [NonNullable<Value>] extends [never] ? true : false;
/** Whether one of a value's types, at least, is or can be an accepted one. */
type Fits<Value, Wanted> = IsNothing<Value> extends true ? true : unknown extends Value ? true : [FittingPart<NonNullable<Value>, Wanted>] extends [never] ? false : true;
type FittingPart<Part, Wanted> = Part extends Wanted ? Part : Wanted extends Part ? Wanted : never;
type Whole = string | number | bigint;
type Text = string | number | bigint | boolean;
/** The values of single types. */
interface ScalarValues {
    ascii: Text;
    bigint: Whole;
    blob: string | Uint8Array;
    boolean: string | boolean | 0 | 1;
    date: string | Date;
    decimal: Whole;
    double: Whole;
    duration: string;
    float: Whole;
    inet: string;
    int: Whole;
    smallint: Whole;
    text: Text;
    time: string;
    timestamp: string | Date;
    timeuuid: string;
    tinyint: Whole;
    uuid: string;
    varint: Whole;
}
/** The values that a column accepts, besides null and undefined. */
type Accepted<Declared> = Declared extends keyof ScalarValues ? ScalarValues[Declared] : Declared extends {
    type: "timestamp";
    unit: string;
} ? Whole | Date : Declared extends {
    type: infer Type;
} ? Accepted<Type> : Declared extends `map<${string}` ? string | object : string | readonly unknown[] | ReadonlySet<unknown>;
type TypeName<Declared> = Declared extends {
    type: infer Type;
} ? TypeName<Type> : Declared extends string ? Declared : never;
type Described<Value> = NonNullable<Value> extends infer Part ? Part extends Date ? "a Date" : Part extends Uint8Array ? "a Uint8Array" : Part extends number ? "a number" : Part extends boolean ? "a boolean" : Part extends bigint ? "a bigint" : Part extends string ? "a string" : Part extends readonly unknown[] ? "an array" : Part extends (...values: never[]) => unknown ? "a function" : "an object" : never;
/** Options that `row` makes useless: it fills the columns itself. */
type UnusedOptions<Tables, Result> = IsAny<Result> extends true ? never : {
    [T in keyof Tables & string]: Tables[T] extends {
        columns: infer Columns;
    } ? {
        [C in keyof Columns & string]: keyof Columns[C] & ("from" | "value" | "optional") extends infer Option extends string ? Columns[C] extends string ? never : `${T}.${C}: ${Option} is only for a module without row` : never;
    }[keyof Columns & string] : never;
}[keyof Tables & string];
/** Whether a type is `any`. */
export type IsAny<Value> = 0 extends (1 & Value) ? true : false;

type RecordOf<F> = F extends {
    readonly record?: infer R;
} ? NonNullable<R> : never;
/** The names in a record, where the format declares them. */
type FieldNames<FileRecord> = keyof FileRecord extends infer Name extends string ? string extends Name ? never : Name : never;
/** A module: which files it reads, the tables it writes, and how a record becomes rows. */
export interface Ingest<F extends Format = Format, Tables = any, Result = unknown> {
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
    row?(record: RecordOf<F>, ctx: Context<keyof Tables & string, {
        [T in keyof Tables]: ColumnNames<Tables[T]>;
    }[keyof Tables], FieldNames<RecordOf<F>>>): Result;
}
/** A declared module, which has `row` if it was given one: a test of the module can call it. */
type DefinedIngest<F extends Format, Tables, Result> = Ingest<F, Tables, Result> & (IsAny<Result> extends true ? unknown : Required<Pick<Ingest<F, Tables, Result>, "row">>);
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
export declare function defineIngest<F extends Format, const Tables extends {
    [T in keyof Tables]: CheckedTable<Tables[T]>;
}, const Result extends Returnable<Tables> = any>(ingest: Ingest<F, Tables, Result> & {
    row?: RowCheck<Tables, Result>;
}): DefinedIngest<F, Tables, Result>;

declare global {
  /** `module test` shows the first 200 lines of a file, `module log` the first 20. */
  const console: Record<"log" | "info" | "warn" | "error" | "debug", (...values: unknown[]) => void>;
}
