import { Failure } from "../../base/failure.ts";
import { type RejectView, rejectViewSchema, type RowCounts } from "../../protocol/file_view.ts";
import { FRAME, FrameWriter, NONCE_BYTES, readFrames } from "../wire/frames.ts";
import {
  type Grants,
  type HostRequest,
  type HostRequestHandler,
  hostRequestSchema,
  type HostResponse,
} from "../wire/host_messages.ts";
import {
  type IngestRequest,
  noticesSchema,
  type ProgramKind,
  replySchema,
  type SandboxReply,
  type SandboxRequest,
  workOf,
} from "../wire/messages.ts";
import { MAX_NOTICES } from "../wire/notice_limits.ts";
import { Cgroup } from "../os/cgroup.ts";
import { dataLimit } from "./data_limit.ts";
import { type Exceeded, type ProcessLimits, watchLimits } from "./limits.ts";
import { type IdlePipes, lastCharacters, watchForIdlePipes } from "./process_output.ts";
import { encodingList } from "../wire/encoding_list.ts";
import { Priority } from "./priority.ts";
import { killTree } from "./process_tree.ts";
import { type SandboxCommand, sandboxCommand } from "./sandbox_command.ts";
import {
  exceededFailure,
  forged,
  layersMissing,
  ModuleFault,
  parseMessage,
  ranOutOfMemory,
  repliedFailure,
  silentFailure,
  sourceFailure,
  tooMuchOutput,
  unexpectedReply,
} from "./sandbox_failures.ts";
import { Stopwatch } from "./stopwatch.ts";

/** One file to load, with the module that loads it. */
export interface IngestJob
  extends Omit<IngestRequest, "type" | "grants" | "encodings" | "maxKeyBytes"> {
  /** Opens the file. It is read twice if its encoding has to be chosen. */
  open: () => AsyncIterable<Uint8Array>;
  limits: ProcessLimits;
  /** What the module may request from the host. @default nothing */
  grants?: Grants;
}

/** Receives a run's results. Each promise is back-pressure on the sandbox. */
interface IngestSink {
  batch(bytes: Uint8Array): Promise<void>;
  rejects(rejects: RejectView[]): Promise<void>;
  /** At most 20 in all, of 300 characters each, without control characters. */
  notices?(texts: string[]): void;
  log?(text: string): void;
  /** Answers the module's requests. Without it, a request ends the run. */
  answer?: HostRequestHandler;
}

const rejectsSchema = rejectViewSchema.array();
/** The share of a sandbox's memory that may hold the keys of its file. */
const KEYS_SHARE = 0.25;
const MAX_STDERR_CHARS = 4_000;
const NO_GRANTS: Grants = { read: [], net: [], secrets: {} };
/** Pieces of the file that were sent to a sandbox and that it has not taken yet. */
const MAX_PIECES_UNDERWAY = 4;
const MAX_LOG_LINES = 1_000;
const MAX_LOG_CHARS = 1_000_000;

/**
 * A process of our own program that runs untrusted code. It serves one request and ends.
 *
 * @example
 * ```ts ignore
 * const sandbox = Sandbox.spawn();
 * const declaration = await sandbox.describe(script, { memoryBytes: 256e6, seconds: 10 });
 * ```
 */
export class Sandbox {
  readonly #process: Deno.ChildProcess;
  readonly #cgroup: Cgroup | null;
  readonly #layers: readonly string[];
  readonly #out: FrameWriter;
  readonly #frames: ReturnType<typeof readFrames>;
  readonly #idlePipes: IdlePipes;
  readonly #stderr: Promise<string>;
  /** The time for which the sandbox waited for the host: it does not count against its limit. */
  readonly #hostTime = new Stopwatch();
  #hasEnded = false;
  #framesRead = 0;
  #exceeded: Exceeded | null = null;
  #sourceError: unknown = null;
  #piecesUnderway = 0;
  #isOver = false;
  #resumeFeed: () => void = () => {};
  #loggedLines = 0;
  #loggedChars = 0;
  readonly #notices = new Set<string>();

