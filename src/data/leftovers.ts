import { join } from "node:path";
import { listFolder, removeIfThere, statIfThere, TEMPORARY_SUFFIX } from "./durable.ts";
import { isTenantName } from "../base/tenant_name.ts";
import type { Layout, Shelf } from "./layout.ts";

/** What is this young may be the work of another process that is under way. */
const ABANDONED_MS = 60 * 60 * 1000;

/** True for the name of a file that was being written; nobody reads such a one. */
export function isTemporary(name: string): boolean {
  return name.startsWith(".") && name.endsWith(TEMPORARY_SUFFIX);
}

/** Removes a file unless it is so young that somebody may be at work on it. */
export async function removeIfOld(path: string, now: number): Promise<boolean> {
  const stat = await statIfThere(path);
  if (!stat || now - (stat.mtime?.getTime() ?? 0) <= ABANDONED_MS) return false;
  return await removeIfThere(path);
}

/**
 * Removes what processes left half-written on a shelf when they were killed.
 *
 * @param now milliseconds since the epoch
 * @returns how many files were removed
 */
export async function sweepShelf(layout: Layout, shelf: Shelf, now: number): Promise<number> {
  let removed = 0;
  for (const { name: tenant } of await listFolder(layout.shelf(shelf))) {
    if (!isTenantName(tenant)) continue;
    const folder = layout.tenantShelf(shelf, tenant);
    for (const { name, isFile } of await listFolder(folder)) {
      if (isFile && isTemporary(name) && await removeIfOld(join(folder, name), now)) removed++;
    }
  }
  return removed;
}
