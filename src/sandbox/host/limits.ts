import { cpuWaitOfTree, type Usage, usageOfTree } from "./process_tree.ts";

const POLL_MS = 20;
const PS_POLL_MS = 500;
/** The pause between two looks, as a multiple of how long a look at all watched processes takes. */
const POLL_PAUSE = 10;
const LONGEST_POLL_MS = 200;
/** How many processes are watched. */
let watched = 0;
/** V8 uses a dozen threads; this many are an attack on the machine. */
const MAX_THREADS = 512;
/** V8's compiler and garbage collector and the decompression of the file run in parallel. */
const CPU_PER_SECOND = 2;

/**
 * Time for which the machine had no CPU for a process does not count against it, but a run may not take
 * longer than this many times its limit.
 */
const MAX_LATENESS = 4;

/** What a sandbox's process, and everything that it starts, may use. */
export interface ProcessLimits {
  /** Bytes of memory of all its processes: resident, swapped out, and page tables. */
  memoryBytes: number;
  /** Seconds of wall-clock time, without the time for which it waited for the host or for a CPU. */
  seconds: number;
  /** Where that limit comes from, for messages. */
  secondsFrom?: string;
  /** Seconds of CPU time of all its threads. @default twice `seconds` */
  cpuSeconds?: number;
}

/** What is done with a watched process. */
interface Actions {
  /** Called once, at the first limit that is exceeded. */
  exceeded(what: Exceeded): void;
  /** Called often with the CPU time that it has used, and how many processes are watched. */
  used?: ((cpuSeconds: number, watched: number) => void) | undefined;
}

export type Exceeded = "memory" | "time" | "cpu" | "threads";

/** The limit on CPU time, in seconds. */
export function cpuSecondsOf({ seconds, cpuSeconds }: ProcessLimits): number {
  return cpuSeconds ?? seconds * CPU_PER_SECOND;
}

/**
 * Watches a process and everything that it starts from outside, where nothing inside can switch the
 * limits off.
 *
 * @param waitedMs the milliseconds for which the process has waited for the host so far
 * @returns a function that stops watching
 */
export function watchLimits(
  pid: number,
  limits: ProcessLimits,
  waitedMs: () => number,
  { exceeded, used = () => {} }: Actions,
): () => void {
  const started = performance.now();
  const isLate = () => {
    const seconds = (performance.now() - started - waitedMs()) / 1000;
    if (seconds <= limits.seconds || Deno.build.os !== "linux") return seconds > limits.seconds;
    return seconds > limits.seconds * MAX_LATENESS || seconds - cpuWaitOfTree(pid) > limits.seconds;
  };
  const check = Deno.build.os === "linux"
    ? () => {
      const usage = usageOfTree(pid);
      used(usage.cpuSeconds, watched);
      return overLimit(usage, limits);
    }
    : () => memoryByPs(pid, limits);
  const pollMs = Deno.build.os === "linux" ? POLL_MS : PS_POLL_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;
  const poll = async () => {
    const before = performance.now();
    const what = isLate() ? "time" : await check();
    if (isOver) return;
    if (what !== null) return exceeded(what);
    // Many sandboxes together must not keep the host from its work.
    const shared = (performance.now() - before) * watched * POLL_PAUSE;
    timer = setTimeout(poll, Math.max(pollMs, Math.min(shared, LONGEST_POLL_MS)));
  };
  watched++;
  timer = setTimeout(poll, pollMs);
  return () => {
    if (!isOver) watched--;
    isOver = true;
    clearTimeout(timer);
  };
}

function overLimit(
  { memoryBytes, cpuSeconds, threads }: Usage,
  limits: ProcessLimits,
): Exceeded | null {
  if (memoryBytes > limits.memoryBytes) return "memory";
  if (cpuSeconds > cpuSecondsOf(limits)) return "cpu";
  return threads > MAX_THREADS ? "threads" : null;
}

async function memoryByPs(pid: number, limits: ProcessLimits): Promise<Exceeded | null> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "rss=", "-p", String(pid)] })
    .output();
  const bytes = Number(new TextDecoder().decode(stdout).trim()) * 1024;
  return bytes > limits.memoryBytes ? "memory" : null;
}
