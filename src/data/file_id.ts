import { randomFillSync } from "node:crypto";

// Crockford's base 32, which leaves out i, l, o and u.
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const FILE_ID = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;
const RANDOM_BITS = 80n;

/** What {@link createFileIds} takes from outside. */
interface FileIdOptions {
  /** Milliseconds since the epoch. @default Date.now */
  now?: () => number;
  /** Ten random bytes. @default from the system's generator */
  random?: () => Uint8Array;
}

/** Says whether a text has the form of a file id: a lower-case ULID of 26 characters. */
export function isFileId(text: string): boolean {
  return FILE_ID.test(text);
}

/** When a file with this id arrived, in milliseconds since the epoch. */
export function timeOfId(id: string): number {
  return [...id.slice(0, 10)].reduce((sum, digit) => sum * 32 + ALPHABET.indexOf(digit), 0);
}

/**
 * Makes a source of file ids: ULIDs in lower case, each greater than the one before, also within
 * one millisecond and when the clock is set back.
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
    // A full step up is never needed: adding one to the last id keeps the order and stays unique.
    last = fresh >> RANDOM_BITS > last >> RANDOM_BITS ? fresh : last + 1n;
    return fileIdText(last);
  };
}

/** The id that belongs to a time (milliseconds) and ten bytes; the same for the same two. */
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
