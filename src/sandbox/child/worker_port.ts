import { Failure, messageOf } from "../../base/failure.ts";
import { releaseMemory } from "../../base/bytes.ts";
import { InputWriter } from "../programs/shared_input.ts";
import { FRAME, type FrameWriter } from "../wire/frames.ts";
import type { FailedReply, FromWorker, SandboxReply, ToWorker } from "../wire/messages.ts";
import { MAX_NOTICE_CHARS, MAX_NOTICES } from "../wire/notice_limits.ts";

/** Pieces of the file that the Worker may have at once. */
const MAX_PIECES_UNDERWAY = 2;
const SANDBOX_FAILED = { code: "sandbox-failed", hint: undefined };

/** The Worker, with back-pressure: its messages leave in order, the pieces it has are counted. */
export class WorkerPort {
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
    this.terminate();
    return new WorkerPort(this.#out, entry);
  }

  terminate(): void {
    this.#worker.terminate();
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
    this.terminate();
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

/** The reply for an error. */
export function failed(error: unknown): FailedReply {
  const { code, hint } = error instanceof Failure ? error : SANDBOX_FAILED;
  return { type: "failed", code, message: messageOf(error), hint };
}
