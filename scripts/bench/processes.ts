/**
 * The processes that a benchmark starts: each is timed or watched, and none outlives the run.
 *
 * @module
 */
import { join } from "node:path";
import { findProgram, type Program, ROOT, Service } from "../program.ts";

/** A peer's tool is not installed: its measure is skipped. */
export class MissingTool extends Error {
  /** @param state @default "is not installed" */
  constructor(tool: string, state = "is not installed") {
    super(`${tool} ${state}`);
  }
}

/** Process ids that are ours to end. */
const started = new Set<number>();

/** Ends at once whatever still runs. */
export function endAll(): void {
  for (const pid of started) {
    try {
      Deno.kill(pid, "SIGKILL");
    } catch {
      // It has just ended by itself.
    }
  }
  started.clear();
}

/** The binary to measure: `MYSIMBDP_BINARY`, else `dist/mysimbdp`, built where it is stale. */
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

/** A command of this machine, as a program. */
export function tool(name: string, ...args: string[]): Program {
  return { path: name, args, what: name };
}

export interface Ran {
  /** From before it was started until it had ended. */
  seconds: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs a command to its end.
 *
 * @param watch is told the process id when it runs
 * @throws {MissingTool}; an Error with its words when it ends with another code than 0
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

/** What a command printed. */
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

/** Skips a measure before any work is done for it. */
export async function needs(name: string): Promise<Program> {
  const program = tool(name);
  await timed(program, ["--version"]);
  return program;
}

/** A command that runs beside the measure until it is disposed of. */
export class Beside extends Service implements AsyncDisposable {
  constructor(program: Program, args: string[]) {
    super(program, args);
    started.add(this.pid);
  }

  /** The address that it says it listens on. */
  async address(): Promise<string> {
    const url = /http:\/\/127\.0\.0\.1:\d+/;
    return url.exec(await this.line(url))![0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    started.delete(this.pid);
  }
}

/** Brings what others left unwritten to the disk, so that nobody pays for somebody else. */
export async function settle(): Promise<void> {
  await output(tool("sync"), []);
}
