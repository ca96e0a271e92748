import { join } from "node:path";
import { listReadable, removeIfThere, statIfThere, TEMPORARY_SUFFIX } from "./durable.ts";
import { type FileFolder, type Layout, tenantsIn } from "./layout.ts";

/** Another process may still be writing a file that is younger than this. */
const ABANDONED_MS = 60 * 60 * 1000;

/** Whether this is the name of a file that was being written; such files are never read. */
export function isTemporary(name: string): boolean {
  return name.startsWith(".") && name.endsWith(TEMPORARY_SUFFIX);
}

/** Removes a file that has not changed for an hour. @returns whether it was removed */
export async function removeIfOld(path: string, now: number): Promise<boolean> {
  const stat = await statIfThere(path);
  if (!stat || now - (stat.mtime?.getTime() ?? 0) <= ABANDONED_MS) return false;
  return await removeIfThere(path);
}

/**
 * Removes files that processes left half-written when they were killed.
 *
 * @param now milliseconds since the epoch
 * @returns how many files were removed
 */
export async function sweepFolder(
  layout: Layout,
  folder: FileFolder,
  now: number,
): Promise<number> {
  let removed = 0;
  for (const tenant of await tenantsIn(layout, folder)) {
    removed += await sweep(layout.tenantFolder(folder, tenant), now);
  }
  return removed;
}

/** The same for one folder, without those in it. */
export async function sweep(path: string, now: number): Promise<number> {
  let removed = 0;
  for (const { name, isFile } of await listReadable(path)) {
    if (isFile && isTemporary(name) && await removeIfOld(join(path, name), now)) removed++;
  }
  return removed;
}
