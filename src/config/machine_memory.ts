import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ownCgroup } from "../base/own_cgroup.ts";

/** Bytes of memory that this process may use: the machine's, or the limit of its control group. */
export function machineMemory(): number {
  return Math.min(Deno.systemMemoryInfo().total, ...cgroupLimits());
}

/** The limits of this process's control group, and of those above it. */
function cgroupLimits(): number[] {
  const own = ownCgroup();
  if (own === null) return [];
  const names = own.path.split("/").filter(Boolean);
  const groups = [own.mount, ...names.map((_, n) => join(own.mount, ...names.slice(0, n + 1)))];
  return groups.map(limitOf).filter((limit) => limit > 0);
}

/** @returns bytes; NaN for a group without a limit */
function limitOf(group: string): number {
  try {
    // Without a limit it contains "max".
    return parseInt(readFileSync(join(group, "memory.max"), "utf8"));
  } catch {
    return NaN;
  }
}
