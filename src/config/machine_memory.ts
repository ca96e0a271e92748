import { readFileSync } from "node:fs";
import { join } from "node:path";

const CGROUP_ROOT = "/sys/fs/cgroup";

/** Bytes of memory that this process may use: the machine's, or the limit of its control group. */
export function machineMemory(): number {
  return Math.min(Deno.systemMemoryInfo().total, ...cgroupLimits());
}

/** The limits of this process's control group, and of those above it. */
function cgroupLimits(): number[] {
  const line = read("/proc/self/cgroup").split("\n").find((line) => line.startsWith("0::/"));
  const names = line?.slice("0::/".length).split("/") ?? [];
  const paths = [CGROUP_ROOT, ...names.map((_, n) => join(CGROUP_ROOT, ...names.slice(0, n + 1)))];
  // "max" is not a number, and the machine's own group has no limit.
  return paths.map((path) => parseInt(read(`${path}/memory.max`)))
    .filter((limit) => limit > 0);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
