import { dirname, join } from "node:path";
import { randomBytes } from "node:crypto";
import { fsyncFolder, writeAll } from "../data/durable.ts";

const PRIVATE = 0o600;

/**
 * Runs `work` while holding a lock that excludes other processes and tasks. It is a lock of the
 * kernel (flock), released even when the process is killed.
 *
 * @param lockPath created when missing, and never removed
 * @param folder the lock file gets its owner, so that root's commands do not lock out the service
 */
export async function withLock<T>(
  lockPath: string,
  folder: string,
  work: () => Promise<T>,
): Promise<T> {
  using file = await Deno.open(lockPath, { write: true, create: true, mode: PRIVATE });
  await giveTo(lockPath, await Deno.stat(folder));
  await file.lock(true);
  return await work();
}

/**
 * Replaces a file atomically: readers see the old text or the new one, even after a power cut. Mode
 * 600; the owner stays the same.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  const owner = await Deno.stat(path).catch(() => Deno.stat(folder));
  const temporary = join(folder, `.users.${randomBytes(8).toString("hex")}.tmp`);
  try {
    using file = await Deno.open(temporary, { write: true, createNew: true, mode: PRIVATE });
    await writeAll(file, new TextEncoder().encode(text));
    await file.sync();
    await giveTo(temporary, owner);
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
  await fsyncFolder(folder);
}

/** Root gives the file to the owner; other users already own the files they create. */
async function giveTo(path: string, owner: Deno.FileInfo): Promise<void> {
  if (Deno.uid() === 0 && owner.uid !== null && owner.uid !== 0) {
    await Deno.chown(path, owner.uid, owner.gid);
  }
}
