/**
 * Reads from Linux's /proc what a process and its descendants have in memory.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";

const RSS_EVERY_MS = 50;
/** Reading PSS makes the kernel walk all pages, so it is done less often. */
const PSS_EVERY = 10;

/** The most memory seen, in MB of 1,000,000 bytes. */
export interface Peaks {
  /** Resident memory of all processes at one moment. */
  rss: number;
  /** The same with each shared page divided among those who share it. */
  pss: number;
  /** The highest of each process for itself, by the kernel's own mark. */
  processes: { pid: number; command: string; rss: number }[];
}

/** Watches a process and all its descendants until it is stopped. */
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
      // Of one process the kernel's mark also has what lies between two looks.
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
    // Each thread lists the processes that it started.
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

/** A number of KB of 1,024 bytes; 0 where it is not there. */
function field(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s*(\\d+) kB`, "m").exec(text)?.[1] ?? 0);
}

/** The text of a file of /proc; empty when its process has ended. */
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
