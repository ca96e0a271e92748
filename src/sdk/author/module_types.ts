/** The SDK's types; made by `deno task types`, not by hand. */
export const MODULE_TYPES: string =
  `// Types of modules for mysimbdp; written by \`mysimbdp fetch module init\`.
/** Avro files say themselves how they are written: there is nothing to choose. */
export type AvroOptions = Record<never, never>;
export interface AvroFormat {
    readonly kind: "avro";
    readonly options: AvroOptions;
    /** Only a type: what \`row\` receives. */
    readonly record?: Record<string, unknown>;
}
/**
 * Apache Avro object container files, with the schema that is in the file.
 *
 * @example
 * \`\`\`ts
 * import { avro } from "mysimbdp";
 * avro().kind; // "avro"
 * \`\`\`
 */
export declare function avro(): AvroFormat;

/** How a tenant's CSV files are written. RFC 4180 is the default. */
export interface CsvOptions {
    /**
     * True: the first record names the columns. An array: the file has no header and these are the
     * names. False: records are keyed "1", "2", … by position.
     * @default true
     */
    header?: boolean | readonly string[];
    /** One character. @default "," */
    delimiter?: string;
    /** One character, or "" for files without quoting. @default '"' */
    quote?: string;
    /** A WHATWG encoding label; a byte order mark in the file goes before it. @default "utf-8" */
    encoding?: string;
}
/** The fields of a record by column name; every field is text, as it stands in the file. */
export type CsvRecord = Record<string, string>;
export interface CsvFormat {
    readonly kind: "csv";
    readonly options: CsvOptions;
    /** Only a type: what \`row\` receives. */
    readonly record?: CsvRecord;
}
/**
 * Comma-separated values by RFC 4180. Files ending in \`.gz\` are decompressed first.
 *
 * @example
 * \`\`\`ts
 * import { csv } from "mysimbdp";
 * csv({ header: true, delimiter: ";" }).kind; // "csv"
 * \`\`\`
 */
export declare function csv(options?: CsvOptions): CsvFormat;

/** How a tenant's JSON Lines files are written. */
export interface JsonlOptions {
    /** A WHATWG encoding label; a byte order mark in the file goes before it. @default "utf-8" */
    encoding?: string;
}
/** One JSON object a line. */
export type JsonRecord = {
    readonly [key: string]: unknown;
};
export interface JsonlFormat {
    readonly kind: "jsonl";
    readonly options: JsonlOptions;
    /** Only a type: what \`row\` receives. */
    readonly record?: JsonRecord;
}
/**
 * One JSON object a line, in UTF-8. Files ending in \`.gz\` are decompressed first.
 *
 * @example
 * \`\`\`ts
 * import { jsonl } from "mysimbdp";
 * jsonl().kind; // "jsonl"
 * \`\`\`
 */
export declare function jsonl(options?: JsonlOptions): JsonlFormat;

/** How a tenant's JSON files are written. */
export interface JsonOptions {
    /**
     * Where the array of records is, for files whose top level is an object: names of members, with
     * dots between them, for example "data.items". Without it the file itself is the array.
     */
    at?: string;
    /** A WHATWG encoding label; a byte order mark in the file goes before it. @default "utf-8" */
    encoding?: string;
}
export interface JsonFormat {
    readonly kind: "json";
    readonly options: JsonOptions;
    /** Only a type: what \`row\` receives. */
    readonly record?: JsonRecord;
}
/**
 * One JSON array of objects. It is read as a stream, so the file may be larger than the memory.
 *
 * @example
 * \`\`\`ts
 * import { json } from "mysimbdp";
 * json({ at: "data.items" }).kind; // "json"
 * \`\`\`
 */
export declare function json(options?: JsonOptions): JsonFormat;

/** What is read of a tenant's Parquet files. */
export interface ParquetOptions {
    /** The columns that \`row\` needs; the others are not decoded. Without it all of them. */
    columns?: readonly string[];
}
export interface ParquetFormat {
    readonly kind: "parquet";
    readonly options: ParquetOptions;
    /** Only a type: what \`row\` receives. */
    readonly record?: Record<string, unknown>;
}
/**
 * Apache Parquet. The file is held in memory as a whole, so its size is capped.
 *
 * @example
 * \`\`\`ts
 * import { parquet } from "mysimbdp";
 * parquet({ columns: ["id", "at"] }).kind; // "parquet"
 * \`\`\`
 */
export declare function parquet(options?: ParquetOptions): ParquetFormat;

/** How a tenant's Excel workbooks are laid out. */
export interface XlsxOptions {
    /** The sheet's name, or its number from 1. @default 1 */
    sheet?: string | number;
    /**
     * True: the first row names the columns. An array: the sheet has no header and these are the
     * names. False: records are keyed "1", "2", … by position.
     * @default true
     */
    header?: boolean | readonly string[];
}
/** A cell: dates come as \`Date\` in UTC, an empty cell as null. */
export type XlsxCell = string | number | boolean | Date | null;
export interface XlsxFormat {
    readonly kind: "xlsx";
    readonly options: XlsxOptions;
    /** Only a type: what \`row\` receives. */
    readonly record?: Record<string, XlsxCell>;
}
/**
 * One sheet of an Excel workbook (\`.xlsx\`). The file is read as a whole, so its size is capped.
 *
 * @example
 * \`\`\`ts
 * import { xlsx } from "mysimbdp";
 * xlsx({ sheet: "Readings" }).kind; // "xlsx"
 * \`\`\`
 */
export declare function xlsx(options?: XlsxOptions): XlsxFormat;

/** What a module's files are: the result of \`csv()\`, \`json()\` and the like. */
export type Format = CsvFormat | JsonlFormat | JsonFormat | XlsxFormat | ParquetFormat | AvroFormat;

/** How a tenant's TSV files are written: as CSV, but for the delimiter. */
export type TsvOptions = Omit<CsvOptions, "delimiter">;
/**
 * Tab-separated values, quoted as spreadsheets do it; \`quote: ""\` for files that know no quotes.
 *
 * @example
 * \`\`\`ts
 * import { tsv } from "mysimbdp";
 * tsv({ quote: "" }).options.delimiter; // "\\t"
 * \`\`\`
 */
export declare function tsv(options?: TsvOptions): CsvFormat;

/** The types of single values. They are given as text or as the natural JavaScript value. */
export type ScalarType = "ascii" | "bigint" | "blob" | "boolean" | "date" | "decimal" | "double" | "duration" | "float" | "inet" | "int" | "smallint" | "text" | "time" | "timestamp" | "timeuuid" | "tinyint" | "uuid" | "varint";
/**
 * The types that a column may have. A collection is given as an array, a \`Set\`, a \`Map\` or an
 * object, or as JSON text.
 */
export type ColumnType = ScalarType | \`list<\${ScalarType}>\` | \`set<\${ScalarType}>\` | \`map<\${ScalarType}, \${ScalarType}>\`;
/** A table in the tenant's keyspace. */
export interface TableDefinition {
    columns: Record<string, ColumnType>;
    /** Columns whose values decide where a row lives. */
    partitionKey: readonly string[];
    /** Columns that order and identify the rows within a partition. */
    clusteringKey?: readonly string[];
}
declare const rejected: unique symbol;
/** What {@link Context.reject} returns; a \`row\` function hands it on. */
export interface Reject {
    readonly [rejected]: true;
}
/** What a \`row\` function may know besides its record. */
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
     * A row of a table that \`permissions.read\` names, by its whole primary key: one value, or a list of
     * them, the partition key before the clustering key. Null where there is none. Rows of this file are
     * not among them. Many records that ask at once are answered at once, and rows are remembered.
     */
    lookup(table: string, key: KeyValue | readonly KeyValue[]): Promise<FoundRow | null>;
    /** An HTTP request to a host that \`permissions.net\` names. Redirects are not followed. */
    fetch(url: string, init?: FetchInit): Promise<FetchedAnswer>;
    /** A value that the platform has given for a name in \`permissions.secrets\`. */
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
/** Rows by table: one row or several. \`null\` and \`undefined\` values are stored as null. */
export type RowOutput<Tables extends string = string> = {
    readonly [T in Tables]?: Readonly<Record<string, unknown>> | readonly Readonly<Record<string, unknown>>[];
};
type RecordOf<F> = F extends {
    readonly record?: infer R;
} ? NonNullable<R> : never;
type Settled<Tables extends string> = RowOutput<Tables> | Reject | null | undefined;
/** What \`row\` returns. */
export type RowResult<Tables extends string = string> = Settled<Tables> | Promise<Settled<Tables>>;
/** A tenant's module. */
export interface Ingest<F extends Format = Format, T extends Record<string, TableDefinition> = Record<string, TableDefinition>> {
    /** Which files the module takes: a pattern with \`*\` and \`?\`, or several. Compared without case. */
    files: string | readonly string[];
    format: F;
    tables: T;
    /**
     * Turns a record into rows. It is called once a record, in the order of the file. \`null\` or
     * \`undefined\` skips the record; throwing rejects it. It may be an \`async\` function where it has to
     * wait for what \`ctx\` gives; one that has not is faster.
     */
    row(record: RecordOf<F>, ctx: Context): RowResult<keyof T & string>;
}
/**
 * Declares a module. It returns its argument: its work is done by the types.
 *
 * @example
 * \`\`\`ts
 * import { defineIngest, jsonl } from "mysimbdp";
 * export default defineIngest({
 *   files: "*.jsonl",
 *   format: jsonl(),
 *   tables: { events: { columns: { id: "uuid", what: "text" }, partitionKey: ["id"] } },
 *   row: (record, ctx) => ({ events: { id: ctx.rowId, what: record.what } }),
 * });
 * \`\`\`
 */
export declare function defineIngest<F extends Format, const T extends Record<string, TableDefinition>>(ingest: Ingest<F, T>): Ingest<F, T>;

declare global {
  /** Its first 200 lines of a file are shown by \`module test\` and kept in the module's log. */
  const console: Record<"log" | "info" | "warn" | "error" | "debug", (...values: unknown[]) => void>;
}
`;
