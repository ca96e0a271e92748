import type { z } from "zod";
import { Failure, messageOf } from "../../base/failure.ts";
import { type RejectView, rejectViewSchema, type RowCounts } from "../../protocol/file_view.ts";
import type { TableSpec } from "../../batch/column.ts";
import type { DeclaredFormat } from "../wire/declaration.ts";
import { exceededFailure, silentFailure, tooTalkative } from "./ended.ts";
import { FRAME, FrameWriter, NONCE_BYTES, readFrames } from "../wire/frames.ts";
import { type Exceeded, type ProcessLimits, watchLimits } from "./limits.ts";
import {
  type Answer,
  type Answerer,
  type Ask,
  askSchema,
  type Grants,
} from "../wire/host_messages.ts";
import {
  type ProgramKind,
  type Reply,
  replySchema,
  type Request,
  type SourceFault,
} from "../wire/messages.ts";
import { sandboxCommand } from "./launch.ts";
import type { HostCommand } from "../os/resource_limits.ts";
import { endOfPipes, lastText, type PipesEnd } from "./pipes.ts";
import { killTree } from "./process_tree.ts";

/** What one file's run needs. */
export interface IngestJob {
  /** A bundled script; of a program in WebAssembly its bytes in base64, of a native one nothing. */
  script: string;
  program?: ProgramKind;
  fileName: string;
  /** Lower-case hex. */
  sha256: string;
  /** The module's patterns, which the files in an archive are held to as well. */
  files: string[];
  format: DeclaredFormat;
  tables: TableSpec[];
  source: AsyncIterable<Uint8Array>;
  limits: ProcessLimits;
  /** The longest record, in characters. */
  maxRecordChars: number;
  /** The most bytes that a compressed file may grow to. */
  maxInputBytes: number;
  /** The most bytes of a file that can only be read as a whole. */
  maxWholeBytes: number;
  /** What the module may ask for. @default nothing */
  grants?: Grants;
}

/** Where a run's results go. A promise is the back-pressure on the sandbox. */
interface IngestSink {
  batch(bytes: Uint8Array): Promise<void>;
  rejects(rejects: RejectView[]): Promise<void>;
  log?(text: string): void;
  /** Answers what the module asks for; without it, it may ask for nothing. */
  answer?: Answerer;
}

export type SandboxRows = Omit<RowCounts, "replaced">;

const rejectsSchema = rejectViewSchema.array();
const MAX_STDERR_CHARS = 4_000;
const MAX_MESSAGE_CHARS = 2_000;
const NO_GRANTS: Grants = { read: [], net: [], secrets: {} };
/** Pieces of the file that are on their way to a sandbox. */
const MAX_PIECES_UNDERWAY = 4;
const MAX_LOG_LINES = 1_000;
const MAX_LOG_CHARS = 1_000_000;

/**
 * One process of our own program that runs a stranger's code. It serves one request and is gone.
 *
 * @example
 * ```ts ignore
 * const sandbox = Sandbox.spawn();
 * const declaration = await sandbox.describe(script, { memoryBytes: 256e6, seconds: 10 });
 * ```
 */
export class Sandbox {
  readonly #process: Deno.ChildProcess;
  readonly #out: FrameWriter;
  readonly #frames: ReturnType<typeof readFrames>;
  readonly #pipesEnd: PipesEnd;
  readonly #stderr: Promise<string>;
  #hasEnded = false;
  #framesRead = 0;
  #exceeded: Exceeded | null = null;
  #waitedMs = 0;
  #waitingSince: number | null = null;
  #sourceFault: unknown = null;
  #piecesUnderway = 0;
  #isOver = false;
  #feedOn: () => void = () => {};
  #loggedLines = 0;
  #loggedChars = 0;

