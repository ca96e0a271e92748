import { dirname, join } from "node:path";
import { Failure } from "../../base/failure.ts";
import { exceededFailure } from "./ended.ts";
import { cpuSecondsOf, type Exceeded, type ProcessLimits, watchLimits } from "./limits.ts";
import { osLayer } from "../os/os_layer.ts";
import { badExit } from "../wire/program_exit.ts";
import { findInterpreter } from "./interpreters.ts";
import { LogLines } from "../wire/log_lines.ts";

/** A native program and the file that it is to read. */
interface NativeJob {
  /** The interpreter's name and its arguments; those that name a file of the module are paths. */
  exec: readonly string[];
  /** The module's files by path. */
  files: Readonly<Record<string, string>>;
  fileName: string;
  source: AsyncIterable<Uint8Array>;
  limits: ProcessLimits;
  /** Receives the lines that it writes to standard error, the first of them. */
  log?: (text: string) => void;
}

/** Where the program sees its own folder. */
const FOLDER = "/module";
const MAX_LOG_LINES = 200;
/** What bubblewrap and shells add to the number of the signal that ended a program. */
const SIGNALLED = 128;

/** @throws {Failure} `no-os-sandbox`, `no-interpreter`: programs are run in no other way */
export function requireNativePrograms(interpreter: string): void {
  const layer = osLayer();
  if (!layer.active) throw noLayer(layer.why);
  findInterpreter(interpreter);
}

/**
 * A native program in the operating system's layer: it sees its own folder and its interpreter, and
 * nothing can be written or reached. It is started by {@link output}.
 */
export class NativeProgram {
  readonly #job: NativeJob;
  #folder: string | null = null;
  #process: Deno.ChildProcess | null = null;
  #exceeded: Exceeded | null = null;
  #isKilled = false;

  constructor(job: NativeJob) {
    this.#job = job;
  }

  /**
   * Runs the program and gives what it writes to standard output.
   * @throws {Failure} `no-os-sandbox`, `no-interpreter`, `program-exit`, and what tells of a limit
   */
  async *output(): AsyncGenerator<Uint8Array> {
    const { limits, source } = this.#job;
    const process = this.#process = await this.#start();
    const wait = new Stopwatch();
    const unwatch = watchLimits(process.pid, limits, () => wait.ms(), (what) => {
      this.#exceeded = what;
      this.kill();
    });
    try {
      const feeding = feed(process.stdin, source);
      // Without its input the program is of no use; the error is thrown below.
      feeding.catch(() => this.kill());
      const logging = this.#logOf(process.stderr);
      for await (const bytes of process.stdout) {
        wait.start();
        yield bytes;
        wait.stop();
      }
      const status = await process.status;
      await Promise.all([feeding, logging]);
      this.#judge(status);
    } finally {
      unwatch();
      this.kill();
    }
  }

  /** Ends the program at once. Safe to call at any time. */
  kill(): void {
    this.#isKilled = true;
    try {
      this.#process?.kill("SIGKILL");
    } catch {
      // It is gone already.
    }
  }

  /** Ends the program and takes away what was made for it. */
  async close(): Promise<void> {
    this.kill();
    await this.#process?.status;
    if (this.#folder !== null) await Deno.remove(this.#folder, { recursive: true });
    this.#folder = null;
  }

  async #start(): Promise<Deno.ChildProcess> {
    const { exec: [name = "", ...given], files, fileName, limits } = this.#job;
    const layer = osLayer();
    if (!layer.active) throw noLayer(layer.why);
    const { program, flags, paths } = findInterpreter(name);
    this.#folder = await Deno.makeTempDir({ prefix: "mysimbdp-program-" });
    for (const [path, text] of Object.entries(files)) {
      const target = join(this.#folder, path);
      await Deno.mkdir(dirname(target), { recursive: true });
      await Deno.writeTextFile(target, text);
    }
    const args = given.map((arg) => Object.hasOwn(files, arg) ? `${FOLDER}/${arg}` : arg);
    const command = layer.confine({
      program,
      args: [...flags, ...args, fileName],
      readOnly: {
        [FOLDER]: this.#folder,
        ...Object.fromEntries(paths.map((path) => [path, path])),
      },
      cpuSeconds: Math.ceil(cpuSecondsOf(limits)),
    });
    if (this.#isKilled) throw badExit("was ended before it began");
    return new Deno.Command(command.program, {
      args: command.args,
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  #judge({ code, signal }: Deno.CommandStatus): void {
    if (this.#exceeded !== null) throw exceededFailure(this.#exceeded, this.#job.limits);
    if (signal !== null) throw badExit(`was ended by ${signal}`);
    if (code > SIGNALLED) throw badExit(`was ended by signal ${code - SIGNALLED}`);
    if (code !== 0) throw badExit(`ended with code ${code}`);
  }

  async #logOf(stderr: ReadableStream<Uint8Array>): Promise<void> {
    let lines = 0;
    const log = new LogLines((line) => {
      if (++lines <= MAX_LOG_LINES) this.#job.log?.(line);
    });
    for await (const bytes of stderr) log.push(bytes);
    log.end();
  }
}

/** A program need not read all of its input: that it has done so is for its last line to say. */
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

/** Counts the time in which the program had to wait for us. */
class Stopwatch {
  #ms = 0;
  #since: number | null = null;

  start(): void {
    this.#since = performance.now();
  }

  stop(): void {
    this.#ms = this.ms();
    this.#since = null;
  }

  ms(): number {
    return this.#ms + (this.#since === null ? 0 : performance.now() - this.#since);
  }
}

function noLayer(why: string): Failure {
  const text =
    `Cannot run the program: programs run only in a layer of the operating system: ${why}`;
  return new Failure("internal", "no-os-sandbox", text, {
    hint: "Install bubblewrap and allow user namespaces, or compile the program to WebAssembly.",
  });
}
