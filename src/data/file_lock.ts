import { keepOwner } from "../base/owner.ts";

/**
 * Runs `work` while no other process or task holds the lock. It is a lock of the kernel (flock),
 * released when its holder ends, even after a crash.
 *
 * @param path the lock's file; created when missing, and never removed
 */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  using file = await Deno.open(path, { write: true, create: true, mode: 0o600 });
  keepOwner(path);
  await file.lock(true);
  return await work();
}
