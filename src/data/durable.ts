import { basename, dirname, join } from "node:path";
import { randomUUID } from "node:crypto";
import { signatureOf } from "../base/file_signature.ts";
import { keepOwner, makeFolders } from "../base/owner.ts";

/** The suffix of files that are being written. Killed processes leave some behind; they are never read. */
export const TEMPORARY_SUFFIX = ".tmp";

/**
 * Writes a small file atomically: after a crash a reader finds the new content or the old one. Only
 * its owner can read it, see {@link keepOwner}.
 *
 * @example
 * ```ts ignore
 * import { writeDurably } from "./durable.ts";
 * await writeDurably("/var/lib/mysimbdp/uploads/01j.json", JSON.stringify({ length: 5 }));
 * ```
 */
export async function writeDurably(path: string, text: string): Promise<void> {
  await replaceFile(path, text, true);
  await fsyncFolder(dirname(path));
}

/** The same, but faster: a power cut can undo it or leave the file empty. */
export async function writeAtomically(path: string, text: string): Promise<void> {
  await replaceFile(path, text, false);
}

async function replaceFile(path: string, text: string, isSynced: boolean): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}${TEMPORARY_SUFFIX}`);
  try {
    using file = await Deno.open(temporary, { write: true, createNew: true, mode: 0o600 });
    keepOwner(temporary);
    await writeAll(file, new TextEncoder().encode(text));
    if (isSynced) await file.sync();
    await Deno.rename(temporary, path);
  } catch (error) {
    await removeIfThere(temporary);
    throw error;
  }
}

/** Writes all bytes; a single call of the system may write only some of them. */
export async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

/** Makes renames, links and removals in a folder survive a power cut. */
export async function fsyncFolder(folder: string): Promise<void> {
  using handle = await Deno.open(folder, { read: true });
  await handle.sync();
}

/** Creates a folder that survives a power cut, unless it exists. */
export async function ensureFolder(folder: string): Promise<void> {
  if (await statIfThere(folder)) return;
  makeFolders(folder);
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

/** The same; none when the folder cannot be read either. For callers that others report to. */
export async function listReadable(folder: string): Promise<Deno.DirEntry[]> {
  try {
    return await listFolder(folder);
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) return [];
    throw error;
  }
}

/** The JSON in a file; null when the file is missing or not JSON. */
export async function readJson(path: string): Promise<unknown> {
  const text = await orNull(Deno.readTextFile(path));
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

/** Removes a file. @returns false when it did not exist */
export async function removeIfThere(path: string): Promise<boolean> {
  return (await orNull(Deno.remove(path).then(() => true))) ?? false;
}

/** Information about a path, without following symbolic links; null when it does not exist. */
export function statIfThere(path: string): Promise<Deno.FileInfo | null> {
  return orNull(Deno.lstat(path));
}

/** The signature of a file, see {@link signatureOf}; "" when it does not exist. */
export async function signatureIfThere(path: string): Promise<string> {
  const stat = await statIfThere(path);
  return stat === null ? "" : signatureOf(stat);
}

/** A promise's value; null when it fails because a file does not exist. */
export async function orNull<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