  private constructor(
    process: Deno.ChildProcess,
    cgroup: Cgroup | null,
    nonce: Uint8Array<ArrayBuffer>,
    layers: readonly string[],
  ) {
    this.#process = process;
    this.#cgroup = cgroup;
    this.#layers = layers;
    this.#out = new FrameWriter(process.stdin, nonce);
    process.status.then(() => this.#hasEnded = true);
    const progress = () => this.#hostTime.isRunning ? null : this.#framesRead;
    this.#idlePipes = watchForIdlePipes(process.status, progress);
    const { signal } = this.#idlePipes;
    this.#frames = readFrames(process.stdout, nonce, signal);
    this.#stderr = lastCharacters(process.stderr, MAX_STDERR_CHARS, signal);
  }

  /**
   * Starts the process, inside the OS sandbox if this machine has one. It gets ready while the caller
   * does other things.
   *
   * @param command the command to start. @default our own program as a sandbox
   */
  static spawn(command: SandboxCommand = sandboxCommand()): Sandbox {
    const cgroup = Cgroup.create();
    const { program, args } = cgroup?.enter(command) ?? command;
    const process = new Deno.Command(program, {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      clearEnv: true,
    }).spawn();
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const sandbox = new Sandbox(process, cgroup, nonce, command.layers);
    // The nonce goes first, without a frame. If the process is already dead, it shows later.
    sandbox.#sent(sandbox.#out.writeBare(nonce));
    return sandbox;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /**
   * Bundles a module's sources into one script.
   * @throws {ModuleFault} if a source has a fault
   */
  async bundle(
    entry: string,
    files: Record<string, string>,
    limits: ProcessLimits,
  ): Promise<string> {
    const reply = await this.#request({ type: "bundle", entry, files }, limits);
    if (reply.type === "bundled") return reply.code;
    if (reply.type === "faults") throw new ModuleFault(reply.faults);
    throw unexpectedReply(reply);
  }

  /**
   * Returns a bundled module's declaration, unchecked. For a program, which does not declare
   * anything itself, this only checks that it can run.
   */
  async describe(script: string, limits: ProcessLimits, program?: ProgramKind): Promise<unknown> {
    const reply = await this.#request({ type: "describe", script, program }, limits);
    if (reply.type === "described") return reply.declaration;
    throw unexpectedReply(reply);
  }

  /**
   * Runs one file through a module.
   * @throws {Failure} The batches that the sink received before must be discarded.
   */
  async ingest(job: IngestJob, sink: IngestSink): Promise<RowCounts> {
    const { open, limits, grants = NO_GRANTS, ...rest } = job;
    try {
      const feed = async () => {
        const isWhole = encodingList(job.format) === null || await this.#feed(open());
        if (isWhole) await this.#feed(open());
      };
      const maxKeyBytes = limits.memoryBytes * KEYS_SHARE;
      const request = { type: "ingest" as const, ...rest, grants, maxKeyBytes };
      const reply = await this.#request(request, limits, sink, feed);
      if (reply.type !== "done") throw unexpectedReply(reply);
      return reply.rows;
    } catch (error) {
      throw this.#sourceError === null ? error : sourceFailure(this.#sourceError, error);
    }
  }

  /** @returns whether all of the file was sent */
  async #feed(source: AsyncIterable<Uint8Array>): Promise<boolean> {
    try {
      for await (const bytes of source) {
        // Fewer than the pipe can hold: a response to the module must not wait behind them.
        while (this.#piecesUnderway >= MAX_PIECES_UNDERWAY && !this.#isOver) {
          await new Promise<void>((resolve) => this.#resumeFeed = resolve);
        }
        if (this.#isOver) return false;
        this.#piecesUnderway++;
        // The child stops reading after a failure; its reply gives the reason.
        if (!await this.#sent(this.#out.write(FRAME.data, bytes))) return false;
      }
    } catch (error) {
      // The child still sends the rejects that it found before.
      this.#sourceError = error;
      await this.#sent(this.#out.writeJson(FRAME.fail, { message: "Cannot read the file" }));
      return false;
    }
    return await this.#sent(this.#out.write(FRAME.end, new Uint8Array(0)));
  }

  async #sent(write: Promise<void>): Promise<boolean> {
    try {
      await write;
      return true;
    } catch {
      return false;
    }
  }

  async #request(
    request: SandboxRequest,
    limits: ProcessLimits,
    sink: IngestSink | null = null,
    feed: () => Promise<void> = () => Promise.resolve(),
  ): Promise<SandboxReply> {
    this.#cgroup?.limitMemory(limits.memoryBytes);
    const priority = new Priority(this.pid, this.#cgroup);
    let isStarted = false;
    const unwatch = watchLimits(this.pid, limits, () => this.#hostTime.ms(), {
      exceeded: (what) => {
        this.#exceeded = what;
        this.kill();
      },
      // Building and describing end soon, and somebody waits for them.
      used: sink === null ? undefined : (cpuSeconds, running) => {
        if (isStarted) priority.lower(cpuSeconds, running);
      },
    });
    try {
      await this.#lock(request, limits, sink !== null);
      isStarted = true;
      await this.#sent(this.#out.writeJson(FRAME.request, request));
      const feeding = feed();
      const reply = await this.#reply(limits, sink).finally(() => {
        this.#isOver = true;
        this.#resumeFeed();
      });
      await feeding;
      return reply;
    } finally {
      unwatch();
      await this.close();
    }
  }

