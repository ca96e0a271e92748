import type { Cgroup } from "../os/cgroup.ts";
import { lowerPriorityOfTree } from "./process_tree.ts";

/**
 * How much of the CPU a sandbox gets while others want it too: its control group's weight of 100, or the
 * nice value of its threads, which comes to about the same.
 */
const LEVELS = {
  /** It runs code of a customer: the host, and sandboxes that are starting, come first. */
  begun: { weight: 33, nice: 5 },
  /** It has run for long: those that have just begun come first. */
  long: { weight: 2, nice: 19 },
};

/** Lowers the priority of a sandbox and all that it starts; on Linux only. */
export function lowerPriority(
  pid: number,
  cgroup: Cgroup | null,
  level: keyof typeof LEVELS,
): void {
  if (Deno.build.os !== "linux") return;
  const { weight, nice } = LEVELS[level];
  if (!cgroup?.setWeight(weight)) lowerPriorityOfTree(pid, nice);
}
