/**
 * The private channel between the host and a sandbox's process: frames on its standard input and
 * output. Every frame carries a nonce that only the two ends know, so nothing else that the process
 * prints can pass for a message.
 *
 * A frame is: 16 bytes nonce, 1 byte kind, 4 bytes payload length (little-endian), payload.
 *
 * @module
 */
import { Failure } from "../../base/failure.ts";
import { releaseMemory } from "../../base/bytes.ts";

/** The kinds of frame, by direction. */
export const FRAME = {
  /** host → child: JSON of what to load. */
  prepare: 12,
  /** host → child: JSON of the limits; the process locks itself in. */
  lock: 13,
  /** host → child: JSON of a request; before it, nothing comes from a customer. */
  request: 1,
  /** host → child: a piece of the file. */
  data: 2,
  /** host → child: the file is complete. */
  end: 3,
  /** host → child: JSON of why the rest of the file cannot be read. */
  fail: 7,
  /** child → host: JSON of a reply. */
  reply: 4,
  /** child → host: an encoded batch of rows. */
  batch: 5,
  /** child → host: JSON of an array of rejects. */
  rejects: 6,
  /** child → host: JSON of a module's request to the host. */
  hostRequest: 10,
  /** host → child: JSON of the host's response. */
  hostResponse: 8,
  /** child → host: JSON of an array of notices. */
  notices: 11,
  /** child → host: a piece of the file was taken; the next one can be sent. */
  taken: 9,
} as const;
export type FrameKind = (typeof FRAME)[keyof typeof FRAME];

export interface Frame {
  kind: number;
  payload: Uint8Array;
}

export const NONCE_BYTES = 16;
const HEADER_BYTES = NONCE_BYTES + 5;
/** Maximum payload in bytes: bounds what one frame makes the other end hold in memory. */
const MAX_PAYLOAD = 64 * 1024 * 1024;

/** Writes frames, one at a time, in the order of the calls. */
export class FrameWriter {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #nonce: Uint8Array;

  constructor(stream: WritableStream<Uint8Array<ArrayBuffer>>, nonce: Uint8Array) {
    this.#writer = stream.getWriter();
    this.#nonce = nonce;
  }

  /** Resolves when the pipe has taken the frame, which is the back-pressure. */
  async write(kind: FrameKind, payload: Uint8Array): Promise<void> {
    const header = new Uint8Array(HEADER_BYTES);
    header.set(this.#nonce);
    header[NONCE_BYTES] = kind;
    new DataView(header.buffer).setUint32(NONCE_BYTES + 1, payload.length, true);
    const head = this.#writer.write(header);
    if (payload.length === 0) return await head;
    await Promise.all([head, this.#writer.write(payload as Uint8Array<ArrayBuffer>)]);
  }

  /** Writes bytes without a frame: only for the nonce, before everything else. */
  writeBare(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#writer.write(bytes);
  }

  writeJson(kind: FrameKind, value: unknown): Promise<void> {
    return this.write(kind, new TextEncoder().encode(JSON.stringify(value)));
  }

  /** Abandons the stream; what was not taken yet is lost. */
  async abort(): Promise<void> {
    await this.#writer.abort().catch(() => {});
  }
}

/**
 * Reads frames until the stream ends.
 *
 * @param signal ends it early, as if the stream had ended
 * @throws {Failure} `sandbox-forged` if bytes do not carry the nonce or a frame is too large;
 * `sandbox-cut-short` if the stream ends within a frame
 */
export async function* readFrames(
  stream: ReadableStream<Uint8Array>,
  nonce: Uint8Array,
  signal?: AbortSignal,
): AsyncGenerator<Frame> {
  const input = new ByteQueue(stream);
  signal?.addEventListener("abort", () => void input.cancel(), { once: true });
  try {
    for (let header; (header = await input.take(HEADER_BYTES)) !== null;) {
      const length = payloadLength(header, nonce);
      const payload = await input.take(length);
      if (payload === null) throw cutShort();
      yield { kind: header[NONCE_BYTES] ?? 0, payload };
    }
  } finally {
    await input.cancel();
  }
}

function payloadLength(header: Uint8Array, nonce: Uint8Array): number {
  for (let i = 0; i < NONCE_BYTES; i++) {
    if (header[i] !== nonce[i]) throw forged("output that is not a message");
  }
  const length = new DataView(header.buffer, header.byteOffset).getUint32(NONCE_BYTES + 1, true);
  if (length > MAX_PAYLOAD) throw forged(`a message of ${length} bytes`);
  return length;
}

function forged(what: string): Failure {
  return new Failure("refused", "sandbox-forged", `Cannot trust the sandbox: it sent ${what}`);
}

function cutShort(): Failure {
  const text = "Cannot continue: the sandbox ended in the middle of a message";
  return new Failure("refused", "sandbox-cut-short", text);
}

/** Reads a stream in pieces of a requested size. */
class ByteQueue {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #chunk = new Uint8Array(0);
  #at = 0;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  async cancel(): Promise<void> {
    await this.#reader.cancel().catch(() => {});
  }

  /** Exactly `count` bytes, copied; null if the stream ends before them. */
  async take(count: number): Promise<Uint8Array | null> {
    const out = new Uint8Array(count);
    let filled = 0;
    while (filled < count) {
      if (this.#at === this.#chunk.length) {
        releaseMemory(this.#chunk);
        const { done, value } = await this.#reader.read();
        if (done) return null;
        this.#chunk = value as Uint8Array<ArrayBuffer>;
        this.#at = 0;
      }
      const part = this.#chunk.subarray(this.#at, this.#at + count - filled);
      out.set(part, filled);
      filled += part.length;
      this.#at += part.length;
    }
    return out;
  }
}
