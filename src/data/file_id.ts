import { randomFillSync } from "node:crypto";

// Crockford's base 32, without i, l, o and u.
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const FILE_ID = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;
const RANDOM_BITS = 80n;

interface FileIdOptions {
  /** Milliseconds since the epoch. @default Date.now */
  now?: () => number;
  /** Returns ten random bytes. @default the system's generator */
  random?: () => Uint8Array;
}

/** Whether a text has the form of a file id: a lower-case ULID of 26 characters. */
export function isFileId(text: string): boolean {
  return FILE_ID.test(text);
}

/** When a file with this id arrived, in milliseconds since the epoch. */
export function timeOfId(id: string): number {
  return [...id.slice(0, 10)].reduce((sum, digit) => sum * 32 + ALPHABET.indexOf(digit), 0);
}

/**
 * Returns a generator of file ids: lower-case ULIDs that always increase, even within one
 * millisecond and after the clock is set back.
 *
 * @example
 * ```ts
 * import { createFileIds } from "./file_id.ts";
 * const nextId = createFileIds();
 * nextId() < nextId(); // true
 * ```
 */
export function createFileIds(options: FileIdOptions = {}): () => string {
  const now = options.now ?? Date.now;
  const random = options.random ?? (() => randomFillSync(new Uint8Array(10)));
  let last = 0n;
  return () => {
    const fresh = fileIdNumber(now(), random());
    // Within one millisecond, the last id plus one keeps the order and stays unique.
    last = fresh >> RANDOM_BITS > last >> RANDOM_BITS ? fresh : last + 1n;
    return fileIdText(last);
  };
}

/** The id for a time (milliseconds since the epoch) and ten bytes. */
export function fileIdOf(time: number, bytes: Uint8Array): string {
  return fileIdText(fileIdNumber(time, bytes));
}

function fileIdNumber(time: number, bytes: Uint8Array): bigint {
  let value = BigInt(Math.max(0, Math.floor(time)));
  for (const byte of bytes.subarray(0, 10)) value = (value << 8n) | BigInt(byte);
  return value;
}

function fileIdText(value: bigint): string {
  let text = "";
  for (let shift = 125n; shift >= 0n; shift -= 5n) {
    text += ALPHABET[Number((value >> shift) & 31n)];
  }
  return text;
}
