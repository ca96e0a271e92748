import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { setPriority } from "node:os";
import { hostOf } from "../os/host_mark.ts";

/** What a process and its descendants use. */
export interface Usage {
  /** Bytes of memory: resident, swapped out, and the page tables that map it. */
  memoryBytes: number;
  /** Seconds of CPU time since they started, including ended children that were waited for. */
  cpuSeconds: number;
  threads: number;
}

/** The lines of a process's `status` that add up to its memory, in KiB. */
const MEMORY = /^(?:VmRSS|VmPTE|VmSwap):\s+(\d+) kB$/gm;
/** The unit in which the kernel reports CPU time (USER_HZ). */
const TICKS_PER_SECOND = 100;

/**
 * Kills a process and its descendants. None can start another meanwhile: each is stopped before its
 * children are listed, except for the first process of a PID namespace, whose end ends all in it.
 */
export function killTree(root: number): void {
  const stopped: number[] = [];
  for (const open = [root]; open.length > 0;) {
    const pid = open.pop()!;
    if (isFirstOfNamespace(pid)) {
      signal(pid, "SIGKILL");
      continue;
    }
    if (!signal(pid, "SIGSTOP")) continue;
    stopped.push(pid);
    open.push(...childrenOf(pid));
  }
  for (const pid of stopped) signal(pid, "SIGKILL");
}

/**
 * Kills the sandboxes of hosts that no longer exist. bubblewrap does not notice that its host is killed
 * in its first milliseconds, and a program that does not read its input runs on.
 */
export function killLeftSandboxes(): void {
  if (Deno.build.os !== "linux") return;
  for (const name of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const host = hostOf(readProc(`${name}/cmdline`));
    if (host !== null && readProc(`${host}/stat`) === "") killTree(Number(name));
  }
}

function isFirstOfNamespace(pid: number): boolean {
  return /^NSpid:.*\s1$/m.test(readProc(`${pid}/status`));
}

/** @returns false if the process no longer exists */
function signal(pid: number, name: Deno.Signal): boolean {
  try {
    Deno.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

/** More passes would only serve a process that starts threads faster than they are found. */
const MAX_PASSES = 8;

/**
 * Gives all threads of a process and its descendants a lower priority. Threads and processes that they
 * start later inherit it.
 *
 * @param nice 0 to 19, the lowest
 */
export function lowerPriorityOfTree(root: number, nice: number): void {
  const lowered = new Set<number>();
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const before = lowered.size;
    for (const pid of treeOf(root)) {
      lowerSession(pid, nice);
      for (const thread of threadsOf(pid).filter((id) => !lowered.has(id))) {
        if (lowerThread(thread, nice)) lowered.add(thread);
      }
    }
    // Threads that were started during this pass are found in the next one.
    if (lowered.size === before) return;
  }
}

/** @returns false if the thread no longer exists */
function lowerThread(id: number, nice: number): boolean {
  try {
    setPriority(id, nice);
    return true;
  } catch {
    return false;
  }
}

/**
 * Linux may share the CPU between sessions first (autogroups), and only then between the threads of
 * one. A sandbox in bubblewrap has its own session; one without shares the host's, which stays as it is.
 */
function lowerSession(pid: number, nice: number): void {
  if (sessionOf(pid) === sessionOf(Deno.pid)) return;
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(nice));
  } catch {
    // The kernel has no autogroups, or the process no longer exists.
  }
}

function sessionOf(pid: number): string {
  return afterName(pid)[3] ?? "";
}

/** A process and its descendants, each before its children are listed. */
export function* treeOf(root: number): Generator<number> {
  for (const open = [root]; open.length > 0;) {
    const pid = open.pop()!;
    yield pid;
    open.push(...childrenOf(pid));
  }
}

/** What a process and its descendants use, read from Linux's /proc. */
export function usageOfTree(root: number): Usage {
  let kib = 0;
  let ticks = 0;
  let threads = 0;
  for (const pid of treeOf(root)) {
    for (const [, size] of readProc(`${pid}/status`).matchAll(MEMORY)) kib += Number(size);
    const stat = afterName(pid);
    for (const index of [11, 12, 13, 14]) ticks += Number(stat[index] ?? 0);
    threads += Number(stat[17] ?? 0);
  }
  return { memoryBytes: kib * 1024, cpuSeconds: ticks / TICKS_PER_SECOND, threads };
}

/**
 * Seconds for which the threads of a process and its descendants could have run and had to wait for a
 * CPU, added up; 0 where the kernel does not count them.
 */
export function cpuWaitOfTree(root: number): number {
  let nanoseconds = 0;
  for (const pid of treeOf(root)) {
    for (const thread of threadsOf(pid)) {
      nanoseconds += Number(readProc(`${pid}/task/${thread}/schedstat`).split(" ")[1] ?? 0);
    }
  }
  return nanoseconds / 1e9;
}

/** The fields of a process's `stat` after its name, which is in parentheses and may contain anything. */
function afterName(pid: number): string[] {
  const stat = readProc(`${pid}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [];
  }
}

function childrenOf(pid: number): number[] {
  return threadsOf(pid).flatMap((thread) =>
    readProc(`${pid}/task/${thread}/children`).split(" ").filter(Boolean).map(Number)
  );
}

/** The text of a file in /proc; empty if its process no longer exists. */
export function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, "latin1");
  } catch {
    return "";
  }
}
