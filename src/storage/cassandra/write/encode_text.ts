/**
 * Converts the text of identifiers and addresses to CQL's bytes.
 *
 * @module
 */
import { type CqlBytes, textOf, wrong } from "./cql_bytes.ts";

const DASH = 0x2d;
const NO_DIGIT = 0xff;
const HEX = new Uint8Array(256).fill(NO_DIGIT);
for (let i = 0; i < 16; i++) HEX[i.toString(16).charCodeAt(0)] = i;
/** The positions of the two digits of each of a uuid's 16 bytes. */
const UUID_AT = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/** Writes text and blobs, which are unchanged. */
export function writeBytes(bytes: Uint8Array, start: number, end: number, out: CqlBytes): void {
  out.copy(bytes, start, end);
}

/** Checks that text is ASCII, otherwise the server would refuse the whole request. */
export function writeAscii(bytes: Uint8Array, start: number, end: number, out: CqlBytes): void {
  for (let i = start; i < end; i++) if (bytes[i]! > 0x7f) wrong("ASCII text");
  out.copy(bytes, start, end);
}

export function writeUuid(bytes: Uint8Array, start: number, end: number, out: CqlBytes): void {
  const to = out.bytes;
  let seen = 0;
  for (let i = 0; i < 16; i++) {
    const at = start + UUID_AT[i]!;
    const high = HEX[bytes[at]!]!;
    const low = HEX[bytes[at + 1]!]!;
    seen |= high | low;
    to[out.at + i] = high << 4 | low;
  }
  const dashes = bytes[start + 8] === DASH && bytes[start + 13] === DASH &&
    bytes[start + 18] === DASH && bytes[start + 23] === DASH;
  if (end - start !== 36 || seen > 15 || !dashes) wrong("a uuid");
  out.at += 16;
}

export function writeTimeuuid(bytes: Uint8Array, start: number, end: number, out: CqlBytes): void {
  writeUuid(bytes, start, end, out);
  if (out.bytes[out.at - 10]! >> 4 !== 1) wrong("a version 1 uuid");
}

/** Writes 4 bytes for IPv4 or 16 for IPv6. */
export function writeInet(bytes: Uint8Array, start: number, end: number, out: CqlBytes): void {
  const text = textOf(bytes, start, end);
  const address = text.includes(":") ? ipv6(text) : ipv4(text);
  if (address === null) return wrong("an IP address");
  for (const byte of address) out.byte(byte);
}

function ipv4(text: string): number[] | null {
  const parts = text.split(".");
  const isAddress = parts.length === 4 &&
    parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
  return isAddress ? parts.map(Number) : null;
}

function ipv6(text: string): number[] | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [front, back] = halves.map((half) => half === "" ? [] : groupBytes(half));
  if (front === undefined || front === null || back === null) return null;
  if (back === undefined) return front.length === 16 ? front : null;
  const gap = 16 - front.length - back.length;
  return gap < 2 ? null : [...front, ...new Array<number>(gap).fill(0), ...back];
}

/** The bytes of groups between colons; the last group can be an IPv4 address. */
function groupBytes(half: string): number[] | null {
  const groups = half.split(":");
  const bytes: number[] = [];
  for (const [i, group] of groups.entries()) {
    const embedded = i === groups.length - 1 && group.includes(".") ? ipv4(group) : null;
    if (embedded !== null) bytes.push(...embedded);
    else if (!/^[0-9a-f]{1,4}$/i.test(group)) return null;
    else bytes.push(parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff);
  }
  return bytes;
}
