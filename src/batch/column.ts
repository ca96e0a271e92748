import { type Column, type ColumnType, SCALAR_TYPES, type ScalarType } from "../sdk/column.ts";

export { type ColumnType, SCALAR_TYPES, type ScalarType };

/** The parts of a collection type; a map has two element types, for keys and values. */
export interface Collection {
  kind: "list" | "set" | "map";
  elements: ScalarType[];
}

const COLLECTION = /^\s*(list|set|map)\s*<\s*([a-z]+)\s*(?:,\s*([a-z]+)\s*)?>\s*$/;

/**
 * Parses a type name and normalises its spaces.
 *
 * @returns null if it is not a type
 * @example
 * ```ts
 * import { parseColumnType } from "./column.ts";
 * parseColumnType("map<text,int>"); // "map<text, int>"
 * ```
 */
export function parseColumnType(text: string): ColumnType | null {
  const scalar = SCALAR_TYPES.find((type) => type === text);
  if (scalar !== undefined) return scalar;
  const collection = partsOf(text);
  if (collection === null) return null;
  return `${collection.kind}<${collection.elements.join(", ")}>` as ColumnType;
}

/** The parts of a collection type; null for a scalar type. */
export function collectionOf(type: ColumnType): Collection | null {
  return type.endsWith(">") ? partsOf(type) : null;
}

function partsOf(text: string): Collection | null {
  const [, kind, ...names] = COLLECTION.exec(text) ?? [];
  const elements = names.filter((name) => name !== undefined)
    .map((name) => SCALAR_TYPES.find((type) => type === name));
  const isWhole = elements.length === (kind === "map" ? 2 : 1);
  if (kind !== "list" && kind !== "set" && kind !== "map" || !isWhole) return null;
  const known = elements.filter((type) => type !== undefined);
  // Durations have no order, so they cannot be keys.
  if (known.length < elements.length || kind !== "list" && known[0] === "duration") return null;
  return { kind, elements: known };
}

/** The form of a value in a batch. */
type Physical = "text" | "number" | "bytes";

/**
 * The form of a column's values in a batch. Text is canonical: ISO 8601 dates, times and timestamps
 * (UTC), lower-case uuids, digits for bigint, varint and decimal. Collections are JSON: lists and sets
 * `[element, …]`, maps `[[key, value], …]`. Sets and maps are sorted and without duplicates; elements
 * have their own form, with booleans as true and false, and blobs as `"0x…"`.
 */
export function physicalOf(type: ColumnType): Physical {
  switch (type) {
    case "int":
    case "smallint":
    case "tinyint":
    case "float":
    case "double":
    case "boolean":
      return "number";
    case "blob":
      return "bytes";
    default:
      return "text";
  }
}

/** The ranges of the types that are integers in a batch. */
export const INTEGER_LIMITS: Partial<Record<ColumnType, readonly [min: number, max: number]>> = {
  boolean: [0, 1],
  tinyint: [-0x80, 0x7f],
  smallint: [-0x8000, 0x7fff],
  int: [-0x8000_0000, 0x7fff_ffff],
};

/** A column of a table. The options are those of the SDK's `Column`; storage ignores them. */
export interface ColumnSpec {
  name: string;
  type: ColumnType;
  options?: ColumnOptions;
}

/** How a module fills a column, and how text in the file is written. */
export interface ColumnOptions extends Omit<Column, "type"> {
  /** Whether a `Date` is a local time: its time in UTC is what a clock in `timeZone` has shown. */
  localDates?: true;
}

/** A table of a tenant, as its module declares it. */
export interface TableSpec {
  name: string;
  /** In the order of the declaration, which is also their order in a batch. */
  columns: ColumnSpec[];
  partitionKey: string[];
  clusteringKey: string[];
  /** What happens to a record whose key an earlier record of the file has. @default "replace" */
  repeatedKeys?: "replace" | "reject" | "fail";
  /** What a row does with a stored row that has its key. @default "replace" */
  onConflict?: "replace" | "merge";
}

/** A value in a batch, in the form that {@link physicalOf} gives; booleans are 0 and 1. */
export type Value = string | number | Uint8Array | null;

/** A value, or undefined if the row leaves it as it is stored: only in tables that merge rows. */
export type Cell = Value | undefined;

/** Tables for a format whose dates are local times, as in Excel: they are in the column's zone. */
export function withLocalDates(tables: readonly TableSpec[]): TableSpec[] {
  return tables.map((table) => ({
    ...table,
    columns: table.columns.map((column) =>
      column.options?.timeZone === undefined
        ? column
        : { ...column, options: { ...column.options, localDates: true } }
    ),
  }));
}
