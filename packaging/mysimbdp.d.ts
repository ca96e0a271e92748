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

/** The names of the columns that a format declares, from which the type of its records follows. */
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

/** Options of Avro files. */
export type AvroOptions = NameOptions & StoredTimestampOptions;
export type AvroFormat<R extends object = Record<string, unknown>> = FileFormat<"avro", AvroOptions, R>;
/**
 * Apache Avro object container files. Each file contains its schema.
 *
 * @example
 * ```ts
 * import { avro } from "mysimbdp";
 * avro().kind; // "avro"
 * ```
 */
export declare function avro<const Columns extends string = never, const Optional extends string = never>(options?: AvroOptions & DeclaredNames<never, Columns, Optional>): AvroFormat<NamedRecord<unknown, never, Columns, Optional>>;

/** The types of single values: those native types of CQL that a file can contain. */
export declare const SCALAR_TYPES: readonly ["ascii", "bigint", "blob", "boolean", "date", "decimal", "double", "duration", "float", "inet", "int", "smallint", "text", "time", "timestamp", "timeuuid", "tinyint", "uuid", "varint"];
/** The types of single values. A value is text or the natural JavaScript value. */
export type ScalarType = (typeof SCALAR_TYPES)[number];
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

/** Options of CSV files; the defaults follow RFC 4180. */
export interface CsvOptions extends HeaderOptions, TextOptions {
    /**
     * The text between fields, one to ten characters: `";"`, `"||"`, `", "`. `"auto"` determines which
     * of `,`, `;`, tab and `|` it is from the start of each file.
     * @default ","
     */
    delimiter?: string;
    /** The quote character, or "" if fields are never quoted. @default '"' */
    quote?: string;
    /**
     * The character before a quote that is data. By default it is the quote itself: `"a ""b"""`. `"\\"`
     * as in MySQL and PostgreSQL: `\"`, `\n`, `\t` and the like also outside quotes, and a field `\N` is
     * null. `""`: quotes in a quoted field are not escaped; one before a delimiter or line end closes it.
     * @default '"'
     */
    escape?: string;
    /**
     * What happens to a quote that neither opens nor closes a field, as in `5" pipe`: the record is
     * rejected, or the quote is kept as text.
     * @default "reject"
     */
    strayQuotes?: "reject" | "keep";
    /** The maximum number of lines of a quoted field; a longer one is a stray quote. @default 100 */
    quotedLines?: number;
    /**
     * Whether a quoted field may contain lines that look like records of the file. By default its quote
     * is a stray one.
     * @default false
     */
    quotedRecords?: boolean;
    /**
     * What happens to records with more or fewer fields than the header. `"pad"`: missing fields at the
     * end are null, records with more are rejected. `"keep"`: surplus fields are kept as well, with names
     * by position, such as `column_5`.
     * @default "reject"
     */
    ragged?: "reject" | "pad" | "keep";
    /** Whether records end with a delimiter after the last field. @default false */
    trailingDelimiter?: boolean;
    /** Whether blanks around fields and quotes are removed, but not those within quotes. @default false */
    trim?: boolean;
    /** Lines that start with this text are skipped: `"#"`. @default "" */
    comment?: string;
    /** The number of records at the end of the file that are skipped. @default 0 */
    skipLast?: number;
    /**
     * The data ends before the first record whose first field that is not empty is one of these texts,
     * which may have the wildcards `*` and `?`: `"Total*"`.
     */
    stopAt?: string | readonly string[];
    /**
     * The line end, if it is not to be determined from the file: `"\n"` and `"\r\n"` both stand for LF
     * and CRLF, `"\r"` for CR alone, and `"\r\r\n"` for files that were converted twice.
     */
    lineEnd?: "\n" | "\r\n" | "\r" | "\r\r\n";
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

/** What numbers of JSON become. */
export interface NumbersOption {
    /**
     * "number": JavaScript numbers, and bigint beyond 2^53. Stored unchanged in a `decimal`, `varint` or
     * `text` column, they keep all digits as the file writes them. "text": the text in the file, so that
     * `row` sees all digits, too.
     * @default "number"
     */
    numbers?: "number" | "text";
}
/** Options of JSON Lines files. */
export interface JsonlOptions extends NameOptions, TextOptions, NumbersOption {
}
/** A JSON object. Integers beyond 2^53 are `bigint`. */
export type JsonRecord = {
    readonly [key: string]: unknown;
};
export type JsonlFormat<R extends object = JsonRecord> = FileFormat<"jsonl", JsonlOptions, R>;
/**
 * One JSON object per line, plain or gzip.
 *
 * @example
 * ```ts
 * import { jsonl } from "mysimbdp";
 * jsonl().kind; // "jsonl"
 * ```
 */
export declare function jsonl<const Columns extends string = never, const Optional extends string = never>(options?: JsonlOptions & DeclaredNames<never, Columns, Optional>): JsonlFormat<NamedRecord<unknown, never, Columns, Optional>>;

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
export declare function json<const Columns extends string = never, const Optional extends string = never>(options?: JsonOptions & DeclaredNames<never, Columns, Optional>): JsonFormat<NamedRecord<unknown, never, Columns, Optional>>;

/** Options of Parquet files. Columns that are not in `columns` are not decoded. */
export type ParquetOptions = NameOptions & StoredTimestampOptions;
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
export declare function parquet<const Columns extends string = never, const Optional extends string = never>(options?: ParquetOptions & DeclaredNames<never, Columns, Optional>): ParquetFormat<NamedRecord<unknown, never, Columns, Optional>>;

/** Options of Excel workbooks. */
export interface XlsxOptions extends HeaderOptions {
    /**
     * The name of the sheet, or its number, starting at 1. Numbers do not count hidden sheets.
     * @default 1
     */
    sheet?: string | number;
    /**
     * What happens to a record with an error such as `#N/A`, or with a formula that has no saved value:
     * it is rejected, or the value is null.
     * @default "reject"
     */
    errors?: "reject" | "null";
    /**
     * The columns whose cells are read as the text that Excel displays, such as "00501"; `true`: all.
     * @default false
     */
    text?: boolean | readonly string[];
    /** `fill`: all cells of a merged range have the value of its first cell. @default "first" */
    mergedCells?: "first" | "fill";
}
/**
 * The value of a cell: a date is a `Date` in UTC, a time of day is text (`HH:MM:SS`), a duration is
 * text (`PT1H30M`), an empty cell is null.
 */
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
export type Format = CsvFormat<object> | JsonlFormat<object> | JsonFormat<object> | XlsxFormat<object> | ParquetFormat<object> | AvroFormat<object>;

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
    json(): Promise<any>;
}
/** `content-type`, `etag`, `last-modified`, `location`, `retry-after` and `link`, if present. */
export interface FetchedHeaders extends Iterable<[string, string]> {
    /** @param name in any case @returns null if the response does not have it */
    get(name: string): string | null;
    has(name: string): boolean;
}

