/**
 * Reads a batch without creating JavaScript values, for engines that send bytes: the text in a batch
 * already consists of bytes.
 *
 * @module
 */
import { openBatch, presenceOf } from "./batch.ts";
import { ABSENT_LENGTH, bad, type Cursor } from "./batch_bytes.ts";
import { physicalOf, type TableSpec } from "./column.ts";
import { decodeNumbers, missing, type Presence } from "./decode_columns.ts";
import type { NumberCell } from "./encode_columns.ts";

/** In {@link BytesView.nulls}. */
export const NULL = 1;
export const ABSENT = 2;

/** A column of text or bytes; the value of row `r` is from `starts[r]` to `starts[r + 1]`. */
interface BytesView {
  physical: "text" | "bytes";
  bytes: Uint8Array;
  starts: Uint32Array;
  /** {@link NULL} or {@link ABSENT} for rows without a value; null if all rows have one. */
  nulls: Uint8Array | null;
}

/** A column of numbers. */
interface NumbersView {
  physical: "number";
  values: readonly NumberCell[];
}

export type ColumnView = BytesView | NumbersView;

/** The result of {@link viewBatch}; the views share the bytes of the batch. */
export interface BatchView {
  table: TableSpec;
  rows: number;
  columns: ColumnView[];
}

const strictDecoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/**
 * Views an encoded batch. It checks shape, lengths, UTF-8 and nulls in keys like `decodeBatch`; it
 * does not check whether text is, for example, a date.
 *
 * @throws {BadBatch} if the bytes are not a batch for one of `tables`
 */
export function viewBatch(bytes: Uint8Array, tables: readonly TableSpec[]): BatchView {
  const { cursor, table, rows } = openBatch(bytes, tables);
  const columns = table.columns.map(({ name, type }): ColumnView => {
    const presence = presenceOf(table, name);
    const physical = physicalOf(type);
    if (physical !== "number") return viewBytes(cursor, rows, name, physical, presence);
    return { physical, values: decodeNumbers(cursor, rows, name, type, presence) };
  });
  cursor.close();
  return { table, rows, columns };
}

function viewBytes(
  cursor: Cursor,
  rows: number,
  name: string,
  physical: "text" | "bytes",
  presence: Presence,
): BytesView {
  const { lengths, bytes } = cursor.payload(rows, name);
  const nulls = nullsOf(lengths, name, presence);
  // In ASCII a code unit is a byte, so lengths are in bytes.
  const isPlain = physical === "bytes" || isAscii(bytes);
  const starts = isPlain ? sums(lengths, bytes.length, name) : textStarts(bytes, lengths, name);
  return { physical, bytes, starts, nulls };
}

function nullsOf(lengths: Uint32Array, name: string, presence: Presence): Uint8Array | null {
  let nulls: Uint8Array | null = null;
  for (let r = 0; r < lengths.length; r++) {
    const length = lengths[r]!;
    if (length < ABSENT_LENGTH) continue;
    nulls ??= new Uint8Array(lengths.length);
    nulls[r] = missing(length, name, presence) === null ? NULL : ABSENT;
  }
  return nulls;
}

function isAscii(bytes: Uint8Array): boolean {
  let high = 0;
  for (let i = 0; i < bytes.length; i++) high |= bytes[i]!;
  return high < 0x80;
}

function sums(lengths: Uint32Array, size: number, name: string): Uint32Array {
  const starts = new Uint32Array(lengths.length + 1);
  let at = 0;
  for (let r = 0; r < lengths.length; r++) {
    const length = lengths[r]!;
    if (length < ABSENT_LENGTH) at += length;
    if (at > size) throw bad(name, "its lengths do not fit its payload");
    starts[r + 1] = at;
  }
  if (at !== size) throw bad(name, "its lengths do not fit its payload");
  return starts;
}

/** Where values start in text that is not ASCII, where lengths are in UTF-16 code units. */
export function textStarts(bytes: Uint8Array, lengths: Uint32Array, name: string): Uint32Array {
  try {
    strictDecoder.decode(bytes as Uint8Array<ArrayBuffer>);
  } catch {
    throw bad(name, "its text is not UTF-8");
  }
  const starts = new Uint32Array(lengths.length + 1);
  let at = 0;
  for (let r = 0; r < lengths.length; r++) {
    let units = lengths[r]! < ABSENT_LENGTH ? lengths[r]! : 0;
    while (units > 0) {
      if (at >= bytes.length) throw bad(name, "its lengths do not fit its text");
      const first = bytes[at]!;
      const size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
      units -= size === 4 ? 2 : 1;
      at += size;
    }
    if (units < 0) throw bad(name, "a length ends within a character");
    starts[r + 1] = at;
  }
  if (at !== bytes.length) throw bad(name, "its lengths do not fit its text");
  return starts;
}
