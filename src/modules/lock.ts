import { join } from "node:path";
import { ensureFolder } from "../data/durable.ts";

/**
 * Runs `work` while no other process or task changes the folder. The kernel's lock (flock) is
 * released when its holder ends, even after a crash.
 */
export async function withModuleLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  await ensureFolder(folder);
  using file = await Deno.open(join(folder, ".lock"), { write: true, create: true, mode: 0o600 });
  await file.lock(true);
  return await work();
}
