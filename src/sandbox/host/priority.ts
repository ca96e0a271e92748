import type { Cgroup } from "../os/cgroup.ts";
import { lowerPriorityOfTree } from "./process_tree.ts";

/**
 * How much of the CPU a sandbox gets while others want it too, from the highest level on: its control
 * group's weight of 100, or the nice value of its threads, which comes to about the same.
 */
const LEVELS = [
  // It runs code of a customer: the host, and sandboxes that are starting, come first.
  { weight: 33, nice: 5 },
  // It has run for long: those that have just begun come first.
  { weight: 10, nice: 10 },
  // Many run: those that have used more than a small file needs leave room together.
  { weight: 2, nice: 19 },
];
const LONG_CPU_SECONDS = 5;
/** A sandbox starts, and loads a small file, in half of this. */
const SMALL_CPU_SECONDS = 1;
/** More sandboxes than this are many. */
const MANY = 4;

/** The priority of a sandbox and all that it starts: the more CPU time it uses, the lower. */
export class Priority {
  readonly #pid: number;
  readonly #cgroup: Cgroup | null;
  #level = -1;

  constructor(pid: number, cgroup: Cgroup | null) {
    this.#pid = pid;
    this.#cgroup = cgroup;
  }

  /**
   * Lowers it, if it is time; it never rises. Linux only.
   *
   * @param cpuSeconds what the sandbox has used so far
   * @param running how many sandboxes run
   */
  lower(cpuSeconds: number, running: number): void {
    const level = levelOf(cpuSeconds, running);
    if (level <= this.#level || Deno.build.os !== "linux") return;
    this.#level = level;
    const { weight, nice } = LEVELS[level]!;
    if (!this.#cgroup?.setWeight(weight)) lowerPriorityOfTree(this.#pid, nice);
  }
}

function levelOf(cpuSeconds: number, running: number): number {
  if (running > MANY && cpuSeconds >= SMALL_CPU_SECONDS) return 2;
  return cpuSeconds >= LONG_CPU_SECONDS ? 1 : 0;
}
