import {
  ABSENT_LENGTH,
  ABSENT_NUMBER,
  NULL_LENGTH,
  padded,
  type Scratch,
  SECTION_BYTES,
} from "./batch_bytes.ts";

const ENCODE_INTO_UNITS = 1 << 20;
const encoder = new TextEncoder();

/** What a column contains; undefined stands for an absent value. */
export type TextCell = string | null | undefined;
export type NumberCell = number | null | undefined;
export type BytesCell = Uint8Array | null | undefined;

/** Writes a column of text. A lone surrogate becomes U+FFFD. */
export function encodeText(out: Scratch, given: readonly TextCell[], rows: number): void {
  let values = given;
  const start = out.at;
  out.reserve(SECTION_BYTES + padded(rows * 4));
  out.at += SECTION_BYTES;
  const lengths = out.lengths(rows);
  let units = 0;
  for (let r = 0; r < rows; r++) {
    const value = values[r];
    if (value === null || value === undefined) {
      lengths[r] = value === null ? NULL_LENGTH : ABSENT_LENGTH;
      continue;
    }
    const length = value.length;
    lengths[r] = length;
    units += length;
    if (length > 0 && (value.charCodeAt(length - 1) & 0xfc00) === 0xd800) {
      // Joined with a value that starts with the second half, both would become one character.
      if (values === given) values = given.slice();
      (values as TextCell[])[r] = value.slice(0, -1) + "\ufffd";
    }
  }
  out.at += rows * 4;
  out.pad();
  // Array.join treats null and undefined as "".
  const written = writeUtf8(out, values.join(""), units);
  endSection(out, start, written);
}

function writeUtf8(out: Scratch, text: string, units: number): number {
  if (units > ENCODE_INTO_UNITS) {
    // Reserving three bytes a unit would be too much for a huge value.
    const bytes = encoder.encode(text);
    out.reserve(padded(bytes.length));
    out.bytes.set(bytes, out.at);
    out.at += bytes.length;
    return bytes.length;
  }
  out.reserve(padded(units * 3));
  const { written } = encoder.encodeInto(text, out.bytes.subarray(out.at));
  out.at += written;
  return written;
}

/** Writes a column of numbers. */
export function encodeNumbers(
  out: Scratch,
  values: readonly NumberCell[],
  rows: number,
): void {
  const start = out.at;
  out.reserve(SECTION_BYTES + rows * 8 + padded(Math.ceil(rows / 8)));
  out.at += SECTION_BYTES;
  const numbers = out.numbers(rows);
  let nulls = 0;
  for (let r = 0; r < rows; r++) {
    const value = values[r];
    if (value === null || value === undefined) nulls++;
    else numbers[r] = value;
  }
  out.at += rows * 8;
  if (nulls > 0) {
    const bits = out.bytes.subarray(out.at, out.at + Math.ceil(rows / 8)).fill(0);
    for (let r = 0; r < rows; r++) {
      const value = values[r];
      if (value !== null && value !== undefined) continue;
      numbers[r] = value === null ? 0 : ABSENT_NUMBER;
      bits[r >> 3]! |= 1 << (r & 7);
    }
    out.at += bits.length;
  }
  endSection(out, start, nulls);
}

/** Writes a column of byte strings. */
export function encodeBytes(
  out: Scratch,
  values: readonly BytesCell[],
  rows: number,
): void {
  const start = out.at;
  out.reserve(SECTION_BYTES + padded(rows * 4));
  out.at += SECTION_BYTES;
  const lengths = out.lengths(rows);
  let total = 0;
  for (let r = 0; r < rows; r++) {
    const value = values[r];
    if (value === null || value === undefined) {
      lengths[r] = value === null ? NULL_LENGTH : ABSENT_LENGTH;
      continue;
    }
    lengths[r] = value.length;
    total += value.length;
  }
  out.at += rows * 4;
  out.pad();
  out.reserve(padded(total));
  for (const value of values) {
    if (value === null || value === undefined) continue;
    out.bytes.set(value, out.at);
    out.at += value.length;
  }
  endSection(out, start, total);
}

function endSection(out: Scratch, start: number, count: number): void {
  out.view.setUint32(start, count, true);
  out.view.setUint32(start + 4, 0, true);
  out.pad();
}
