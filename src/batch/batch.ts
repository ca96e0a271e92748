import { BadBatch, Cursor, HEADER_BYTES, MAX_BATCH_BYTES, Scratch } from "./batch_bytes.ts";
import { physicalOf, type TableSpec, type Value } from "./column.ts";
import { decodeBytes, decodeNumbers, decodeText } from "./decode_columns.ts";
import { encodeBytes, encodeNumbers, encodeText } from "./encode_columns.ts";

/*
 * The layout, little-endian, every section padded to 8 bytes so that typed arrays can lie on it:
 *
 *   u32 magic | u16 table | u16 columns | u32 rows | u32 zero
 *   text, bytes   u32 payload bytes | u32 zero | u32 lengths[rows] | payload
 *   number        u32 null count | u32 zero | f64 values[rows] | null bits, if there is a null
 *
 * Lengths of text are UTF-16 code units, so that a column is decoded once and then cut.
 */
const MAGIC = 0x3142_524d;

/** The most rows that one batch may have. */
export const MAX_BATCH_ROWS = 65_536;

/** A decoded batch; `columns[c][r]` is the value of column `c` in row `r`. */
interface Batch {
  table: TableSpec;
  rows: number;
  columns: Value[][];
}

const scratch = new Scratch();

/**
 * Encodes rows of one table, column by column. Values must have the form that their column's
 * {@link physicalOf} says; a lone surrogate in text becomes U+FFFD.
 *
 * @param tableIndex the table's place in the list that the decoder will have
 * @param columns one array a column of `spec`, each with `rows` values
 * @throws {BadBatch} when the shape is wrong or the batch too large
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
  columns: readonly (readonly Value[])[],
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
    if (physical === "text") encodeText(scratch, values as (string | null)[], rows);
    else if (physical === "number") encodeNumbers(scratch, values as (number | null)[], rows);
    else encodeBytes(scratch, values as (Uint8Array | null)[], rows);
  }
  return scratch.take();
}

/**
 * Decodes what {@link encodeBatch} made. The bytes may come from anyone: every length, index and
 * number is checked, also that no value of a key is null. Values of `blob` columns are views.
 *
 * @throws {BadBatch} when the bytes are anything but a batch for one of `tables`
 */
export function decodeBatch(bytes: Uint8Array, tables: readonly TableSpec[]): Batch {
  const { cursor, table, rows } = openBatch(bytes, tables);
  const columns = table.columns.map(({ name, type }) => {
    const required = isKey(table, name);
    const physical = physicalOf(type);
    if (physical === "number") return decodeNumbers(cursor, rows, name, type, required);
    if (physical === "bytes") return decodeBytes(cursor, rows, name, required);
    return decodeText(cursor, rows, name, type, required);
  });
  cursor.close();
  return { table, rows, columns };
}

/**
 * Reads the header of a batch; the cursor stands before its first column.
 * @throws {BadBatch} when the header fits none of `tables`
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
    throw new BadBatch("Cannot decode a batch: its header fits none of the tables");
  }
  return { cursor, table, rows };
}

/** Whether a column is part of its table's key, so that it may not be null. */
export function isKey(table: TableSpec, column: string): boolean {
  return table.partitionKey.includes(column) || table.clusteringKey.includes(column);
}

/** How many rows a batch says that it has; of bytes that were decoded before. */
export function rowsOf(batch: Uint8Array): number {
  return new DataView(batch.buffer, batch.byteOffset, batch.byteLength).getUint32(8, true);
}
