import { readProc, treeOf } from "./process_tree.ts";

const DATA = /^VmData:\s+(\d+) kB$/m;

/**
 * The limit on the writable private memory (RLIMIT_DATA) of a sandbox that has not received anything
 * from a customer: what it has now, mostly reserved and not used, and the memory of its run.
 *
 * @param pid the sandbox's process, or bubblewrap around it
 * @returns bytes; null where the kernel does not say what it has
 *
 * @example
 * ```ts ignore
 * dataLimit(sandbox.pid, 256 * 1024 ** 2); // 1_393_000_448 for an idle sandbox with 1.1 GB
 * ```
 */
export function dataLimit(pid: number, memoryBytes: number): number | null {
  if (Deno.build.os !== "linux") return null;
  const idle = Math.max(0, ...[...treeOf(pid)].map(dataBytes));
  return idle === 0 ? null : idle + memoryBytes;
}

function dataBytes(pid: number): number {
  return Number(DATA.exec(readProc(`${pid}/status`))?.[1] ?? 0) * 1024;
}
