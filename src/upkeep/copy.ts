import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { writeAll } from "../data/durable.ts";

const PART = 1024 * 1024;

/**
 * Copies a file durably, readable only by its owner.
 *
 * @returns the size and SHA-256 of the copy
 */
export async function copyDurably(
  from: string,
  to: string,
): Promise<{ size: number; sha256: string }> {
  await Deno.mkdir(dirname(to), { recursive: true, mode: 0o700 });
  using source = await Deno.open(from);
  using target = await Deno.open(to, { write: true, createNew: true, mode: 0o600 });
  const hash = createHash("sha256");
  const buffer = new Uint8Array(PART);
  let size = 0;
  for (let read; (read = await source.read(buffer)) !== null;) {
    const part = buffer.subarray(0, read);
    hash.update(part);
    await writeAll(target, part);
    size += read;
  }
  await target.sync();
  return { size, sha256: hash.digest("hex") };
}