/**
 * A table in your keyspace. Partition key and clustering key together identify a row: a row with the
 * key of an existing row replaces it, or is merged with it.
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
    /**
     * What happens to a record with a key that an earlier record of the same file has: its row replaces
     * the earlier one and is counted, it is rejected, or the file is not loaded.
     * @default "replace"
     */
    repeatedKeys?: "replace" | "reject" | "fail";
    /**
     * What a row does with the stored row that has its key. With `"replace"` it replaces it as a whole: a
     * column without a value becomes null. With `"merge"` it changes only the columns to which it gives a
     * value or null: columns that are missing, undefined or blank stay as they are. Not together with
     * `versions: "replace"`.
     * @default "replace"
     */
    onConflict?: "replace" | "merge";
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
    repeatedKeys?: TableDefinition["repeatedKeys"];
    onConflict?: TableDefinition["onConflict"];
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

/**
 * One or more rows by table. A column that is missing, `null` or `undefined` is stored as null; in a table
 * with `onConflict: "merge"` only `null` is.
 */
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
/** Arrays and objects are stored as JSON, but a Date is not text. */
type Text = string | number | bigint | boolean | object & {
    readonly getTime?: never;
};
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

/** Texts that mean null. */
export interface NullOptions {
    /**
     * Texts that mean null, such as "N/A" or "-"; also numbers, such as "-999". White space around them is
     * ignored.
     * @default none
     */
    readonly null?: readonly string[];
}
/** A text without the white space around it; null if it is blank or one of the texts that mean null. */
export declare function filled(text: string, options: NullOptions | undefined): string | null;
/** Whether a text is blank and not one of the texts that mean null. */
export declare function isBlank(text: string, options: NullOptions | undefined): boolean;
/** Whether a trimmed text, or a number, is one of the texts that mean null. */
export declare function meansNull(value: unknown, options: NullOptions | undefined): boolean;

/**
 * A value that does not fit. The message continues the column's name, as in `"wet" is not a number`.
 * Thrown out of `row`, it rejects the record with this message as the reason.
 */
