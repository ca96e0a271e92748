import { usageOfTree } from "./process_tree.ts";

const POLL_MS = 20;
const PS_POLL_MS = 500;
/** V8 has a dozen threads; whoever has so many more wants to wear the machine down. */
const MAX_THREADS = 512;
/** V8 compiles and collects garbage beside the module, and the file is decompressed beside it. */
const CPU_PER_SECOND = 2;

/** What a sandbox's process may use, with all that it starts. */
export interface ProcessLimits {
  /** Bytes of resident memory of all its processes. */
  memoryBytes: number;
  /** Seconds of wall-clock time, without the time in which it waited for the host. */
  seconds: number;
  /** Seconds of CPU time of all its threads. @default twice `seconds` */
  cpuSeconds?: number;
}

export type Exceeded = "memory" | "time" | "cpu" | "threads";

/** The seconds of CPU time that the limits allow. */
export function cpuSecondsOf({ seconds, cpuSeconds }: ProcessLimits): number {
  return cpuSeconds ?? seconds * CPU_PER_SECOND;
}

/**
 * Watches a process and all that it starts from outside, so that nothing inside can switch the
 * limits off.
 *
 * @param waitedMs the milliseconds for which the process had to wait for the host until now
 * @param exceeded called once, at the first limit that is passed
 * @returns a function that ends the watch
 */
export function watchLimits(
  pid: number,
  limits: ProcessLimits,
  waitedMs: () => number,
  exceeded: (what: Exceeded) => void,
): () => void {
  const started = performance.now();
  const isLate = () => performance.now() - started - waitedMs() > limits.seconds * 1000;
  const look = Deno.build.os === "linux"
    ? () => overLimit(pid, limits)
    : () => memoryByPs(pid, limits);
  const timer = setInterval(async () => {
    const what = isLate() ? "time" : await look();
    if (what === null) return;
    clearInterval(timer);
    exceeded(what);
  }, Deno.build.os === "linux" ? POLL_MS : PS_POLL_MS);
  return () => clearInterval(timer);
}

function overLimit(pid: number, limits: ProcessLimits): Exceeded | null {
  const { memoryBytes, cpuSeconds, threads } = usageOfTree(pid);
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
