/**
 * Copies a library's result as plain data, without classes, functions or references to the library.
 * Integers that a number can represent exactly become numbers, as in JSON Lines.
 *
 * @example
 * ```ts
 * import { plain } from "./plain_data.ts";
 * plain({ a: 1n, b: [2n ** 60n] }); // { a: 1, b: [1152921504606846976n] }
 * ```
 */
export function plain(value: unknown): unknown {
  switch (typeof value) {
    case "bigint":
      return isSafe(value) ? Number(value) : value;
    case "object":
      return value === null ? null : plainObject(value);
    case "function":
    case "symbol":
      return undefined;
    default:
      return value;
  }
}

function isSafe(value: bigint): boolean {
  return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER;
}

function plainObject(value: object): unknown {
  if (value instanceof Date) return new Date(value.getTime());
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(plain);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, plain);
  // Not by assignment: a key may be "__proto__".
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}

/** A record as text, for its reject. */
export function shownRecord(record: unknown): string {
  return JSON.stringify(record, (_key, value) => {
    if (typeof value === "bigint") return String(value);
    return value instanceof Uint8Array ? `0x${value.toHex()}` : value;
  });
}
