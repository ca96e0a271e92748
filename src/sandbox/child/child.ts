/**
 * The main thread of a sandbox's process. It trusts neither the module nor the Worker: it passes bytes
 * between the host and the Worker, and adds the nonce, which the Worker does not know.
 *
 * @module
 */
import { ChildInput } from "./child_input.ts";
import { failed, WorkerPort } from "./worker_port.ts";
import { chooseEncodings } from "../formats/text/choose_encodings.ts";
import { encodingList } from "../wire/encoding_list.ts";
import { KernelLayers } from "../kernel/kernel_layers.ts";
import { unpacked } from "../formats/unpack/unpack.ts";
import { FRAME, type Frame, FrameWriter, NONCE_BYTES, readFrames } from "../wire/frames.ts";
import type {
  IngestRequest,
  Lock,
  Preparation,
  SandboxReply,
  SandboxRequest,
  Work,
} from "../wire/messages.ts";

const PARENT_POLL_MS = 500;
const INGEST_WORKER = new URL("../worker/ingest_worker.ts", import.meta.url);
const LIBRARY_WORKER = new URL("../worker/library_worker.ts", import.meta.url);
const PROGRAM_WORKER = new URL("../programs/program_worker.ts", import.meta.url);

type Frames = AsyncGenerator<Frame>;
type Serve = (request: SandboxRequest, frames: Frames) => Promise<void>;

/**
 * Serves one request from standard input and exits. What the request needs is loaded first; then the
 * process gives up everything but its memory and its pipes; then the request is read.
 */
export async function runChild(): Promise<void> {
  endWithParent();
  const kernel = KernelLayers.open();
  kernel.beforeWorker();
  const input = Deno.stdin.readable;
  const nonce = await takeNonce(input);
  const out = new FrameWriter(Deno.stdout.writable, nonce);
  const ready = new WorkerPort(out, INGEST_WORKER);
  const frames = readFrames(input, nonce);
  const say = (reply: SandboxReply) => out.writeJson(FRAME.reply, reply);
  try {
    const { work } = await next<Preparation>(frames, FRAME.prepare);
    const serve = await prepared(work, ready, say);
    await say({ type: "prepared" });
    const { dataBytes } = await next<Lock>(frames, FRAME.lock);
    const layers = kernel.afterWorker(dataBytes);
    dropPermissions();
    await say({ type: "locked", layers });
    await serve(await next<SandboxRequest>(frames, FRAME.request), frames);
  } catch (error) {
    await say(failed(error));
  }
  Deno.exit(0);
}

/** The next frame's JSON. A host that has nothing more to say ends the process. */
async function next<T>(frames: Frames, kind: number): Promise<T> {
  const { done, value } = await frames.next();
  if (done) Deno.exit(0);
  if (value.kind !== kind) throw new Error(`frame ${value.kind} came instead of ${kind}`);
  return JSON.parse(new TextDecoder().decode(value.payload));
}

/** Loads all that this kind of request needs. @param ready a Worker that was started in advance */
async function prepared(
  work: Work,
  ready: WorkerPort,
  say: (reply: SandboxReply) => Promise<void>,
): Promise<Serve> {
  if (work === "bundle") {
    ready.terminate();
    const { loadBundler } = await import("./bundler.ts");
    const bundle = await loadBundler();
    return async (request) => {
      if (request.type === "bundle") await say(await bundle(request.entry, request.files));
    };
  }
  const worker = work === "script"
    ? ready
    : ready.replacedBy(work === "library" ? LIBRARY_WORKER : PROGRAM_WORKER);
  await worker.ready;
  return async (request, frames) => {
    if (request.type === "bundle") return;
    if (request.type === "ingest") await feed(worker, request, frames);
    else worker.send(request);
    await worker.finished;
    await worker.settled();
  };
}

async function feed(
  worker: WorkerPort,
  request: IngestRequest,
  frames: Frames,
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
  for (const name of ["run", "ffi", "net", "write", "sys", "read", "env"] as const) {
    Deno.permissions.revokeSync({ name });
  }
}
