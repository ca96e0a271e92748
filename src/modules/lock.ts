import { join } from "node:path";
import { ensureFolder } from "../data/durable.ts";
import { withFileLock } from "../data/file_lock.ts";

/** Runs `work` while no other process or task changes the folder. */
export async function withModuleLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  await ensureFolder(folder);
  return await withFileLock(join(folder, ".lock"), work);
}
