/**
 * The processes of a benchmark: each is timed or sampled, and all end with the run.
 *
 * @module
 */
import { join } from "node:path";
import { findProgram, type Program, ROOT, Service } from "../program.ts";

/** A peer's tool is missing: its measure is skipped. */
export class MissingTool extends Error {
  /** @param state @default "is not installed" */
  constructor(tool: string, state = "is not installed") {
    super(`${tool} ${state}`);
  }
}

/** The ids of processes that the benchmark has started. */
const started = new Set<number>();

/** Kills all processes that still run. */
export function endAll(): void {
  for (const pid of started) {
    try {
      Deno.kill(pid, "SIGKILL");
    } catch {
      // It has just ended.
    }
  }
  started.clear();
}

/** The binary to measure: `MYSIMBDP_BINARY`, else `dist/mysimbdp`, built if it is stale. */
export async function findBinary(): Promise<Program> {
  const path = Deno.env.get("MYSIMBDP_BINARY");
  if (path) return { path, args: [], what: path };
  const found = findProgram();
  if (found.args.length === 0) return found;
  console.error("building dist/mysimbdp");
  const deno = { path: Deno.execPath(), args: [], what: "deno" };
  await output(deno, ["run", "-A", "--node-modules-dir=auto", join(ROOT, "scripts/build.ts")]);
  const built = join(ROOT, "dist/mysimbdp");
  return { path: built, args: [], what: built };
}

/** A command of this machine. */
export function tool(name: string, ...args: string[]): Program {
  return { path: name, args, what: name };
}

export interface Ran {
  /** Seconds from before its start until its end. */
  seconds: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs a command and waits until it has ended.
 *
 * @param watch called with the process id once it runs
 * @throws {MissingTool}; {Error} with its output if it exits with a code other than 0
 */
export async function timed(
  program: Program,
  args: string[],
  watch: (pid: number) => void = () => {},
): Promise<Ran> {
  const begun = performance.now();
  const child = spawn(program, args);
  started.add(child.pid);
  watch(child.pid);
  const { code, stdout, stderr } = await child.output();
  const seconds = (performance.now() - begun) / 1000;
  started.delete(child.pid);
  const text = new TextDecoder();
  const ran = { seconds, stdout: text.decode(stdout), stderr: text.decode(stderr) };
  if (code === 0) return ran;
  throw new Error(`${program.what} ${args.join(" ")} ended with ${code}: ${ran.stderr}`);
}

/** The output of a command. */
export async function output(program: Program, args: string[]): Promise<string> {
  return (await timed(program, args)).stdout;
}

function spawn(program: Program, args: string[]): Deno.ChildProcess {
  try {
    return new Deno.Command(program.path, {
      args: [...program.args, ...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new MissingTool(program.what);
    throw error;
  }
}

/** Skips a measure before any work for it. */
export async function needs(name: string): Promise<Program> {
  const program = tool(name);
  await timed(program, ["--version"]);
  return program;
}

/** A command that runs during the measure until it is disposed of. */
export class Beside extends Service implements AsyncDisposable {
  constructor(program: Program, args: string[]) {
    super(program, args);
    started.add(this.pid);
  }

  /** The address that it listens on, from its output. */
  async address(): Promise<string> {
    const url = /http:\/\/127\.0\.0\.1:\d+/;
    return url.exec(await this.line(url))![0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    started.delete(this.pid);
  }
}

/** Syncs the disks, so that the next side does not pay for earlier writes. */
export async function settle(): Promise<void> {
  await output(tool("sync"), []);
}
