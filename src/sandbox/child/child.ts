/**
 * The main thread of a sandbox's process. It trusts neither the module nor the Worker: it passes bytes
 * between the host and the Worker, and adds the nonce, which the Worker does not know.
 *
 * @module
 */
import { Failure, messageOf } from "../../base/failure.ts";
import { releaseMemory } from "../../base/bytes.ts";
import { ChildInput } from "./child_input.ts";
import { chooseEncodings } from "../formats/text/choose_encodings.ts";
import { encodingList } from "../wire/encoding_list.ts";
import { isTextFormat } from "../formats/record_reader.ts";
import { unpacked } from "../formats/unpack/unpack.ts";
import { InputWriter } from "../programs/shared_input.ts";
import { FRAME, type Frame, FrameWriter, NONCE_BYTES, readFrames } from "../wire/frames.ts";
import { MAX_NOTICE_CHARS, MAX_NOTICES } from "../wire/notice_limits.ts";
import type {
  FailedReply,
  FromWorker,
  IngestRequest,
  SandboxReply,
  SandboxRequest,
  ToWorker,
} from "../wire/messages.ts";

/** Pieces of the file that the Worker may have at once. */
const MAX_PIECES_UNDERWAY = 2;
const PARENT_POLL_MS = 500;
const INGEST_WORKER = new URL("../worker/ingest_worker.ts", import.meta.url);
const LIBRARY_WORKER = new URL("../worker/library_worker.ts", import.meta.url);
const PROGRAM_WORKER = new URL("../programs/program_worker.ts", import.meta.url);
const SANDBOX_FAILED = { code: "sandbox-failed", hint: undefined };

/** Serves one request from standard input and exits. */
export async function runChild(): Promise<void> {
  endWithParent();
  const input = Deno.stdin.readable;
  const nonce = await takeNonce(input);
  const out = new FrameWriter(Deno.stdout.writable, nonce);
  const worker = new WorkerPort(out, INGEST_WORKER);
  dropPermissions();
  const frames = readFrames(input, nonce);
  try {
    const first = await frames.next();
    if (!first.done) await serveRequest(first.value, frames, worker, out);
  } catch (error) {
    await out.writeJson(FRAME.reply, failed(error));
  }
  Deno.exit(0);
}

async function serveRequest(
  frame: Frame,
  frames: AsyncIterable<Frame>,
  ready: WorkerPort,
  out: FrameWriter,
): Promise<void> {
  const request: SandboxRequest = JSON.parse(new TextDecoder().decode(frame.payload));
  if (request.type === "bundle") {
    const { bundleModule } = await import("./bundler.ts");
    await out.writeJson(FRAME.reply, await bundleModule(request.entry, request.files));
    return;
  }
  const entry = workerFor(request);
  const worker = entry === INGEST_WORKER ? ready : ready.replacedBy(entry);
  // Nothing more is loaded after this point.
  await worker.ready;
  for (const name of ["read", "env"] as const) Deno.permissions.revokeSync({ name });
  if (request.type === "ingest") await feed(worker, request, frames);
  else worker.send(request);
  await worker.finished;
  await worker.settled();
}

/** The script of the Worker that this request needs. */
function workerFor(request: Exclude<SandboxRequest, { type: "bundle" }>): URL {
  if (request.program) return PROGRAM_WORKER;
  return request.type === "ingest" && !isTextFormat(request.format)
    ? LIBRARY_WORKER
    : INGEST_WORKER;
}

async function feed(
  worker: WorkerPort,
  request: IngestRequest,
  frames: AsyncIterable<Frame>,
): Promise<void> {
  const input = request.program === "wasi" ? worker.shareInput() : undefined;
  const fromHost = new ChildInput(
    frames,
    (json) => worker.send({ type: "hostResponse", response: JSON.parse(json) }),
  );
  const pieces = () => unpacked(fromHost.pieces(() => worker.tookPiece()), request);
  try {
    const list = encodingList(request.format);
    const encodings = list === null ? undefined : await chooseEncodings(pieces(), list);
    worker.send({ ...request, input, encodings });
    for await (const piece of pieces()) {
      if (piece instanceof Uint8Array) {
        if (!await worker.take(piece)) break;
      } else if ("notice" in piece) worker.note([piece.notice]);
      else worker.send({ type: "entry", name: piece.entry });
    }
    await worker.end();
  } catch (error) {
    worker.fail(failed(error));
  }
}

/** The Worker, with back-pressure: its messages leave in order, the pieces it has are counted. */
class WorkerPort {
  readonly #worker: Worker;
  readonly #out: FrameWriter;
  /** Resolves when the Worker has loaded or has failed to load. */
  readonly ready: Promise<void>;
  readonly finished: Promise<void>;
  #loaded: () => void = () => {};
  #finish: () => void = () => {};
  #input: InputWriter | null = null;
  #isOver = false;
  #written: Promise<void> = Promise.resolve();
  #underway = 0;
  #wake: (() => void) | null = null;

