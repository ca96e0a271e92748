import { existsSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname ?? ".", "..");
const BINARY = join(ROOT, "dist", "mysimbdp");

/** How to start the program: the compiled binary, or the source if there is none. */
export interface Program {
  path: string;
  args: string[];
  /** One line to print. */
  what: string;
}

export function findProgram(): Program {
  if (isFresh(BINARY)) return { path: BINARY, args: [], what: "the compiled binary" };
  const args = [
    "run",
    "--node-modules-dir=auto",
    "--quiet",
    "-A",
    "--config",
    join(ROOT, "deno.json"),
    join(ROOT, "src/main.ts"),
  ];
  return { path: Deno.execPath(), args, what: "the program from source" };
}

/** Whether the binary exists and is newer than all sources. */
function isFresh(binary: string): boolean {
  if (!existsSync(binary)) return false;
  return newest(join(ROOT, "src")) < (Deno.statSync(binary).mtime?.getTime() ?? 0);
}

function newest(dir: string): number {
  const times = [...Deno.readDirSync(dir)].map((entry) => {
    const path = join(dir, entry.name);
    return entry.isDirectory ? newest(path) : Deno.statSync(path).mtime?.getTime() ?? 0;
  });
  return Math.max(0, ...times);
}

/** A running command whose output can be awaited. */
export class Service {
  readonly #child: Deno.ChildProcess;
  readonly #lines: string[] = [];
  readonly #done: Promise<unknown>;
  #wake: (() => void)[] = [];
  #ended = false;

  constructor(program: Program, args: string[], env: Record<string, string> = {}) {
    this.#child = new Deno.Command(program.path, {
      args: [...program.args, ...args],
      env,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#done = Promise.all([this.#collect(this.#child.stdout), this.#collect(this.#child.stderr)])
      .then(() => {
        this.#ended = true;
        this.#wake.forEach((wake) => wake());
      });
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** All lines so far, of stdout and stderr. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Waits for the first line that matches; fails if the command ends before it. */
  async line(pattern: RegExp): Promise<string> {
    while (true) {
      const found = this.#lines.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      if (this.#ended) throw new Error(`ended without ${pattern}:\n${this.#lines.join("\n")}`);
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  /** Sends SIGTERM and waits until it has ended. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<Deno.CommandStatus> {
    try {
      this.#child.kill(signal);
    } catch {
      // It has ended already.
    }
    await this.#done;
    return await this.#child.status;
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    let rest = "";
    for await (const part of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + part).split("\n");
      rest = lines.pop() ?? "";
      this.#lines.push(...lines);
      this.#wake.splice(0).forEach((wake) => wake());
    }
    if (rest) this.#lines.push(rest);
  }
}

/** Runs a command and waits until it has ended. */
export async function runProgram(
  program: Program,
  args: string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(program.path, {
    args: [...program.args, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    ...options,
  }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}
