import { TEST_RUN } from "../../scripts/leftovers.ts";
import { binary } from "./binary.ts";
import { DEADLINE_SECONDS, until } from "./until.ts";

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** Seconds until it is killed and the test fails. @default DEADLINE_SECONDS */
  seconds?: number;
  /** The user that runs it; only root can choose one. @default the test's user */
  uid?: number | undefined;
}

export interface Result {
  code: number;
  signal: Deno.Signal | null;
  stdout: string;
  stderr: string;
}

/** The environment of a command, without the developer's own settings. */
function environment(more: Record<string, string> = {}): Record<string, string> {
  const kept = ["PATH", "HOME", "TMPDIR", "TZ", TEST_RUN].flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  return { ...Object.fromEntries(kept), NO_COLOR: "1", ...more };
}

/** Runs the binary to its end. A command that does not end fails the test. */
export async function run(args: string[], options: RunOptions = {}): Promise<Result> {
  await using command = new Running(args, options);
  const seconds = options.seconds ?? DEADLINE_SECONDS;
  const { code, signal } = await command.ended(seconds);
  return { code, signal, stdout: command.stdout.text, stderr: command.stderr.text };
}

/** The output of a command so far. */
class Collected {
  text = "";
  readonly done: Promise<void>;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.done = this.#collect(stream);
  }

  /** The complete lines. */
  get lines(): string[] {
    return this.text.split("\n").slice(0, -1);
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const part of stream) this.text += decoder.decode(part, { stream: true });
  }
}

/** A command that runs until it is stopped or its test ends. */
export class Running implements AsyncDisposable {
  readonly stdout: Collected;
  readonly stderr: Collected;
  readonly #args: string[];
  readonly #process: Deno.ChildProcess;
  #status: Deno.CommandStatus | null = null;

  /** @param program by default the binary; for example a tracer of it */
  constructor(args: string[], options: RunOptions = {}, program = binary()) {
    this.#args = args;
    this.#process = new Deno.Command(program, {
      args,
      cwd: options.cwd,
      clearEnv: true,
      env: environment(options.env),
      ...(options.uid !== undefined && { uid: options.uid, gid: options.uid }),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.stdout = new Collected(this.#process.stdout);
    this.stderr = new Collected(this.#process.stderr);
    this.#process.status.then((status) => this.#status = status);
  }

  get pid(): number {
    return this.#process.pid;
  }

  get hasEnded(): boolean {
    return this.#status !== null;
  }

  /** Sends a signal, unless it has ended. */
  kill(signal: Deno.Signal = "SIGKILL"): void {
    if (this.#status !== null) return;
    try {
      this.#process.kill(signal);
    } catch (error) {
      // It has just ended.
      if (!(error instanceof TypeError)) throw error;
    }
  }

  /** Waits until it has ended and all its output is read. */
  async ended(seconds = DEADLINE_SECONDS): Promise<Deno.CommandStatus> {
    const what = `"${this.#args.join(" ")}" ended`;
    const status = await until(what, () => this.#status, seconds).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.transcript()}`);
    });
    await Promise.all([this.stdout.done, this.stderr.done]);
    return status;
  }

  /** Sends a signal and waits until it has ended. */
  async stop(signal: Deno.Signal = "SIGTERM", seconds?: number): Promise<Deno.CommandStatus> {
    this.kill(signal);
    return await this.ended(seconds);
  }

  /** Waits for a line on stdout or stderr; fails if the command ends without it. */
  async line(pattern: RegExp, seconds?: number): Promise<string> {
    const find = () =>
      [...this.stdout.lines, ...this.stderr.lines].find((line) => pattern.test(line));
    const look = async () => {
      const found = find();
      if (found !== undefined || this.#status === null) return found;
      await this.ended();
      return find() ?? "";
    };
    const found = await until(`a line matches ${pattern}`, look, seconds).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.transcript()}`);
    });
    if (found === "") throw new Error(`ended without ${pattern}\n${this.transcript()}`);
    return found;
  }

  /** The log records so far. */
  records(): Record<string, unknown>[] {
    return this.stderr.lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  }

  transcript(): string {
    return `stdout:\n${this.stdout.text.slice(-4000)}\nstderr:\n${this.stderr.text.slice(-4000)}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.#process.status;
    await Promise.all([this.stdout.done, this.stderr.done]);
  }
}

/** The running child processes of a process; Linux only. */
export function childrenOf(pid: number): number[] {
  try {
    return [...Deno.readDirSync(`/proc/${pid}/task`)].flatMap(({ name }) => {
      const text = Deno.readTextFileSync(`/proc/${pid}/task/${name}/children`);
      return text.trim().split(" ").filter(Boolean).map(Number);
    });
  } catch {
    return [];
  }
}

/** Whether a process exists and is not a zombie; Linux only. */
export function isAlive(pid: number): boolean {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return !/\) [ZX] /.test(stat);
  } catch {
    return false;
  }
}
