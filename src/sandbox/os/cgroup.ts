import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cgroupsState, entering, killGroup, nextGroup, removeGroup, write } from "./cgroups.ts";
import type { HostCommand } from "./resource_limits.ts";

/** Beyond the limit of a run: what the kernel keeps for an idle sandbox, such as its stacks. */
const IDLE_BYTES = 64 * 1024 ** 2;
/** Threads and processes; the host ends a sandbox with fewer, by name. */
const MAX_TASKS = 640;

/**
 * The control group of one sandbox. The kernel ends all of its processes when their memory of any kind
 * exceeds the limit.
 *
 * @example
 * ```ts ignore
 * const cgroup = Cgroup.create();
 * const { program, args } = cgroup?.enter(command) ?? command;
 * ```
 */
export class Cgroup {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** A new group; null on a machine without them. */
  static create(): Cgroup | null {
    const state = cgroupsState();
    if (!state.active) return null;
    const folder = nextGroup(state.folder);
    Deno.mkdirSync(folder);
    const group = new Cgroup(folder);
    write(folder, "pids.max", String(MAX_TASKS));
    group.#writeIfThere("memory.swap.max", "0");
    group.#writeIfThere("memory.oom.group", "1");
    return group;
  }

  /** The same command, which enters the group before it runs anything. */
  enter(command: HostCommand): HostCommand {
    return entering(this.#folder, command);
  }

  /** Limits its memory to that of a run, in bytes. */
  limitMemory(bytes: number): void {
    this.#writeIfThere("memory.max", String(Math.ceil(bytes) + IDLE_BYTES));
  }

  /**
   * Sets its share of the CPU while other groups want it too; theirs is 100.
   * @returns false where groups do not share the CPU
   */
  setWeight(weight: number): boolean {
    return this.#writeIfThere("cpu.weight", String(weight));
  }

  /** Whether the kernel has ended it because of its memory. */
  wasOutOfMemory(): boolean {
    try {
      const events = readFileSync(join(this.#folder, "memory.events"), "utf8");
      return /^oom_kill [1-9]/m.test(events);
    } catch {
      return false;
    }
  }

  /** Kills all processes in it, where the kernel can (5.14); not one that is about to enter it. */
  kill(): void {
    killGroup(this.#folder);
  }

  /** Kills what is left in it and removes it. */
  remove(): Promise<void> {
    return removeGroup(this.#folder);
  }

  #writeIfThere(name: string, value: string): boolean {
    try {
      write(this.#folder, name, value);
      return true;
    } catch {
      return false;
    }
  }
}
