import assert from "node:assert/strict";
import { join } from "node:path";
import { until } from "./until.ts";

export const MB = 1024 * 1024;

/** A file system of some MB in memory. */
export interface SmallDisk extends AsyncDisposable {
  path: string;
}

/** Whether a file system can be mounted here; containers may not allow it. */
export async function canMountDisk(): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  try {
    await using _disk = await smallDisk(1);
    return true;
  } catch {
    return false;
  }
}

/** Mounts a file system of the given size in MB; it is unmounted when the test ends. */
export async function smallDisk(mb: number): Promise<SmallDisk> {
  const path = await Deno.makeTempDir({ prefix: "mysimbdp-disk-" });
  try {
    await must("mount", ["-t", "tmpfs", "-o", `size=${mb}m`, "tmpfs", path]);
  } catch (error) {
    await Deno.remove(path);
    throw error;
  }
  return {
    path,
    async [Symbol.asyncDispose]() {
      // Child processes of a killed one may still be ending.
      await until("the disk is unused", () => must("umount", [path]).then(() => true, () => false));
      await Deno.remove(path);
    },
  };
}

/** Fills the disk of a folder except for some bytes. @returns a function that frees them */
export async function fillDisk(folder: string, left: number): Promise<() => Promise<void>> {
  const path = join(folder, "filler");
  using file = await Deno.open(path, { create: true, write: true, truncate: true });
  const piece = new Uint8Array(64 * 1024);
  let size = 0;
  try {
    for (;;) size += await file.write(piece);
  } catch (error) {
    assert.match(String(error), /No space left/);
  }
  await file.truncate(Math.max(0, size - left));
  return () => Deno.remove(path);
}

async function must(program: string, args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args, stderr: "piped" }).output();
  if (!success) throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
}

/** Changes options of a disk: `size=800m`, `nr_inodes=10`, `ro`. */
export async function remountDisk({ path }: SmallDisk, options: string): Promise<void> {
  await must("mount", ["-o", `remount,${options}`, path]);
}
