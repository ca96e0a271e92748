import { join } from "node:path";
import {
  javaArguments,
  type JavaOptions,
  LOGBACK,
  type NodePlace,
  yaml,
  type YamlOptions,
} from "./settings.ts";

/** Identifies the process of a started node, so that no other process is ended. */
interface Started {
  pid: number;
  /** The start of the process in ticks since boot; it differs if the id was reused. */
  ticks: string;
}

/** Linux counts processor time in these units on every machine. */
const TICKS_A_SECOND = 100;

export type StartOptions = Omit<JavaOptions, "replicas" | "joins"> & YamlOptions;

/** The path of a node's log. */
export function logOf({ dir }: NodePlace): string {
  return join(dir, "system.log");
}

/** Starts a node in the background with its existing data. It outlives this process. */
export async function startNode(place: NodePlace, options: StartOptions): Promise<void> {
  const { dir } = place;
  const { addresses } = options;
  await Deno.mkdir(dir, { recursive: true });
  await Deno.writeTextFile(join(dir, "cassandra.yaml"), yaml(place, options));
  await Deno.writeTextFile(join(dir, "logback.xml"), LOGBACK);
  const joins = !addresses.includes(place.address);
  const java = javaArguments(place, { ...options, replicas: addresses.length, joins });
  await Deno.remove(pidFile(place)).catch(() => undefined);
  // In a new session, so that signals to this process do not end the node.
  const script = 'echo $$ >"$1.part"; log=$2; shift 2; exec java "$@" >>"$log" 2>&1';
  const { success } = await new Deno.Command("setsid", {
    args: ["--fork", "sh", "-c", script, "sh", pidFile(place), logOf(place), ...java],
    cwd: dir,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
  if (!success) throw new Error(`Cannot start a node in "${dir}"`);
  const pid = await pidWritten(`${pidFile(place)}.part`);
  const started: Started = { pid, ticks: startOf(pid) ?? "" };
  await Deno.writeTextFile(pidFile(place), JSON.stringify(started));
}

async function pidWritten(path: string): Promise<number> {
  while (true) {
    const text = await Deno.readTextFile(path).catch(() => "");
    if (text.endsWith("\n")) {
      await Deno.remove(path);
      return Number(text);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The process id of a node that was started here; null if it does not run. */
export function pidOf(place: NodePlace): number | null {
  try {
    const { pid, ticks }: Started = JSON.parse(Deno.readTextFileSync(pidFile(place)));
    return ticks !== "" && startOf(pid) === ticks ? pid : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Ends a node that was started here, and waits until it has ended. */
export async function stopNode(place: NodePlace, signal: Deno.Signal = "SIGTERM"): Promise<void> {
  const pid = pidOf(place);
  if (pid !== null) Deno.kill(pid, signal);
  const since = performance.now();
  while (pidOf(place) !== null) {
    if (performance.now() - since > 20_000) Deno.kill(pid ?? 0, "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await Deno.remove(pidFile(place)).catch(() => undefined);
}

/** The peak memory of a node, in MB; Linux only. */
export function peakMemoryMb(pid: number): number {
  const found = /^VmHWM:\s+(\d+) kB/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`));
  return Math.round(Number(found?.[1] ?? 0) / 1024);
}

/** The processor time that a process has used; Linux only. */
export function processorSeconds(pid: number): number {
  const fields = statFields(pid);
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

function pidFile({ dir }: NodePlace): string {
  return join(dir, "node.pid");
}

/** When a process started; null if it does not exist or has ended. */
function startOf(pid: number): string | null {
  try {
    const fields = statFields(pid);
    return fields[0] === "Z" || fields[0] === "X" ? null : fields[19] ?? null;
  } catch {
    return null;
  }
}

/** The fields of /proc/PID/stat, from the state on. */
function statFields(pid: number): string[] {
  return Deno.readTextFileSync(`/proc/${pid}/stat`).replace(/^.*\) /s, "").split(" ");
}
