/** Decodes a big-endian two's complement integer. */
export function bigIntOf(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = value << 8n | BigInt(byte);
  return BigInt.asIntN(bytes.length * 8, value);
}

/**
 * Writes an integer with a decimal point `scale` digits from its end.
 *
 * @example
 * ```ts
 * import { withPoint } from "./decimal.ts";
 * withPoint(-5n, 2); // "-0.05"
 * ```
 */
export function withPoint(value: bigint, scale: number): string {
  if (scale <= 0) return String(value * 10n ** BigInt(-scale));
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, "0");
  return `${value < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
