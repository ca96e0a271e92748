import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/**
 * A process that runs files, in a way that others can judge: on the same machine they can see
 * whether it lives, elsewhere they have to watch for signs of life.
 */
export function ownName(): string {
  return JSON.stringify([hostname(), bootId(), pidSpace(), Deno.pid, startOf(Deno.pid) ?? ""]);
}

/** Whether a process of this very machine has ended for sure; false where that cannot be known. */
export function hasEnded(owner: string): boolean {
  try {
    const [, boot, space, pid, started] = JSON.parse(owner) as [
      string,
      string,
      string,
      number,
      string,
    ];
    if (boot === "" || space === "" || boot !== bootId() || space !== pidSpace()) return false;
    return startOf(pid) !== started;
  } catch {
    return false;
  }
}

function bootId(): string {
  return orEmpty(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
}

/** Containers on one machine count their processes apart. */
function pidSpace(): string {
  return orEmpty(() => readlinkSync("/proc/self/ns/pid"));
}

/** When a process started, in the machine's ticks; null when it is not there. */
function startOf(pid: number): string | null {
  const fields = orEmpty(() => readFileSync(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /s, "")
    .split(" ");
  return fields[0] === "" || fields[0] === "Z" || fields[0] === "X" ? null : fields[19] ?? null;
}

function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
