import { join } from "node:path";
import { ensureFolder } from "../data/durable.ts";

/**
 * Runs `work` while no other process or task changes what lies in a tenant's folder of modules. The
 * lock is the kernel's (flock): it ends with its holder, however that ends.
 */
export async function withModuleLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  await ensureFolder(folder);
  using file = await Deno.open(join(folder, ".lock"), { write: true, create: true, mode: 0o600 });
  await file.lock(true);
  return await work();
}