  /** Makes the process load what the request needs and lock itself in; nothing customer-made before. */
  async #lock(request: SandboxRequest, limits: ProcessLimits, withFile: boolean): Promise<void> {
    await this.#sent(this.#out.writeJson(FRAME.prepare, { work: workOf(request) }));
    await this.#reply(limits, null, withFile);
    const dataBytes = dataLimit(this.pid, limits.memoryBytes);
    await this.#sent(this.#out.writeJson(FRAME.lock, { dataBytes }));
    const reply = await this.#reply(limits, null, withFile);
    const set = reply.type === "locked" ? reply.layers : [];
    const missing = this.#layers.filter((layer) => !set.includes(layer));
    if (missing.length > 0) throw layersMissing(missing);
  }

  /** The next reply that is not a log line. @throws {Failure} if it says so, or none comes */
  async #reply(
    limits: ProcessLimits,
    sink: IngestSink | null,
    withFile = sink !== null,
  ): Promise<SandboxReply> {
    const reply = await this.#read(sink).catch(nullIfCutShort);
    if (reply === null) throw await this.#endFailure(limits, withFile);
    if (reply.type === "failed") throw repliedFailure(reply);
    return reply;
  }

  /** The sandbox's next reply; null if it ended without one. */
  async #read(sink: IngestSink | null): Promise<SandboxReply | null> {
    for (;;) {
      const { done, value } = await this.#frames.next();
      if (done) return null;
      const { kind, payload } = value;
      this.#framesRead++;
      this.#hostTime.start();
      if (kind === FRAME.batch) await sink?.batch(payload);
      else if (kind === FRAME.rejects) await sink?.rejects(parseMessage(rejectsSchema, payload));
      else if (kind === FRAME.reply) {
        const reply = parseMessage(replySchema, payload);
        if (reply.type === "log") this.#log(reply.text, sink);
        else if (reply.type !== "ready") {
          this.#hostTime.stop();
          return reply;
        }
      } else if (kind === FRAME.taken) {
        this.#piecesUnderway--;
        this.#resumeFeed();
      } else if (kind === FRAME.notices) {
        this.#note(parseMessage(noticesSchema, payload), sink);
      } else if (kind === FRAME.hostRequest) {
        await this.#answer(parseMessage(hostRequestSchema, payload), sink);
      } else throw forged(`a message of the unknown kind ${kind}`);
      this.#hostTime.stop();
    }
  }

  async #answer(request: HostRequest, sink: IngestSink | null): Promise<void> {
    if (!sink?.answer) throw forged("a request that it must not send");
    // Time spent on the network counts against the module, time spent on the storage does not.
    if (request.fetches.length > 0) this.#hostTime.cancel();
    const response: HostResponse = { id: request.id, ...await sink.answer(request) };
    await this.#sent(this.#out.writeJson(FRAME.hostResponse, response));
  }

  /** Two threads of the sandbox send notices, so their limit is applied here. */
  #note(texts: string[], sink: IngestSink | null): void {
    const plain = texts.map((text) => text.replaceAll(/\p{Cc}/gu, " "));
    const added = plain.filter((text) => !this.#notices.has(text))
      .slice(0, MAX_NOTICES - this.#notices.size);
    for (const text of added) this.#notices.add(text);
    if (added.length > 0) sink?.notices?.(added);
  }

  // The sandbox counts too, but one that was taken over may not.
  #log(text: string, sink: IngestSink | null): void {
    this.#loggedChars += text.length;
    if (++this.#loggedLines > MAX_LOG_LINES || this.#loggedChars > MAX_LOG_CHARS) {
      throw tooMuchOutput();
    }
    sink?.log?.(text);
  }

  async #endFailure(limits: ProcessLimits, withFile: boolean): Promise<Failure> {
    const status = await this.#process.status;
    const stderr = await this.#stderr;
    const isOutOfMemory = ranOutOfMemory(stderr) || this.#cgroup?.wasOutOfMemory();
    const exceeded = this.#exceeded ?? (isOutOfMemory ? "memory" : null);
    if (exceeded !== null) return exceededFailure(exceeded, limits, withFile);
    return silentFailure(status, stderr);
  }

  /** Ends the process and waits until all of it is gone. */
  async close(): Promise<void> {
    this.kill();
    await this.#out.abort();
    await this.#frames.return(undefined);
    if (!this.#process.stdout.locked) await this.#process.stdout.cancel();
    this.#hostTime.cancel();
    await Promise.all([this.#process.status, this.#stderr]);
    await this.#cgroup?.remove();
    this.#idlePipes.stop();
  }

  /** Kills the process and everything it has started. Safe to call at any time. */
  kill(): void {
    if (this.#hasEnded) return;
    this.#cgroup?.kill();
    if (Deno.build.os === "linux") killTree(this.pid);
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has already ended.
    }
  }
}

/** A process that was killed in the middle of a message has not sent a final reply either. */
function nullIfCutShort(error: unknown): null {
  if (error instanceof Failure && error.code === "sandbox-cut-short") return null;
  throw error;
}
