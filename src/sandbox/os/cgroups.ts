/**
 * Control groups (cgroup v2): one for each sandbox, in which the kernel counts all of its memory, also
 * page tables, shared memory and pipes, and ends the sandbox at its limit. They need a subtree that
 * this process may manage: systemd gives one with `Delegate=`, and root can make one.
 *
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { messageOf } from "../../base/failure.ts";
import { ownCgroup } from "../../base/own_cgroup.ts";
import { pidNamespace } from "./host_mark.ts";

export type CgroupsState =
  | {
    active: true;
    /** The group in which those of the sandboxes are made. */
    folder: string;
  }
  | {
    active: false;
    /** The reason, for people: `cgroup v2 is not mounted`. */
    why: string;
  };

const NEEDED = ["memory", "pids"];
/** The group of this process beside those of its sandboxes: one that has subgroups is empty. */
const OWN_LEAF = "manage";
const OWN_ROOT = "mysimbdp";
const SANDBOX = "sandbox";
/** How long the kernel may take to end the processes of a group that is removed. */
const REMOVE_ATTEMPTS = 200;
const REMOVE_PAUSE_MS = 10;

/** The machine offers no groups; the message says why. */
class NoGroups extends Error {}

let found: CgroupsState | null = null;

/** Whether each sandbox gets a control group. The first call prepares the subtree for them. */
export function cgroupsState(): CgroupsState {
  return found ??= prepare();
}

/** The path for the group of one more sandbox in the prepared subtree. */
export function nextGroup(folder: string): string {
  return join(folder, `${SANDBOX}-${crypto.randomUUID().slice(0, 8)}`);
}

/** Kills the processes of a group and removes it, in the background. */
export async function removeGroup(folder: string): Promise<void> {
  killGroup(folder);
  for (let attempt = 0; attempt < REMOVE_ATTEMPTS; attempt++) {
    try {
      for (const name of subgroupsOf(folder)) Deno.removeSync(join(folder, name));
      return Deno.removeSync(folder);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      // Its last process is still ending.
    }
    await new Promise((resolve) => setTimeout(resolve, REMOVE_PAUSE_MS));
  }
}

/** Kills all processes in a group and below, also those that have left their parents (Linux 5.14). */
export function killGroup(folder: string): void {
  try {
    write(folder, "cgroup.kill", "1");
  } catch {
    // An older kernel: whoever started them kills them.
  }
}

/** Writes a setting of a group. @throws if the group has no such setting */
export function write(folder: string, name: string, value: string): void {
  writeFileSync(join(folder, name), value, { flag: "r+" });
}

function prepare(): CgroupsState {
  if (Deno.build.os !== "linux") return { active: false, why: "they need Linux" };
  try {
    const own = ownCgroup();
    if (own === null) throw new NoGroups("cgroup v2 is not mounted");
    if (own.path.startsWith("/..")) {
      throw new NoGroups("the control group is outside of the mounted ones");
    }
    const folder = prepareIn(own.mount, join(own.mount, own.path));
    proveIn(folder);
    return { active: true, folder };
  } catch (error) {
    return { active: false, why: messageOf(error) };
  }
}

function prepareIn(mount: string, own: string): string {
  const offered = wordsOf(own, "cgroup.controllers");
  const missing = NEEDED.filter((name) => !offered.includes(name));
  if (missing.length > 0) {
    throw new NoGroups(`cgroup v2 has no controller for ${missing.join(" and ")} here`);
  }
  // The real root of all groups has no such file; that of a container has one.
  const isRoot = !hasFile(mount, "cgroup.events");
  const isService = own.split("/").some((name) => name.endsWith(".service"));
  return Deno.uid() === 0 && isRoot && !isService ? newSubtree(mount) : ownSubtree(own);
}

/** As root: a subtree of our own beside those of the service manager. */
function newSubtree(mount: string): string {
  const prefix = `${OWN_ROOT}-${pidNamespace()}-`;
  for (const name of subgroupsOf(mount).filter((name) => name.startsWith(prefix))) {
    // Left by a process that was killed.
    const pid = name.slice(prefix.length);
    if (!hasFile("/proc", pid)) void removeGroup(join(mount, name));
  }
  enableControllers(mount);
  const folder = join(mount, `${prefix}${Deno.pid}`);
  Deno.mkdirSync(folder);
  globalThis.addEventListener("unload", () => void removeGroup(folder));
  enableControllers(folder);
  return folder;
}

/** The group of this process, which moves into a subgroup of its own. */
function ownSubtree(own: string): string {
  const folder = basename(own) === OWN_LEAF ? dirname(own) : own;
  try {
    if (folder === own) {
      const others = wordsOf(own, "cgroup.procs").filter((pid) => pid !== String(Deno.pid));
      if (others.length > 0) throw new NoGroups("other processes run in the same control group");
      Deno.mkdirSync(join(folder, OWN_LEAF), { recursive: true });
      write(join(folder, OWN_LEAF), "cgroup.procs", "0");
    }
    for (const name of subgroupsOf(folder).filter((name) => name.startsWith(SANDBOX))) {
      void removeGroup(join(folder, name));
    }
    enableControllers(folder);
    return folder;
  } catch (error) {
    if (error instanceof NoGroups) throw error;
    throw new NoGroups(`the control group is not delegated to mysimbdp (${messageOf(error)})`);
  }
}

function enableControllers(folder: string): void {
  const offered = wordsOf(folder, "cgroup.controllers");
  const wanted = [...NEEDED, "cpu"].filter((name) => offered.includes(name));
  write(folder, "cgroup.subtree_control", wanted.map((name) => `+${name}`).join(" "));
}

/** Starts a program in a group, as a sandbox is started. */
function proveIn(folder: string): void {
  const group = nextGroup(folder);
  Deno.mkdirSync(group);
  try {
    write(group, "memory.max", "max");
    const { program, args } = entering(group, { program: "/bin/true", args: [] });
    const { success, stderr } = new Deno.Command(program, { args, clearEnv: true }).outputSync();
    if (!success) {
      throw new NoGroups(`a process cannot enter one: ${new TextDecoder().decode(stderr)}`);
    }
  } finally {
    void removeGroup(group);
  }
}

/** The same command, whose process enters a group before it does anything else. */
export function entering(
  folder: string,
  { program, args }: { program: string; args: readonly string[] },
): { program: string; args: string[] } {
  const script = 'echo 0 >"$0/cgroup.procs" && exec "$@"';
  return { program: "/bin/sh", args: ["-c", script, folder, program, ...args] };
}

function subgroupsOf(folder: string): string[] {
  return [...Deno.readDirSync(folder)].filter(({ isDirectory }) => isDirectory)
    .map(({ name }) => name);
}

function wordsOf(folder: string, name: string): string[] {
  return readFileSync(join(folder, name), "utf8").split(/\s+/).filter(Boolean);
}

function hasFile(folder: string, name: string): boolean {
  return [...Deno.readDirSync(folder)].some((entry) => entry.name === name);
}
