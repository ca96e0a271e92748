import { readdirSync, readFileSync } from "node:fs";

/** What a process and its descendants use. */
interface Usage {
  /** Bytes of resident memory. */
  memoryBytes: number;
  /** Seconds of CPU time since they started, including ended children that were waited for. */
  cpuSeconds: number;
  threads: number;
}

const PAGE_BYTES = 4096;
/** The unit in which the kernel reports CPU time (USER_HZ). */
const TICKS_PER_SECOND = 100;

/**
 * Kills a process and its descendants. None can start another meanwhile: each is stopped before its
 * children are listed.
 */
export function killTree(root: number): void {
  const stopped: number[] = [];
  for (const open = [root]; open.length > 0;) {
    const pid = open.pop()!;
    if (!signal(pid, "SIGSTOP")) continue;
    stopped.push(pid);
    open.push(...childrenOf(pid));
  }
  for (const pid of stopped) signal(pid, "SIGKILL");
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

/** What a process and its descendants use, read from Linux's /proc. */
export function usageOfTree(root: number): Usage {
  let pages = 0;
  let ticks = 0;
  let threads = 0;
  for (const open = [root]; open.length > 0;) {
    const pid = open.pop()!;
    open.push(...childrenOf(pid));
    pages += Number(field(read(`${pid}/statm`), 1));
    // The program's name is in parentheses and may contain anything.
    const stat = read(`${pid}/stat`);
    const afterName = stat.slice(stat.lastIndexOf(")") + 2);
    for (const index of [11, 12, 13, 14]) ticks += Number(field(afterName, index));
    threads += Number(field(afterName, 17));
  }
  return { memoryBytes: pages * PAGE_BYTES, cpuSeconds: ticks / TICKS_PER_SECOND, threads };
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      read(`${pid}/task/${thread}/children`).split(" ").filter(Boolean).map(Number)
    );
  } catch {
    return [];
  }
}

/** The text of a file in /proc; empty if its process no longer exists. */
function read(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, "latin1");
  } catch {
    return "";
  }
}

function field(text: string, index: number): string {
  return text.split(" ")[index] ?? "0";
}
