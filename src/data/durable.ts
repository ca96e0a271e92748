import { basename, dirname, join } from "node:path";
import { randomUUID } from "node:crypto";

/** Ends the names of files that were being written when a process died; nobody reads them. */
export const TEMPORARY_SUFFIX = ".tmp";

/**
 * Writes a small file so that a reader, also after a crash, finds either all of it or what was
 * there before. Readable for its owner alone.
 *
 * @example
 * ```ts ignore
 * import { writeDurably } from "./durable.ts";
 * await writeDurably("/var/lib/mysimbdp/uploads/01j.json", JSON.stringify({ length: 5 }));
 * ```
 */
export async function writeDurably(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${randomUUID()}${TEMPORARY_SUFFIX}`);
  try {
    using file = await Deno.open(temporary, { write: true, createNew: true, mode: 0o600 });
    await writeAll(file, new TextEncoder().encode(text));
    await file.sync();
    await Deno.rename(temporary, path);
  } catch (error) {
    await removeIfThere(temporary);
    throw error;
  }
  await fsyncFolder(folder);
}

/** Writes all the bytes, in as many calls as the system asks for. */
export async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

/** Makes what was renamed, linked or removed in a folder survive a power cut. */
export async function fsyncFolder(folder: string): Promise<void> {
  using handle = await Deno.open(folder, { read: true });
  await handle.sync();
}

/** Makes a folder that survives a power cut, unless it is there. */
export async function ensureFolder(folder: string): Promise<void> {
  if (await statIfThere(folder)) return;
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  await fsyncFolder(dirname(folder));
}

/** Makes a file's bytes survive a power cut. */
export async function fsyncFile(path: string): Promise<void> {
  using handle = await Deno.open(path, { read: true });
  await handle.sync();
}

/** The entries of a folder; none when the folder is missing. */
export async function listFolder(folder: string): Promise<Deno.DirEntry[]> {
  return await orNull(Array.fromAsync(Deno.readDir(folder))) ?? [];
}

/** Removes a file. @returns false when it did not exist */
export async function removeIfThere(path: string): Promise<boolean> {
  return (await orNull(Deno.remove(path).then(() => true))) ?? false;
}

/** What is at a path, not following a symbolic link; null where there is nothing. */
export function statIfThere(path: string): Promise<Deno.FileInfo | null> {
  return orNull(Deno.lstat(path));
}

/** A promise's value, or null where it failed because a file is not there. */
export async function orNull<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