  /** @param entry the Worker's script */
  constructor(out: FrameWriter, entry: URL) {
    this.#out = out;
    this.ready = new Promise((resolve) => this.#loaded = resolve);
    this.finished = new Promise((resolve) => this.#finish = resolve);
    this.#worker = new Worker(entry, {
      type: "module",
      // @ts-ignore: an option of Deno that the DOM's types lack
      deno: { permissions: "none" },
    });
    this.#worker.onmessage = ({ data }) => this.#receive(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const text = `Cannot run the module: ${event.message}`;
      this.#say(failed(new Failure("refused", "module-crashed", text)));
    };
  }

  /** Ends this Worker, which is still unused, and starts another. */
  replacedBy(entry: URL): WorkerPort {
    this.#worker.terminate();
    return new WorkerPort(this.#out, entry);
  }

  send(message: ToWorker): void {
    const transfer = message.type === "chunk" ? [message.bytes.buffer as ArrayBuffer] : [];
    this.#worker.postMessage(message, transfer);
  }

  /** Passes the file through shared memory: a running program receives no messages. */
  shareInput(): SharedArrayBuffer {
    this.#input = new InputWriter();
    return this.#input.memory;
  }

  /** Passes on a piece of the file and waits for room for the next. @returns false if the run ended */
  async take(bytes: Uint8Array): Promise<boolean> {
    if (this.#input) {
      await Promise.race([this.#input.write(bytes), this.finished]);
      return !this.#isOver;
    }
    // Transferring a view would take away the rest of its memory too.
    const own = bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
    this.send({ type: "chunk", bytes: own });
    this.#underway++;
    while (this.#underway >= MAX_PIECES_UNDERWAY && !this.#isOver) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return !this.#isOver;
  }

  /** The file is complete. */
  async end(): Promise<void> {
    if (this.#input) await Promise.race([this.#input.end(), this.finished]);
    else this.send({ type: "end" });
  }

  /** The rest of the file cannot be read. */
  fail(reason: FailedReply): void {
    if (this.#input === null) return this.send({ ...reason, type: "fail" });
    // The program would continue as if the file were complete.
    this.#worker.terminate();
    this.#say(reason);
  }

  /** Reports to the host that a piece of the file was taken, after all earlier messages. */
  tookPiece(): void {
    this.#write(() => this.#out.write(FRAME.taken, new Uint8Array(0)));
  }

  /** Reports remarks about the file to the host. */
  note(texts: string[]): void {
    const cut = texts.slice(0, MAX_NOTICES).map((text) => text.slice(0, MAX_NOTICE_CHARS));
    this.#write(() => this.#out.writeJson(FRAME.notices, cut));
  }

  /** Resolves when all messages have left. */
  settled(): Promise<void> {
    return this.#written;
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case "batch":
        return this.#write(async () => {
          await this.#out.write(FRAME.batch, message.bytes);
          releaseMemory(message.bytes);
          if (this.#input) this.#input.sent();
          else this.send({ type: "sent" });
        });
      case "rejects":
        return this.#write(() =>
          this.#out.write(FRAME.rejects, new TextEncoder().encode(message.json))
        );
      case "taken":
        if (this.#input) return this.#input.taken();
        return this.#write(() => {
          this.#underway--;
          this.#wake?.();
          return Promise.resolve();
        });
      case "notices":
        return this.note(message.texts);
      case "hostRequest":
        return this.#write(() => this.#out.writeJson(FRAME.hostRequest, message.request));
      case "reply":
        return this.#say(message.reply);
    }
  }

  #say(reply: SandboxReply): void {
    this.#write(() => this.#out.writeJson(FRAME.reply, reply));
    if (reply.type === "log") return;
    this.#loaded();
    if (reply.type === "ready") return;
    this.#isOver = true;
    this.#wake?.();
    this.#finish();
  }

  #write(step: () => Promise<void>): void {
    this.#written = this.#written.then(step).catch(() => Deno.exit(1));
  }
}

function failed(error: unknown): FailedReply {
  const { code, hint } = error instanceof Failure ? error : SANDBOX_FAILED;
  return { type: "failed", code, message: messageOf(error), hint };
}

async function takeNonce(input: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const reader = input.getReader({ mode: "byob" } as never) as unknown as ReadableStreamBYOBReader;
  const { value } = await reader.read(new Uint8Array(NONCE_BYTES), { min: NONCE_BYTES });
  reader.releaseLock();
  if (!value || value.length !== NONCE_BYTES) Deno.exit(2);
  return value;
}

// Standard input may stay unread for long, so it does not show that the parent died; a new parent does.
function endWithParent(): void {
  const parent = Deno.ppid;
  setInterval(() => {
    if (Deno.ppid !== parent) Deno.exit(3);
  }, PARENT_POLL_MS);
}

// Defence in depth: the boundary is the Worker, which has no permissions to begin with.
function dropPermissions(): void {
  for (const name of ["run", "ffi", "net", "write", "sys"] as const) {
    Deno.permissions.revokeSync({ name });
  }
}
