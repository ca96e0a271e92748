/**
 * The limits of rows, which are the strictest of all storage engines, so that a module runs on each of
 * them.
 *
 * @module
 */
import { formatCount } from "../base/count.ts";
import type { Cell, ColumnType, TableSpec } from "./column.ts";

/** Maximum bytes of the values of a partition key, and of those of a clustering key. */
export const MAX_KEY_BYTES = 65_535;
/** Bytes that Cassandra adds to each value of a partition key of several columns. */
export const PARTITION_PART_BYTES = 3;
/** A little less than what a cluster with default settings accepts in one request. */
const MAX_ROW_BYTES = 15 * 1024 ** 2;

/** Maximum bytes of a character (UTF-16 code unit) in UTF-8. */
const CHARACTER_BYTES = 3;
/** Maximum bytes of a value of another type than text, bytes or digits. */
const VALUE_BYTES = 16;

const encoder = new TextEncoder();

/** Why a row cannot be stored. */
export interface RowLimitFault {
  /** The column with the largest share; null if it is the row as a whole. */
  column: string | null;
  reason: string;
}

/**
 * @returns a function that checks a converted row: null if it is within the limits
 *
 * @example
 * ```ts
 * import { rowLimits } from "./row_limits.ts";
 * const table = { name: "t", columns: [{ name: "k", type: "text" as const }], partitionKey: ["k"], clusteringKey: [] };
 * rowLimits(table)(["x".repeat(65_536)])?.reason; // "the partition key has 65,536 bytes (limit: 65,535)"
 * ```
 */
export function rowLimits(table: TableSpec): (values: readonly Cell[]) => RowLimitFault | null {
  const { columns, partitionKey, clusteringKey } = table;
  const indexesOf = (key: readonly string[]) =>
    key.map((name) => columns.findIndex((column) => column.name === name));
  const partition = indexesOf(partitionKey);
  const clustering = indexesOf(clusteringKey);
  const added = partition.length > 1 ? PARTITION_PART_BYTES : 0;
  // A row of so few characters is within all limits, whatever its key.
  const smallChars = Math.floor(
    (MAX_KEY_BYTES - columns.length * (VALUE_BYTES + added)) / CHARACTER_BYTES,
  );
  return (values) => {
    let chars = 0;
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (typeof value === "string") chars += value.length;
      else if (typeof value === "object" && value !== null) chars += value.length;
    }
    if (chars <= smallChars) return null;
    const ofKey = (what: string, indexes: readonly number[], more: number) => {
      const sizes = indexes.map((i) => sizeOf(values[i], columns[i]!.type) + more);
      const size = sizes.reduce((sum, each) => sum + each, 0);
      if (size <= MAX_KEY_BYTES) return null;
      const largest = indexes[sizes.indexOf(Math.max(...sizes))]!;
      const reason = `the ${what} key has ${formatCount(size, "byte")} (limit: 65,535)`;
      return { column: columns[largest]!.name, reason };
    };
    return ofKey("partition", partition, added) ?? ofKey("clustering", clustering, 0) ??
      rowFault(table, values, chars);
  };
}

function rowFault(
  { columns }: TableSpec,
  values: readonly Cell[],
  chars: number,
): RowLimitFault | null {
  if (chars * CHARACTER_BYTES <= MAX_ROW_BYTES) return null;
  const size = values.reduce<number>((sum, value, i) => sum + sizeOf(value, columns[i]!.type), 0);
  if (size <= MAX_ROW_BYTES) return null;
  const limit = formatCount(MAX_ROW_BYTES, "byte");
  return { column: null, reason: `the row has ${formatCount(size, "byte")} (limit: ${limit})` };
}

/** The bytes of a value; exact for text and bytes, otherwise an upper bound. */
function sizeOf(value: Cell, type: ColumnType): number {
  if (value === null || value === undefined) return 0;
  if (typeof value === "number") return VALUE_BYTES;
  if (typeof value !== "string") return value.length;
  const size = encoder.encode(value).length;
  return type === "text" || type === "ascii" ? size : Math.max(size, VALUE_BYTES);
}
