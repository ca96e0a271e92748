/**
 * Converts the digits of large numbers to CQL's bytes.
 *
 * @module
 */
import { type CqlBytes, textOf, wrong } from "./cql_bytes.ts";

const MINUS = 0x2d;
const ZERO = 0x30;
/** An integer with up to this many digits is exact in a JavaScript number. */
const SAFE_DIGITS = 15;
/** More would exceed the `CELL_ROOM` of a value. */
const MAX_ZEROS = 38;
const MIN_LONG = -(2n ** 63n);
const MAX_LONG = 2n ** 63n - 1n;
const DECIMAL = /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,10}))?$/;

/** The value of up to {@link SAFE_DIGITS} digits with an optional minus; null for other text. */
function safeInteger(bytes: Uint8Array, start: number, end: number): number | null {
  const isNegative = bytes[start] === MINUS;
  let at = isNegative ? start + 1 : start;
  if (at === end || end - at > SAFE_DIGITS) return null;
  let value = 0;
  for (; at < end; at++) {
    const digit = bytes[at]! - ZERO;
    if (!(digit >= 0 && digit <= 9)) return null;
    value = value * 10 + digit;
  }
  return isNegative ? 0 - value : value;
}

function integerOf(text: string, what: string): bigint {
  return /^-?\d+$/.test(text) ? BigInt(text) : wrong(what);
}

export function writeBigint(bytes: Uint8Array, start: number, end: number, out: CqlBytes): void {
  const safe = safeInteger(bytes, start, end);
  if (safe !== null) return out.safeLong(safe);
  const value = integerOf(textOf(bytes, start, end), "a 64-bit integer");
  if (value < MIN_LONG || value > MAX_LONG) wrong("a 64-bit integer");
  out.long(value);
}

export function writeVarint(bytes: Uint8Array, start: number, end: number, out: CqlBytes): void {
  const safe = safeInteger(bytes, start, end);
  if (safe !== null) return writeSafe(safe, out);
  writeBig(integerOf(textOf(bytes, start, end), "an integer"), out);
}

/** Writes a decimal number, with or without a point and an exponent, as a scale and an integer. */
export function writeDecimal(bytes: Uint8Array, start: number, end: number, out: CqlBytes): void {
  const found = DECIMAL.exec(textOf(bytes, start, end));
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = found ?? [];
  const digits = whole + fraction;
  if (found === null || digits === "") wrong("a decimal number");
  const scale = fraction.length - Number(exponent);
  if (scale !== (scale | 0)) wrong("a decimal number whose scale has 32 bits");
  // Clients show zeros better than a small negative scale.
  const zeros = scale < 0 && scale >= -MAX_ZEROS ? -scale : 0;
  out.int(scale + zeros);
  writeBig(BigInt(sign + digits + "0".repeat(zeros)), out);
}

/** Writes two's complement in as few bytes as possible. */
function writeSafe(value: number, out: CqlBytes): void {
  let size = 1;
  for (let limit = 128; value < -limit || value >= limit; limit *= 256) size++;
  let rest = value;
  for (let at = out.at + size - 1; at >= out.at; at--) {
    const low = ((rest % 256) + 256) % 256;
    out.bytes[at] = low;
    rest = (rest - low) / 256;
  }
  out.at += size;
}

function writeBig(value: bigint, out: CqlBytes): void {
  const magnitude = value < 0n ? ~value : value;
  const hex = magnitude.toString(16);
  // One more bit for the sign.
  const size = Math.floor((hex.length * 4 - leadingZeros(hex)) / 8) + 1;
  const whole = BigInt.asUintN(size * 8, value).toString(16).padStart(size * 2, "0");
  for (let i = 0; i < size; i++) out.byte(parseInt(whole.slice(2 * i, 2 * i + 2), 16));
}

function leadingZeros(hex: string): number {
  return Math.clz32(parseInt(hex[0]!, 16)) - 28;
}
