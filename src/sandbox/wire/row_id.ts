/** The digits of a row id that are the line of its record, in hex, at its end. */
export const LINE_DIGITS = 12;

/**
 * The ids of a file's records: UUIDs of version 8 (RFC 9562) built from the first 74 bits of the
 * file's SHA-256 and the record's line in 48 bits. The same file gives the same ids, in ascending
 * order.
 *
 * @param sha256 lower-case hex of the whole file
 * @example
 * ```ts
 * import { rowIds } from "./row_id.ts";
 * rowIds("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")(2);
 * // "ba7816bf-8f01-8cfe-a414-000000000002"
 * ```
 */
export function rowIds(sha256: string): (line: number) => string {
  const variant = (8 + (parseInt(sha256.slice(15, 16), 16) & 3)).toString(16);
  const prefix = `${sha256.slice(0, 8)}-${sha256.slice(8, 12)}-8${sha256.slice(12, 15)}-${variant}${
    sha256.slice(16, 19)
  }-`;
  return (line) => prefix + line.toString(16).padStart(LINE_DIGITS, "0");
}
