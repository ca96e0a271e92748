/**
 * The main thread of a sandbox's process. It trusts neither the module nor its Worker: it moves
 * bytes between the host and the Worker and adds the nonce that the Worker does not know.
 *
 * @module
 */
import { Failure, messageOf } from "../../base/failure.ts";
import { giveBack } from "../../base/bytes.ts";
import { ChildInput } from "./child_input.ts";
import { isTextFormat } from "../formats/record_reader.ts";
import { unpacked } from "../formats/unpack.ts";
import { InputWriter } from "../programs/shared_input.ts";
import { FRAME, type Frame, FrameWriter, NONCE_BYTES, readFrames } from "../wire/frames.ts";
import type { FromWorker, Reply, Request, ToWorker } from "../wire/messages.ts";

/** Pieces of the file that the Worker may hold at once. */
const WINDOW = 2;
const PARENT_POLL_MS = 500;
const INGEST_WORKER = new URL("../worker/ingest_worker.ts", import.meta.url);
const LIBRARY_WORKER = new URL("../worker/library_worker.ts", import.meta.url);
const PROGRAM_WORKER = new URL("../programs/program_worker.ts", import.meta.url);
const SANDBOX_FAILED = { code: "sandbox-failed", hint: undefined };

/** Serves one request on standard input and ends. */
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
  const request: Request = JSON.parse(new TextDecoder().decode(frame.payload));
  if (request.type === "bundle") {
    const { bundleModule } = await import("./bundler.ts");
    await out.writeJson(FRAME.reply, await bundleModule(request.entry, request.files));
    return;
  }
  const entry = workerFor(request);
  const worker = entry === INGEST_WORKER ? ready : ready.replacedBy(entry);
  // From here on nothing more is loaded.
  await worker.ready;
  for (const name of ["read", "env"] as const) Deno.permissions.revokeSync({ name });
  if (request.type === "ingest") await feed(worker, request, frames);
  else worker.send(request);
  await worker.finished;
  await worker.settled();
}

/** The program that a Worker for this request needs. */
function workerFor(request: Exclude<Request, { type: "bundle" }>): URL {
  if (request.program) return PROGRAM_WORKER;
  return request.type === "ingest" && !isTextFormat(request.format)
    ? LIBRARY_WORKER
    : INGEST_WORKER;
}

async function feed(
  worker: WorkerPort,
  request: Extract<Request, { type: "ingest" }>,
  frames: AsyncIterable<Frame>,
): Promise<void> {
  const input = request.program === "wasi" ? worker.shareInput() : undefined;
  worker.send({ ...request, input });
  const fromHost = new ChildInput(
    frames,
    (json) => worker.send({ type: "answer", answer: JSON.parse(json) }),
  );
  try {
    const pieces = fromHost.pieces(() => worker.tookPiece());
    for await (const piece of unpacked(pieces, request)) {
      if (piece instanceof Uint8Array) {
        if (!await worker.take(piece)) break;
      } else worker.send({ type: "entry", name: piece.entry });
    }
    await worker.end();
  } catch (error) {
    worker.fail(failed(error));
  }
}

/** The Worker with back-pressure: what it says goes out in order, what it takes is counted. */
class WorkerPort {
  readonly #worker: Worker;
  readonly #out: FrameWriter;
  /** Resolves when the Worker has loaded, or has failed to. */
  readonly ready: Promise<void>;
  readonly finished: Promise<void>;
  #loaded: () => void = () => {};
  #finish: () => void = () => {};
  #input: InputWriter | null = null;
  #over = false;
  #written: Promise<void> = Promise.resolve();
  #held = 0;
  #wake: (() => void) | null = null;

  /** @param entry of the Worker's program */
  constructor(out: FrameWriter, entry: URL) {
    this.#out = out;
    this.ready = new Promise((resolve) => this.#loaded = resolve);
    this.finished = new Promise((resolve) => this.#finish = resolve);
    this.#worker = new Worker(entry, {
      type: "module",
      // @ts-ignore: Deno's own option of Worker, which the DOM's types do not know
      deno: { permissions: "none" },
    });
    this.#worker.onmessage = ({ data }) => this.#receive(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#say(failed(new Failure("refused", "module-crashed", `Cannot go on: ${event.message}`)));
    };
  }

  /** Ends this Worker, which has done nothing yet, and starts another. */
  replacedBy(entry: URL): WorkerPort {
    this.#worker.terminate();
    return new WorkerPort(this.#out, entry);
  }

  send(message: ToWorker): void {
    const transfer = message.type === "chunk" ? [message.bytes.buffer as ArrayBuffer] : [];
    this.#worker.postMessage(message, transfer);
  }

  /** From now on the file goes through shared memory: the Worker will hear of nothing else. */
  shareInput(): SharedArrayBuffer {
    this.#input = new InputWriter();
    return this.#input.memory;
  }

  /** Hands over a piece of the file and waits until there is room for another. False: it is over. */
  async take(bytes: Uint8Array): Promise<boolean> {
    if (this.#input) {
      await Promise.race([this.#input.write(bytes), this.finished]);
      return !this.#over;
    }
    // A view of somebody else's memory must not be transferred away from under it.
    const own = bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
    this.send({ type: "chunk", bytes: own });
    this.#held++;
    while (this.#held >= WINDOW && !this.#over) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return !this.#over;
  }

  /** The file is complete. */
  async end(): Promise<void> {
    if (this.#input) await Promise.race([this.#input.end(), this.finished]);
    else this.send({ type: "end" });
  }

  /** The rest of the file cannot be had. */
  fail(reason: Extract<Reply, { type: "failed" }>): void {
    if (this.#input === null) return this.send({ ...reason, type: "fail" });
    // The program would be free to go on as if nothing were missing.
    this.#worker.terminate();
    this.#say(reason);
  }

  /** Tells the host that a piece of the file was taken, behind what was said before. */
  tookPiece(): void {
    this.#write(() => this.#out.write(FRAME.taken, new Uint8Array(0)));
  }

  /** Resolves when all that was said has left. */
  settled(): Promise<void> {
    return this.#written;
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case "batch":
        return this.#write(async () => {
          await this.#out.write(FRAME.batch, message.bytes);
          giveBack(message.bytes);
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
          this.#held--;
          this.#wake?.();
          return Promise.resolve();
        });
      case "ask":
        return this.#write(() => this.#out.writeJson(FRAME.ask, message.ask));
      case "reply":
        return this.#say(message.reply);
    }
  }

  #say(reply: Reply): void {
    this.#write(() => this.#out.writeJson(FRAME.reply, reply));
    if (reply.type === "log") return;
    this.#loaded();
    if (reply.type === "ready") return;
    this.#over = true;
    this.#wake?.();
    this.#finish();
  }

  #write(step: () => Promise<void>): void {
    this.#written = this.#written.then(step).catch(() => Deno.exit(1));
  }
}

function failed(error: unknown): Extract<Reply, { type: "failed" }> {
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

// Standard input may be unread for long; a parent that died shows as a new parent.
function endWithParent(): void {
  const parent = Deno.ppid;
  setInterval(() => {
    if (Deno.ppid !== parent) Deno.exit(3);
  }, PARENT_POLL_MS);
}

// Not the boundary (the Worker has no permissions to begin with), but one thing less to take.
function dropPermissions(): void {
  for (const name of ["run", "ffi", "net", "write", "sys"] as const) {
    Deno.permissions.revokeSync({ name });
  }
}