export declare class ValueFault extends Error {
}
/** A value for a reason: short and quoted, and without running code of the value. */
export declare function show(value: unknown): string;
/** @param what what the value should be, such as "a date" */
export declare function fault(value: unknown, what: string): never;

/** How numbers are written. */
export interface NumberOptions extends NullOptions {
    /** The decimal separator. @default "." */
    readonly decimal?: "." | ",";
    /** The separator between groups of three digits: ".", ",", " " (any space) or "'". @default none */
    readonly group?: "." | "," | " " | "'";
}
/** Maximum length of a number with all its digits, in characters. */
export declare const MAX_DIGITS = 4096;
/**
 * Number text in the usual form: without group separators, and with a decimal point.
 *
 * @param text without white space around it
 * @returns null if it is not a number in this form
 */
export declare function plainNumber(text: string, options: NumberOptions | undefined): string | null;
/**
 * The digits of a whole number, with a minus if it is negative. `1.0` and `1e3` are whole numbers.
 *
 * @param plain a number as {@link plainNumber} returns it
 * @returns null if it is not whole, or has more than 4,096 digits
 */
export declare function wholeDigits(plain: string): string | null;
/** A whole number as a JavaScript number; null if it is blank. @throws {ValueFault} */
export declare function integerIn(value: unknown, what: string, [min, max]: readonly [number, number], options?: NumberOptions): number | null;
/** A whole number with all digits, as text; null if it is blank. @throws {ValueFault} */
export declare function bigIntegerIn(value: unknown, what: string, limits: readonly [bigint, bigint] | null, options?: NumberOptions): string | null;
/** A finite number; null if it is blank. @throws {ValueFault} */
export declare function numberOf(value: unknown, options?: NumberOptions): number | null;
/** A decimal number with all digits, as text; null if it is blank. @throws {ValueFault} */
export declare function decimalOf(value: unknown, options?: NumberOptions): string | null;
/**
 * Reads a whole number. `1.0` and `1e3` are whole numbers.
 *
 * @param text text as in a file, or a number
 * @returns null for blank text and for texts that mean null
 * @throws {ValueFault} if it is not a whole number between -(2^53 - 1) and 2^53 - 1
 *
 * @example
 * ```ts
 * import { parseInteger } from "mysimbdp";
 * parseInteger("1.234", { decimal: ",", group: "." }); // 1234
 * ```
 */
export declare function parseInteger(text: unknown, options?: NumberOptions): number | null;
/**
 * Reads a number. Digits beyond those of a JavaScript number are lost: {@link parseDecimal} keeps them.
 *
 * @param text text as in a file, or a number
 * @returns null for blank text and for texts that mean null
 * @throws {ValueFault} if it is not a finite number, or a separator is at a wrong place
 *
 * @example
 * ```ts
 * import { parseNumber } from "mysimbdp";
 * parseNumber("1.234,5", { decimal: ",", group: "." }); // 1234.5
 * parseNumber("n/a", { null: ["n/a"] }); // null
 * ```
 */
export declare function parseNumber(text: unknown, options?: NumberOptions): number | null;
/**
 * Reads a decimal number and keeps all digits.
 *
 * @param text text as in a file, or a number
 * @returns text with a decimal point, for a `decimal` column; null for blank text and for texts that
 *   mean null
 * @throws {ValueFault} if it is not a number, or a separator is at a wrong place
 *
 * @example
 * ```ts
 * import { parseDecimal } from "mysimbdp";
 * parseDecimal("1 234,50", { decimal: ",", group: " " }); // "1234.50"
 * ```
 */
export declare function parseDecimal(text: unknown, options?: NumberOptions): string | null;
/** Why two separators do not fit each other; null if they do. */
export declare function separatorsFault({ decimal, group }: NumberOptions): string | null;

export declare const DAY_MS = 86400000;
/** Whether a day exists, in the years 1 to 9999. NaN is no day. */
export declare function isDay(year: number, month: number, day: number): boolean;
/** Days since 1970-01-01 of a day that exists. */
export declare function dayNumber(year: number, month: number, day: number): number;
/** `YYYY-MM-DD`. */
export declare function dayText(year: number, month: number, day: number): string;
/** `HH:MM:SS`, with the fraction's digits as they are. */
export declare function timeText(hour: number, minute: number, second: number, fraction: string): string;
/**
 * `YYYY-MM-DDTHH:MM:SS.mmmZ`; null outside the years 1 to 9999. Several times as fast as `toISOString`.
 *
 * @param ms milliseconds since 1970
 */
