/** The column types of a table: the native types of CQL that a file can carry. */
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
export type ScalarType = (typeof SCALAR_TYPES)[number];

/** A collection of scalars in the spelling of CQL. It is kept as one value, never changed in part. */
type CollectionType =
  | `list<${ScalarType}>`
  | `set<${ScalarType}>`
  | `map<${ScalarType}, ${ScalarType}>`;
export type ColumnType = ScalarType | CollectionType;

/** The parts of a {@link CollectionType}: a map has the types of its keys and of its values. */
export interface Collection {
  kind: "list" | "set" | "map";
  elements: ScalarType[];
}

const COLLECTION = /^\s*(list|set|map)\s*<\s*([a-z]+)\s*(?:,\s*([a-z]+)\s*)?>\s*$/;

/**
 * The type that a text names, with blanks where CQL puts them.
 *
 * @returns null when it names none
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
  return `${collection.kind}<${collection.elements.join(", ")}>` as CollectionType;
}

/** What a collection is made of; null for a scalar. */
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
  // A duration has no order, so nothing can be found by one.
  if (known.length < elements.length || kind !== "list" && known[0] === "duration") return null;
  return { kind, elements: known };
}

/** How a value crosses from the sandbox to the storage. */
type Physical = "text" | "number" | "bytes";

/**
 * What a column's values look like in a batch. Text is canonical: ISO 8601 dates, times and
 * timestamps (UTC), lower-case uuids, digits for bigint, varint and decimal. Collections are
 * JSON: lists and sets `[element, …]`, maps `[[key, value], …]`; sets and maps in one order, without
 * repetition; elements by their own form, booleans as true and false, blobs as `"0x…"`.
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

/** One table of a tenant's keyspace, as its module declares it. */
export interface TableSpec {
  name: string;
  /** In the order of the declaration, which is the order of the columns in a batch. */
  columns: { name: string; type: ColumnType }[];
  partitionKey: string[];
  clusteringKey: string[];
}

/** A value in a batch, by {@link physicalOf}; booleans are 0 and 1. */
export type Value = string | number | Uint8Array | null;
