import { dirname, join } from "node:path";
import { randomBytes } from "node:crypto";

const PRIVATE = 0o600;

/**
 * Runs `work` while no other process or task holds the same lock. The lock is the kernel's
 * (flock): it ends with its holder, however that ends.
 *
 * @param lockPath a file that is made when missing, and stays
 * @param folder whose owner the lock file gets, so that root does not lock a service out
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
 * Puts a whole new file in the place of another: readers see the old text or the new, also after
 * a power cut. Mode 600; the owner stays who it was.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  const owner = await Deno.stat(path).catch(() => Deno.stat(folder));
  const temporary = join(folder, `.users.${randomBytes(8).toString("hex")}.tmp`);
  try {
    await writeDurably(temporary, text);
    await giveTo(temporary, owner);
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
  using handle = await Deno.open(folder);
  await handle.sync();
}

async function writeDurably(path: string, text: string): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true, mode: PRIVATE });
  const bytes = new TextEncoder().encode(text);
  for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
  await file.sync();
}

/** Root hands its file over; anyone else owns what it makes already, or may not hand it over. */
async function giveTo(path: string, owner: Deno.FileInfo): Promise<void> {
  if (Deno.uid() === 0 && owner.uid !== null && owner.uid !== 0) {
    await Deno.chown(path, owner.uid, owner.gid);
  }
}
