/**
 * Reads the memory of a process and its descendants from Linux's /proc.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";

const RSS_EVERY_MS = 50;
/** PSS is read less often, because the kernel walks all pages for it. */
const PSS_EVERY = 10;

/** Peak memory, in MB of 1,000,000 bytes. */
export interface Peaks {
  /** The highest sum of the resident memory of all processes. */
  rss: number;
  /** The same, with shared pages divided among the processes that share them. */
  pss: number;
  /** The sum of each process's own peak, as the kernel records it. */
  processes: { pid: number; command: string; rss: number }[];
}

/** Samples a process and all its descendants until it is stopped. */
export function watchMemory(root: number): { stop(): Peaks } {
  const marks = new Map<number, { command: string; rss: number }>();
  const peaks = { rss: 0, pss: 0 };
  let count = 0;
  const look = () => {
    const pids = processTree(root);
    let rss = 0;
    for (const pid of pids) {
      const status = readStatus(pid);
      rss += status.rss;
      const known = marks.get(pid) ?? { command: commandOf(pid), rss: 0 };
      marks.set(pid, { ...known, rss: Math.max(known.rss, status.highest) });
    }
    peaks.rss = Math.max(peaks.rss, rss);
    if (count++ % PSS_EVERY === 0) {
      const pss = pids.reduce((sum, pid) => sum + kilobytes(`/proc/${pid}/smaps_rollup`, "Pss"), 0);
      peaks.pss = Math.max(peaks.pss, pss);
    }
  };
  look();
  const timer = setInterval(look, RSS_EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      look();
      const processes = [...marks].map(([pid, mark]) => ({ pid, ...mark, rss: toMb(mark.rss) }));
      // The kernel's own peak of a process includes what happens between two samples.
      const rss = processes.length === 1 ? processes[0]!.rss : toMb(peaks.rss);
      return { rss, pss: toMb(peaks.pss), processes };
    },
  };
}

/** A process and its descendants. */
export function processTree(root: number): number[] {
  const found = [root];
  for (const pid of found) found.push(...childrenOf(pid));
  return found;
}

function childrenOf(pid: number): number[] {
  try {
    // Each thread lists the processes that it has started.
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      textOf(`/proc/${pid}/task/${thread}/children`).split(" ").filter(Boolean).map(Number)
    );
  } catch {
    return [];
  }
}

function readStatus(pid: number): { rss: number; highest: number } {
  const text = textOf(`/proc/${pid}/status`);
  return { rss: field(text, "VmRSS"), highest: field(text, "VmHWM") };
}

function commandOf(pid: number): string {
  const [, argument = ""] = textOf(`/proc/${pid}/cmdline`).split("\0");
  return argument || String(pid);
}

function kilobytes(path: string, name: string): number {
  return field(textOf(path), name);
}

/** A number of KB of 1,024 bytes; 0 if it is missing. */
function field(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s*(\\d+) kB`, "m").exec(text)?.[1] ?? 0);
}

/** The text of a file in /proc; empty if its process has ended. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function toMb(kilobytes: number): number {
  return kilobytes * 1024 / 1e6;
}
