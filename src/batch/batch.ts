import { BadBatch, Cursor, HEADER_BYTES, MAX_BATCH_BYTES, Scratch } from "./batch_bytes.ts";
import { type Cell, physicalOf, type TableSpec } from "./column.ts";
import { decodeBytes, decodeNumbers, decodeText, type Presence } from "./decode_columns.ts";
import {
  type BytesCell,
  encodeBytes,
  encodeNumbers,
  encodeText,
  type NumberCell,
  type TextCell,
} from "./encode_columns.ts";

/*
 * The layout, little-endian, with every section padded to 8 bytes so that typed arrays can view it:
 *
 *   u32 magic | u16 table | u16 columns | u32 rows | u32 zero
 *   text, bytes   u32 payload bytes | u32 zero | u32 lengths[rows] | payload
 *   number        u32 null count | u32 zero | f64 values[rows] | null bits, if any value is null
 *
 * Lengths of text are in UTF-16 code units, so that a column is decoded once and then split. A null has
 * a length of its own, or a bit and the number 0; an absent value has another length, or a bit and the
 * number 1.
 */
const MAGIC = 0x3142_524d;

/** Maximum number of rows in a batch. */
export const MAX_BATCH_ROWS = 65_536;

/** A decoded batch; `columns[c][r]` is the value of column `c` in row `r`. */
interface Batch {
  table: TableSpec;
  rows: number;
  columns: Cell[][];
}

const scratch = new Scratch();

/**
 * Encodes rows of one table, column by column. Values must have the form that {@link physicalOf} gives
 * for their column; a lone surrogate in text becomes U+FFFD.
 *
 * @param tableIndex the table's index in the decoder's list
 * @param columns one array for each column of `spec`, with `rows` values each
 * @throws {BadBatch} if the shape is wrong or the batch too large
 * @example
 * ```ts
 * import { decodeBatch, encodeBatch } from "./batch.ts";
 * const spec = { name: "t", columns: [{ name: "k", type: "text" as const }], partitionKey: ["k"], clusteringKey: [] };
 * decodeBatch(encodeBatch(0, spec, [["a", "b"]], 2), [spec]).columns; // [["a", "b"]]
 * ```
 */
export function encodeBatch(
  tableIndex: number,
  spec: TableSpec,
  columns: readonly (readonly Cell[])[],
  rows: number,
): Uint8Array<ArrayBuffer> {
  if (columns.length !== spec.columns.length || rows > MAX_BATCH_ROWS) {
    throw new BadBatch(
      `Cannot encode ${rows} rows of ${columns.length} columns for "${spec.name}"`,
    );
  }
  scratch.at = 0;
  scratch.view.setUint32(0, MAGIC, true);
  scratch.view.setUint16(4, tableIndex, true);
  scratch.view.setUint16(6, columns.length, true);
  scratch.view.setUint32(8, rows, true);
  scratch.view.setUint32(12, 0, true);
  scratch.at = HEADER_BYTES;
  for (let c = 0; c < columns.length; c++) {
    const values = columns[c]!;
    if (values.length !== rows) {
      throw new BadBatch(
        `Cannot encode column "${spec.columns[c]!.name}": ${values.length} values`,
      );
    }
    const physical = physicalOf(spec.columns[c]!.type);
    if (physical === "text") encodeText(scratch, values as TextCell[], rows);
    else if (physical === "number") encodeNumbers(scratch, values as NumberCell[], rows);
    else encodeBytes(scratch, values as BytesCell[], rows);
  }
  return scratch.take();
}

/**
 * Decodes a batch from {@link encodeBatch}. The bytes may come from anyone: every length, index and
 * number is checked, keys must not be null, and only tables that merge rows have absent values. Values of `blob` columns are views.
 *
 * @throws {BadBatch} if the bytes are not a batch for one of `tables`
 */
export function decodeBatch(bytes: Uint8Array, tables: readonly TableSpec[]): Batch {
  const { cursor, table, rows } = openBatch(bytes, tables);
  const columns = table.columns.map(({ name, type }) => {
    const presence = presenceOf(table, name);
    const physical = physicalOf(type);
    if (physical === "number") return decodeNumbers(cursor, rows, name, type, presence);
    if (physical === "bytes") return decodeBytes(cursor, rows, name, presence);
    return decodeText(cursor, rows, name, type, presence);
  });
  cursor.close();
  return { table, rows, columns };
}

/**
 * Reads the header of a batch, up to its first column.
 * @throws {BadBatch} if the header matches none of `tables`
 */
export function openBatch(
  bytes: Uint8Array,
  tables: readonly TableSpec[],
): { cursor: Cursor; table: TableSpec; rows: number } {
  if (bytes.length < HEADER_BYTES || bytes.length > MAX_BATCH_BYTES) {
    throw new BadBatch(`Cannot decode a batch: it has ${bytes.length} bytes`);
  }
  const cursor = new Cursor(bytes);
  const rows = cursor.view.getUint32(8, true);
  const table = tables[cursor.view.getUint16(4, true)];
  if (
    cursor.view.getUint32(0, true) !== MAGIC || table === undefined || rows > MAX_BATCH_ROWS ||
    cursor.view.getUint16(6, true) !== table.columns.length
  ) {
    throw new BadBatch("Cannot decode a batch: its header matches none of the tables");
  }
  return { cursor, table, rows };
}

/** Whether a column is part of its table's key, so that it must not be null. */
export function isKey(table: TableSpec, column: string): boolean {
  return table.partitionKey.includes(column) || table.clusteringKey.includes(column);
}

/** Which values of a column can be missing. */
export function presenceOf(table: TableSpec, column: string): Presence {
  if (isKey(table, column)) return "required";
  return table.onConflict === "merge" ? "optional" : "nullable";
}

/** The number of rows in a batch that was already checked. */
export function rowsOf(batch: Uint8Array): number {
  return new DataView(batch.buffer, batch.byteOffset, batch.byteLength).getUint32(8, true);
}
