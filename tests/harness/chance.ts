import { createHash } from "node:crypto";

/** How often a test repeats what it kills or draws at random: `FAULT_ROUNDS`, or the fallback. */
export function rounds(fallback: number): number {
  return Number(Deno.env.get("FAULT_ROUNDS") ?? fallback);
}

/** A number from `least` to below `most`. */
export function between(least: number, most: number): number {
  return least + Math.random() * (most - least);
}

/** Random bytes: a piece in the wrong place is noticed. */
export function noise(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  // The limit of one call is 65,536 bytes.
  for (let at = 0; at < length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  return bytes;
}

/** Lower-case hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