  private constructor(process: Deno.ChildProcess, nonce: Uint8Array<ArrayBuffer>) {
    this.#process = process;
    this.#out = new FrameWriter(process.stdin, nonce);
    process.status.then(() => this.#hasEnded = true);
    const progress = () => this.#waitingSince === null ? this.#framesRead : null;
    this.#pipesEnd = endOfPipes(process.status, progress);
    const { signal } = this.#pipesEnd;
    this.#frames = readFrames(process.stdout, nonce, signal);
    this.#stderr = lastText(process.stderr, MAX_STDERR_CHARS, signal);
  }

  /**
   * Starts the process, in the operating system's layer where there is one; it gets ready while the
   * caller does other things.
   *
   * @param command what is started. @default our own program as a sandbox
   */
  static spawn(command: HostCommand = sandboxCommand()): Sandbox {
    const { program, args } = command;
    const process = new Deno.Command(program, {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      clearEnv: true,
    }).spawn();
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const sandbox = new Sandbox(process, nonce);
    // The nonce goes first and bare; a process that is already dead is found out by its silence.
    sandbox.#sent(sandbox.#out.writeBare(nonce));
    return sandbox;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /**
   * Bundles a module's sources into one script.
   * @throws {ModuleFault} when a source is at fault
   */
  async bundle(
    entry: string,
    files: Record<string, string>,
    limits: ProcessLimits,
  ): Promise<string> {
    const reply = await this.#ask({ type: "bundle", entry, files }, limits);
    if (reply.type === "bundled") return reply.code;
    if (reply.type === "faults") throw new ModuleFault(reply.faults);
    throw unexpected(reply);
  }

  /**
   * What a bundled module declares, unchecked. A program declares nothing itself: it is only seen
   * whether it can be run.
   */
  async describe(script: string, limits: ProcessLimits, program?: ProgramKind): Promise<unknown> {
    const reply = await this.#ask({ type: "describe", script, program }, limits);
    if (reply.type === "described") return reply.declaration;
    throw unexpected(reply);
  }

  /**
   * Runs one file through a module.
   * @throws {Failure} with a code that says whose fault it is; batches given before it must be dropped
   */
  async ingest(job: IngestJob, sink: IngestSink): Promise<SandboxRows> {
    const { source, limits, grants = NO_GRANTS, ...request } = job;
    try {
      const feed = () => this.#feed(source);
      const reply = await this.#ask({ type: "ingest", ...request, grants }, limits, sink, feed);
      if (reply.type !== "done") throw unexpected(reply);
      return reply.rows;
    } catch (error) {
      throw this.#sourceFault === null ? error : behind(this.#sourceFault, error);
    }
  }

  async #feed(source: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const bytes of source) {
        // Not as many as the pipe takes: an answer must not wait behind them.
        while (this.#piecesUnderway >= MAX_PIECES_UNDERWAY && !this.#isOver) {
          await new Promise<void>((resolve) => this.#feedOn = resolve);
        }
        if (this.#isOver) return;
        this.#piecesUnderway++;
        // The child stops reading when it has failed; its reply tells why.
        if (!await this.#sent(this.#out.write(FRAME.data, bytes))) return;
      }
    } catch (error) {
      // The child is told, so that what was rejected before still comes back.
      this.#sourceFault = error;
      await this.#sent(this.#out.writeJson(FRAME.fail, { message: messageOf(error) }));
      return;
    }
    await this.#sent(this.#out.write(FRAME.end, new Uint8Array(0)));
  }

  async #sent(write: Promise<void>): Promise<boolean> {
    try {
      await write;
      return true;
    } catch {
      return false;
    }
  }

  async #ask(
    request: Request,
    limits: ProcessLimits,
    sink: IngestSink | null = null,
    afterwards: () => Promise<void> = () => Promise.resolve(),
  ): Promise<Reply> {
    const unwatch = watchLimits(this.pid, limits, () => this.#hostMs(), (what) => {
      this.#exceeded = what;
      this.kill();
    });
    try {
      await this.#sent(this.#out.writeJson(FRAME.request, request));
      const feeding = afterwards();
      const reply = await this.#read(sink).catch(silentIfCutShort).finally(() => {
        this.#isOver = true;
        this.#feedOn();
      });
      if (reply === null) throw await this.#ended(limits, sink !== null);
      if (reply.type === "failed") throw failureOf(reply);
      await feeding;
      return reply;
    } finally {
      unwatch();
      await this.close();
    }
  }

  /** The last word of the sandbox; null when it ended without one. */
  async #read(sink: IngestSink | null): Promise<Reply | null> {
    for await (const { kind, payload } of this.#frames) {
      this.#framesRead++;
      this.#waitingSince = performance.now();
      if (kind === FRAME.batch) await sink?.batch(payload);
      else if (kind === FRAME.rejects) await sink?.rejects(parseMessage(rejectsSchema, payload));
      else if (kind === FRAME.reply) {
        const reply = parseMessage(replySchema, payload);
        if (reply.type === "log") this.#log(reply.text, sink);
        else if (reply.type !== "ready") return reply;
      } else if (kind === FRAME.taken) {
        this.#piecesUnderway--;
        this.#feedOn();
      } else if (kind === FRAME.ask) {
        await this.#answer(parseMessage(askSchema, payload), sink);
      } else throw forged(`a message of the unknown kind ${kind}`);
      this.#waitedMs = this.#hostMs();
      this.#waitingSince = null;
    }
    return null;
  }

  async #answer(ask: Ask, sink: IngestSink | null): Promise<void> {
    if (!sink?.answer) throw forged("a question");
    // The network is slow on the module's own account, the storage is not.
    if (ask.fetches.length > 0) this.#waitingSince = null;
    const answer: Answer = { id: ask.id, ...await sink.answer(ask) };
    await this.#sent(this.#out.writeJson(FRAME.answer, answer));
  }

  // The sandbox counts too; one that was taken over may not.
  #log(text: string, sink: IngestSink | null): void {
    this.#loggedChars += text.length;
    if (++this.#loggedLines > MAX_LOG_LINES || this.#loggedChars > MAX_LOG_CHARS) {
      throw tooTalkative();
    }
    sink?.log?.(text);
  }

  /** Milliseconds for which the sandbox had to wait for us: they do not count against its time. */
  #hostMs(): number {
    const now = this.#waitingSince === null ? 0 : performance.now() - this.#waitingSince;
    return this.#waitedMs + now;
  }

  async #ended(limits: ProcessLimits, withFile: boolean): Promise<Failure> {
    const status = await this.#process.status;
    if (this.#exceeded !== null) return exceededFailure(this.#exceeded, limits, withFile);
    return silentFailure(status, await this.#stderr);
  }

  /** Ends the process and waits until nothing of it is left. */
  async close(): Promise<void> {
    this.kill();
    await this.#out.abort();
    await this.#frames.return(undefined);
    if (!this.#process.stdout.locked) await this.#process.stdout.cancel();
    this.#waitingSince = null;
    await Promise.all([this.#process.status, this.#stderr]);
    this.#pipesEnd.stop();
  }

  /** Ends the process at once, and what it has started. Safe to call at any time. */
  kill(): void {
    if (this.#hasEnded) return;
    if (Deno.build.os === "linux") killTree(this.pid);
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It is gone already.
    }
  }
}

/** Faults in a module's sources, each with its file and line. */
export class ModuleFault extends Failure {
  readonly faults: SourceFault[];

  constructor(faults: SourceFault[]) {
    const lines = faults.map((f) => `${f.file}:${f.line}:${f.column}: ${f.message}`);
    super("usage", "module-fault", `Cannot deploy the module:\n${lines.join("\n")}`);
    this.faults = faults;
  }
}

/** A process that was killed in the middle of a message has said no last word either. */
function silentIfCutShort(error: unknown): null {
  if (error instanceof Failure && error.code === "sandbox-cut-short") return null;
  throw error;
}

/** The failure that a sandbox tells of; `details.read` counts the records before it. */
function failureOf({ code, message, hint, read }: Extract<Reply, { type: "failed" }>): Failure {
  return new Failure("refused", code, message.slice(0, MAX_MESSAGE_CHARS), {
    hint: hint?.slice(0, MAX_MESSAGE_CHARS),
    details: { read: read ?? 0 },
  });
}

/** Why a file could not be had to its end, with the records that were read before. */
function behind(fault: unknown, told: unknown): unknown {
  if (!(fault instanceof Failure) || !(told instanceof Failure)) return fault;
  const { kind, code, message, hint, cause } = fault;
  return new Failure(kind, code, message, { hint, cause, details: told.details });
}

function unexpected(reply: Reply): Failure {
  return forged(`the answer "${reply.type}"`);
}

function forged(what: string, cause?: unknown): Failure {
  const text = `Cannot trust the sandbox: it sent ${what}`;
  return new Failure("refused", "sandbox-forged", text, { cause });
}

/** A message of a process that is not trusted: JSON, and of the shape that was agreed. */
function parseMessage<T>(schema: z.ZodType<T>, payload: Uint8Array): T {
  try {
    return schema.parse(JSON.parse(new TextDecoder().decode(payload)));
  } catch (error) {
    throw forged("a message of no known shape", error);
  }
}