export declare function instantText(ms: number): string | null;

/** A local date and time as text says it. An offset is in seconds; null if the text has none. */
export interface Written {
    /** Days since 1970-01-01. */
    day: number;
    /** Milliseconds since midnight. */
    ms: number;
    offset: number | null;
}
/** `YYYY-MM-DD` of a day, which may be written without dashes or as a timestamp at midnight. */
export declare function isoDate(text: string): string | null;
/** `HH:MM:SS[.fraction]` of a time of day, of which the seconds may be missing. */
export declare function isoTime(text: string): string | null;
/** A timestamp; a date alone is its midnight. */
export declare function isoTimestamp(text: string): Written | null;
/** The whole milliseconds of a fraction's digits. */
export declare function milliseconds(fraction: string | undefined): number;
/** The seconds of `Z`, `UTC`, `GMT`, `+02`, `+0200`, `+02:00` or `+02:00:00`; NaN if it is none of these. */
export declare function offsetOf(text: string): number;
/** Milliseconds since 1970 of a local time at an offset in seconds. */
export declare function instantOf({ day, ms }: Written, offset: number): number;

/** What happens to a local time that a change of the clocks skips or repeats. */
export type ClockChange = "reject" | "earlier" | "later";
/** The rules of a zone. @throws {RangeError} if there is no such zone */
export declare function timeZone(name: string): TimeZone;
/** The rules of a zone; null if the runtime knows none of this name. */
export declare function knownZone(name: string): TimeZone | null;
/** Whether the runtime knows a time zone of this name. */
export declare function isTimeZone(name: string): boolean;
export declare class TimeZone {
    #private;
    constructor(name: string);
    /**
     * The instant of a local time, both in milliseconds.
     *
     * @param clockChange which instant is meant if a change of the clocks skips or repeats the time
     * @returns "skipped" or "repeated" if that is "reject"
     */
    instant(local: number, clockChange: ClockChange): number | "skipped" | "repeated";
    /** The offset from UTC at an instant, in milliseconds. */
    offset(instant: number): number;
}

/** Whether a text is `YYYY-MM-DD`, an existing day. */
export declare function isUsualDate(text: string): boolean;
/** Whether a text is `HH:MM:SS`. */
export declare function isUsualTime(text: string): boolean;
/**
 * The canonical text of `YYYY-MM-DD HH:MM:SS` or `YYYY-MM-DDTHH:MM:SS`, in UTC, which may be followed
 * by milliseconds and `Z`; null if the text has another form.
 */
export declare function usualTimestamp(text: string): string | null;

/** What a format reads from a text. Parts that it has no token for are 0, or null for the offset. */
export interface Parts {
    year: number;
    month: number;
    day: number;
    hour: number;
    minute: number;
    second: number;
    /** The digits of the fraction of a second. */
    fraction: string;
    /** Seconds from UTC. */
    offset: number | null;
}
/** A format that can be matched; one that cannot be used is a {@link FormatFault}. */
export interface WrittenFormat {
    /** Null if the text does not have this form, or is no existing day or time. */
    read(text: string): Parts | null;
    hasDate: boolean;
    hasTime: boolean;
    hasOffset: boolean;
}
/** Why a text is no format. */
export declare class FormatFault extends Error {
}
/** A compiled format, from memory if it was used before. @throws {FormatFault} */
export declare function writtenFormat(format: string): WrittenFormat;

/** The unit of a number that counts from 1970. */
export type TimeUnit = "s" | "ms" | "us" | "ns";
/** Whether a text is a number. */
export declare function isNumber(text: string): boolean;
/** The millisecond since 1970 in which a number of units lies; NaN if it is far out of range. */
export declare function instantOfNumber(value: string | number | bigint, unit: TimeUnit): number;

/** How dates or times are written. */
export interface DateOptions extends NullOptions {
    /**
     * The format, such as "DD.MM.YYYY" or "HH:mm"; several are tried in order.
     * @default ISO 8601
     */
    readonly format?: string | readonly string[];
}
/** How timestamps are written. */
export interface TimestampOptions extends DateOptions {
    /** The IANA time zone of timestamps without an offset, such as "Europe/Berlin". @default "UTC" */
    readonly timeZone?: string;
    /** What happens to a local time that a clock change skips or repeats. @default "reject" */
    readonly clockChange?: ClockChange;
    /** The unit of a number, counted from 1970. Without it, numbers are rejected. */
    readonly unit?: TimeUnit;
}
/**
 * Reads a day: by default `2024-03-01`, `20240301`, or a timestamp at midnight.
 *
 * @param text text as in a file, or a `Date` (its day in UTC)
 * @returns `YYYY-MM-DD`; null for blank text and for texts that mean null
 * @throws {ValueFault} if it is not an existing day of the years 1 to 9999 in this form
 *
 * @example
 * ```ts
 * import { parseDate } from "mysimbdp";
 * parseDate("31.12.2024", { format: "DD.MM.YYYY" }); // "2024-12-31"
 * parseDate("Jan 5, 2024", { format: ["MMM D, YYYY", "M/D/YYYY"] }); // "2024-01-05"
 * ```
 */
