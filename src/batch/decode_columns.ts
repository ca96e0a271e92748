import { ABSENT_LENGTH, ABSENT_NUMBER, bad, type Cursor, NULL_LENGTH } from "./batch_bytes.ts";
import { type ColumnType, INTEGER_LIMITS } from "./column.ts";
import type { BytesCell, NumberCell, TextCell } from "./encode_columns.ts";

/** Whether values of a column can be null, or also absent. */
export type Presence = "required" | "nullable" | "optional";

// Not fatal, which is five times faster: invalid bytes are detected by their replacement.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const strictDecoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

const BIGINT_TEXT = /^(?:0|-?[1-9][0-9]{0,18})$/;
const BIGINT_MAX = "9223372036854775807";
const BIGINT_MIN = "-9223372036854775808";

/** Reads a column of text. */
export function decodeText(
  cursor: Cursor,
  rows: number,
  name: string,
  type: ColumnType,
  presence: Presence,
): TextCell[] {
  const { lengths, bytes } = cursor.payload(rows, name);
  const text = decodeUtf8(bytes, name);
  const ascii = text.length === bytes.length;
  const values = new Array<TextCell>(rows);
  let at = 0;
  for (let r = 0; r < rows; r++) {
    const length = lengths[r]!;
    if (length >= ABSENT_LENGTH) {
      values[r] = missing(length, name, presence);
      continue;
    }
    const end = at + length;
    if (end > text.length) throw bad(name, "its lengths do not fit its text");
    if (!ascii && (text.charCodeAt(end) & 0xfc00) === 0xdc00) {
      throw bad(name, "a length ends within a character");
    }
    values[r] = text.substring(at, end);
    at = end;
  }
  if (at !== text.length) throw bad(name, "its lengths do not fit its text");
  if (type === "bigint") checkBigints(values, name);
  return values;
}

/** The value with one of the two lengths that are no lengths. */
export function missing(length: number, name: string, presence: Presence): null | undefined {
  if (presence === "required") throw bad(name, "a key is null");
  if (length === NULL_LENGTH) return null;
  if (presence === "nullable") throw bad(name, "a value is absent");
  return undefined;
}

function decodeUtf8(bytes: Uint8Array<ArrayBuffer>, name: string): string {
  const text = decoder.decode(bytes);
  if (!text.includes("\ufffd")) return text;
  try {
    return strictDecoder.decode(bytes);
  } catch {
    throw bad(name, "its text is not UTF-8");
  }
}

function checkBigints(values: readonly TextCell[], name: string): void {
  for (const value of values) {
    if (value === null || value === undefined) continue;
    const limit = value.startsWith("-") ? BIGINT_MIN : BIGINT_MAX;
    if (!BIGINT_TEXT.test(value) || (value.length === limit.length && value > limit)) {
      throw bad(name, "a value is not a 64-bit integer");
    }
  }
}

/** Reads a column of numbers and checks the range of its type. */
export function decodeNumbers(
  cursor: Cursor,
  rows: number,
  name: string,
  type: ColumnType,
  presence: Presence,
): NumberCell[] {
  const nulls = cursor.section(name);
  const start = cursor.bytes.byteOffset + cursor.skip(rows * 8, name);
  const numbers = new Float64Array(cursor.bytes.buffer, start, rows);
  const values: NumberCell[] = Array.from(numbers);
  const limits = INTEGER_LIMITS[type];
  if (limits !== undefined) checkIntegers(numbers, limits, name);
  else if (presence === "required" && numbers.some(Number.isNaN)) {
    throw bad(name, "a key is not a number");
  }
  if (nulls === 0) return values;
  if (presence === "required") throw bad(name, "a key is null");
  const bitsAt = cursor.skip(Math.ceil(rows / 8), name);
  const bits = cursor.bytes.subarray(bitsAt, cursor.at);
  let found = 0;
  for (let r = 0; r < rows; r++) {
    if ((bits[r >> 3]! & (1 << (r & 7))) === 0) continue;
    const isAbsent = presence === "optional" && numbers[r] === ABSENT_NUMBER;
    values[r] = isAbsent ? undefined : null;
    found++;
  }
  if (found !== nulls) throw bad(name, "its nulls do not fit their count");
  return values;
}

function checkIntegers(
  numbers: Float64Array,
  [min, max]: readonly [min: number, max: number],
  name: string,
): void {
  for (const value of numbers) {
    // Math.trunc instead of Number.isInteger: the range already excludes NaN and the infinities.
    if (!(value >= min && value <= max) || Math.trunc(value) !== value) {
      throw bad(name, `a number is not an integer from ${min} to ${max}`);
    }
  }
}

/** Reads a column of byte strings; they are views. */
export function decodeBytes(
  cursor: Cursor,
  rows: number,
  name: string,
  presence: Presence,
): BytesCell[] {
  const { lengths, bytes } = cursor.payload(rows, name);
  const values = new Array<BytesCell>(rows);
  let at = 0;
  for (let r = 0; r < rows; r++) {
    const length = lengths[r]!;
    if (length >= ABSENT_LENGTH) {
      values[r] = missing(length, name, presence);
      continue;
    }
    if (at + length > bytes.length) throw bad(name, "its lengths do not fit its bytes");
    values[r] = bytes.subarray(at, at + length);
    at += length;
  }
  if (at !== bytes.length) throw bad(name, "its lengths do not fit its bytes");
  return values;
}
