import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/**
 * The identity of this process. Others on the same machine can check whether it lives; those on other
 * machines have to watch its heartbeat.
 */
export function ownName(): string {
  return JSON.stringify([hostname(), bootId(), pidSpace(), Deno.pid, startOf(Deno.pid) ?? ""]);
}

/** Whether a process of this machine has certainly ended; false if that cannot be known. */
export function hasEnded(owner: string): boolean {
  try {
    type Owner = [host: string, boot: string, space: string, pid: number, started: string];
    const [, boot, space, pid, started] = JSON.parse(owner) as Owner;
    if (boot === "" || space === "" || boot !== bootId() || space !== pidSpace()) return false;
    return startOf(pid) !== started;
  } catch {
    return false;
  }
}

function bootId(): string {
  return orEmpty(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
}

/** Each container of a machine numbers its processes separately. */
function pidSpace(): string {
  return orEmpty(() => readlinkSync("/proc/self/ns/pid"));
}

/** When a process started, in clock ticks of the machine; null if it does not exist. */
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