export declare function parseDate(text: unknown, options?: DateOptions): string | null;
/**
 * Reads a time of day: by default `10:30`, `10:30:00.5` or `103000`. The day has no time 24:00 and no
 * second 60.
 *
 * @param text text as in a file
 * @returns `HH:MM:SS` with the decimals of the text; null for blank text and for texts that mean null
 * @throws {ValueFault} if it is not a time in this form
 *
 * @example
 * ```ts
 * import { parseTime } from "mysimbdp";
 * parseTime("9:05 pm", { format: "h:mm A" }); // "21:05:00"
 * ```
 */
export declare function parseTime(text: unknown, options?: DateOptions): string | null;
/**
 * Reads a timestamp: by default ISO 8601, or with a space in place of the `T` as in SQL. Text without
 * an offset is in `timeZone`. Decimals after the millisecond are cut.
 *
 * @param text text as in a file, a `Date`, or a number if `unit` is set
 * @returns `YYYY-MM-DDTHH:MM:SS.mmmZ`; null for blank text and for texts that mean null
 * @throws {ValueFault} if it is not a timestamp of the years 1 to 9999 in this form, or a local time
 *   that a clock change skips or repeats
 *
 * @example
 * ```ts
 * import { parseTimestamp } from "mysimbdp";
 * parseTimestamp("01.07.2024 14:30", { format: "DD.MM.YYYY HH:mm", timeZone: "Europe/Berlin" }); // "2024-07-01T12:30:00.000Z"
 * parseTimestamp(1719837000, { unit: "s" }); // "2024-07-01T12:30:00.000Z"
 * ```
 */
export declare function parseTimestamp(text: unknown, options?: TimestampOptions): string | null;
/** As {@link parseTimestamp}; `localDates` says that a `Date` is a local time. */
export declare function timestampOf(text: unknown, options?: TimestampOptions & {
    localDates?: boolean;
}): string | null;

/** Which words mean true and false. */
export interface BooleanOptions extends NullOptions {
    /** Words that mean true, in any case. @default "true", "t", "yes", "y", "1" */
    readonly true?: readonly string[];
    /** Words that mean false, in any case. @default "false", "f", "no", "n", "0" */
    readonly false?: readonly string[];
}
/** Which texts mean null, and whether white space is removed. */
export interface PlainTextOptions extends NullOptions {
    /** Whether white space around the text is removed. @default false */
    readonly trim?: boolean;
}
/**
 * Reads true or false, by default from `true` `t` `yes` `y` `1`, `false` `f` `no` `n` `0` in any case.
 *
 * @param text text as in a file, or a boolean, or 1 or 0
 * @returns null for blank text and for texts that mean null
 * @throws {ValueFault} if it is another word
 *
 * @example
 * ```ts
 * import { parseBoolean } from "mysimbdp";
 * parseBoolean("Ja", { true: ["ja"], false: ["nein"] }); // true
 * ```
 */
export declare function parseBoolean(text: unknown, options?: BooleanOptions): boolean | null;
/** A word that means both true and false; null if there is none. */
export declare function ambiguousWord(options: BooleanOptions): string | null;
/**
 * Reads text. Blank text stays as it is, unless it is one of the texts that mean null.
 *
 * @param text text as in a file, or a number, a bigint or a boolean
 * @returns null for texts that mean null
 * @throws {ValueFault} if it is not text
 *
 * @example
 * ```ts
 * import { parseText } from "mysimbdp";
 * parseText(" A-17 ", { trim: true }); // "A-17"
 * parseText("", { null: [""] }); // null
 * ```
 */
export declare function parseText(text: unknown, options?: PlainTextOptions): string | null;

declare global {
  /** `module test` shows the first 200 lines of a file, `module log` the first 20. */
  const console: Record<"log" | "info" | "warn" | "error" | "debug", (...values: unknown[]) => void>;
}
