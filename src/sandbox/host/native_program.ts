import { dirname, join } from "node:path";
import { Failure } from "../../base/failure.ts";
import { exceededFailure, exitText } from "./sandbox_failures.ts";
import { Stopwatch } from "./stopwatch.ts";
import { cpuSecondsOf, type Exceeded, type ProcessLimits, watchLimits } from "./limits.ts";
import { Cgroup } from "../os/cgroup.ts";
import { type ActiveOsSandbox, type OsSandbox, osSandbox } from "../os/os_sandbox.ts";
import { Priority } from "./priority.ts";
import { killTree } from "./process_tree.ts";
import { badExit } from "../wire/program_exit.ts";
import { findInterpreter } from "./interpreters.ts";
import { LogLines } from "../wire/log_lines.ts";

/** A native program and the file that it reads. */
interface NativeJob {
  /** The interpreter's name and its arguments; an argument that names a file of the module is a path. */
  exec: readonly string[];
  /** The module's files by path. */
  files: Readonly<Record<string, string>>;
  fileName: string;
  source: AsyncIterable<Uint8Array>;
  limits: ProcessLimits;
  /** Receives the first lines that it writes to standard error. */
  log?: (text: string) => void;
}

/** The path under which the program sees the module's folder. */
const FOLDER = "/module";
const MAX_LOG_LINES = 200;
/**
 * Address space beyond the memory limit, for what a program maps or reserves and does not use: its
 * libraries, and 72 MB for each of a few threads. A program can hide as much from the polled limit.
 */
const RESERVED_BYTES = 128 * 1024 ** 2;

/** @throws {Failure} `no-os-sandbox`, `no-interpreter`: native programs need both */
export function requireNativePrograms(interpreter: string): void {
  requireActive(osSandbox());
  findInterpreter(interpreter);
}

/**
 * A native program in the OS sandbox: it can read the module's folder and its interpreter, and can
 * neither write files nor use the network. {@link output} starts it.
 */
export class NativeProgram {
  readonly #job: NativeJob;
  #folder: string | null = null;
  #process: Deno.ChildProcess | null = null;
  #cgroup: Cgroup | null = null;
  #exceeded: Exceeded | null = null;
  #isKilled = false;
  #hasEnded = false;

  constructor(job: NativeJob) {
    this.#job = job;
  }

  /**
   * Runs the program and yields its standard output.
   * @throws {Failure} `no-os-sandbox`, `no-interpreter`, `program-exit`, and those of
   * {@link exceededFailure}
   */
  async *output(): AsyncGenerator<Uint8Array> {
    const { limits, source } = this.#job;
    const process = this.#process = await this.#start();
    process.status.then(() => this.#hasEnded = true);
    const wait = new Stopwatch();
    const priority = new Priority(process.pid, this.#cgroup);
    const unwatch = watchLimits(process.pid, limits, () => wait.ms(), {
      exceeded: (what) => {
        this.#exceeded = what;
        this.kill();
      },
      used: (cpuSeconds, running) => priority.lower(cpuSeconds, running),
    });
    try {
      const feeding = feed(process.stdin, source);
      // Without its input the program is useless; the error is thrown below.
      feeding.catch(() => this.kill());
      const logging = this.#log(process.stderr);
      for await (const bytes of process.stdout) {
        wait.start();
        yield bytes;
        wait.stop();
      }
      const status = await process.status;
      await Promise.all([feeding, logging]);
      this.#checkExit(status);
    } finally {
      unwatch();
      this.kill();
    }
  }

  /** Kills the program. Safe to call at any time. */
  kill(): void {
    this.#isKilled = true;
    if (this.#process === null || this.#hasEnded) return;
    this.#cgroup?.kill();
    killTree(this.#process.pid);
  }

  /** Kills the program and removes its temporary folder. */
  async close(): Promise<void> {
    this.kill();
    await this.#process?.status;
    await this.#cgroup?.remove();
    if (this.#folder !== null) await Deno.remove(this.#folder, { recursive: true });
    this.#folder = null;
  }

  async #start(): Promise<Deno.ChildProcess> {
    const { exec: [name = "", ...given], files, fileName, limits } = this.#job;
    const os = requireActive(osSandbox());
    const { program, flags, paths } = findInterpreter(name);
    this.#folder = await Deno.makeTempDir({ prefix: "mysimbdp-program-" });
    for (const [path, text] of Object.entries(files)) {
      const target = join(this.#folder, path);
      await Deno.mkdir(dirname(target), { recursive: true });
      await Deno.writeTextFile(target, text);
    }
    const args = given.map((arg) => Object.hasOwn(files, arg) ? `${FOLDER}/${arg}` : arg);
    const confined = os.confine({
      program,
      args: [...flags, ...args, fileName],
      readOnly: {
        [FOLDER]: this.#folder,
        ...Object.fromEntries(paths.map((path) => [path, path])),
      },
      cpuSeconds: cpuSecondsOf(limits),
      addressSpaceBytes: limits.memoryBytes + RESERVED_BYTES,
    });
    if (this.#isKilled) throw badExit("was stopped before it started");
    this.#cgroup = Cgroup.create();
    this.#cgroup?.limitMemory(limits.memoryBytes);
    const command = this.#cgroup?.enter(confined) ?? confined;
    return new Deno.Command(command.program, {
      args: command.args,
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  #checkExit(status: Deno.CommandStatus): void {
    if (this.#cgroup?.wasOutOfMemory()) this.#exceeded ??= "memory";
    if (this.#exceeded !== null) throw exceededFailure(this.#exceeded, this.#job.limits);
    if (!status.success) throw badExit(exitText(status));
  }

  async #log(stderr: ReadableStream<Uint8Array>): Promise<void> {
    let lines = 0;
    const log = new LogLines((line) => {
      if (++lines <= MAX_LOG_LINES) this.#job.log?.(line);
    });
    for await (const bytes of stderr) log.push(bytes);
    log.end();
  }
}

/** A program may leave input unread: its last line states whether its output is complete. */
async function feed(
  stdin: WritableStream<Uint8Array>,
  source: AsyncIterable<Uint8Array>,
): Promise<void> {
  const writer = stdin.getWriter();
  const taken = (write: Promise<void>) => write.then(() => true, () => false);
  for await (const bytes of source) {
    if (!await taken(writer.write(bytes))) return;
  }
  await taken(writer.close());
}

function requireActive(os: OsSandbox): ActiveOsSandbox {
  if (os.active) return os;
  const text = `Cannot run the program: native programs need bubblewrap: ${os.why}`;
  throw new Failure("internal", "no-os-sandbox", text, {
    hint:
      "Install bubblewrap, allow user namespaces and restart manage, or compile the program to " +
      "WebAssembly.",
  });
}
