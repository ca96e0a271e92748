import { createHash } from "node:crypto";

/** How many times a test kills: `FAULT_ROUNDS`, else what is named here. */
export function rounds(fallback: number): number {
  return Number(Deno.env.get("FAULT_ROUNDS") ?? fallback);
}

/** A number from `least` to below `most`. */
export function between(least: number, most: number): number {
  return least + Math.random() * (most - least);
}

/** Bytes of which no two pieces are the same, so that none can stand in for another. */
export function noise(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  // The system gives at most 65,536 bytes at once.
  for (let at = 0; at < length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  return bytes;
}

/** Lower-case hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
