import type { Holder } from "../../staging/upload.ts";
import type { UploadWriter } from "../../staging/upload_writer.ts";
import type { BodyEnd } from "../../telemetry/events.ts";

/** How long a body may be silent. */
interface BodyOptions {
  /** Bytes that may come at most. */
  limit: number;
  /** Milliseconds without a byte until it is ended. */
  stallMs: number;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/**
 * Streams a request's body into a writer, with back-pressure, never more than a limit.
 *
 * @returns how the body ended; `too-long` when more came than the limit, all of which is in the
 * writer then
 * @throws {Failure} `no-space`, from the writer
 */
export async function streamBody(
  body: ReadableStream<Uint8Array> | null,
  writer: UploadWriter,
  holder: Holder,
  options: BodyOptions,
): Promise<BodyEnd | "too-long"> {
  if (!body) return "whole";
  const reader = readerOf(body, writer);
  const watch = watchBody(reader, holder, options);
  let left = options.limit;
  try {
    while (true) {
      const chunk = await reader.next();
      if (chunk === "cut") return watch.ended() ?? "cut";
      if (chunk === null) return watch.ended() ?? "whole";
      holder.activeAt = options.now();
      const isTooLong = chunk.length > left;
      await reader.store(isTooLong ? chunk.subarray(0, left) : chunk);
      if (isTooLong) return "too-long";
      left -= chunk.length;
    }
  } catch (error) {
    await drain(reader);
    throw error;
  } finally {
    watch.stop();
    // What is left unread is not wanted any more; the connection ends with the response.
    await reader.cancel();
  }
}

// A connection that is closed under a client that still sends takes the answer with it.
const DRAINED_BYTES = 16 * 1024 * 1024;

/** Throws away what comes, up to a bound, so that the client gets to read why. */
async function drain(reader: ChunkReader): Promise<void> {
  for (let left = DRAINED_BYTES; left > 0;) {
    const chunk = await reader.next();
    if (chunk === null || chunk === "cut") return;
    left -= chunk.length;
  }
}

/** Ends a body that is silent for too long, or that its holder is asked to end. */
function watchBody(
  reader: ChunkReader,
  holder: Holder,
  { stallMs, now }: BodyOptions,
): { ended(): BodyEnd | null; stop(): void } {
  let ended: BodyEnd | null = null;
  const end = (how: BodyEnd) => {
    ended ??= how;
    // A pending read ends with the stream.
    void reader.cancel();
  };
  holder.activeAt = now();
  holder.interrupt = () => end("interrupted");
  const timer = setInterval(() => {
    if (now() - holder.activeAt >= stallMs) end("stalled");
  }, Math.max(1, Math.min(stallMs / 4, 5000)));
  return { ended: () => ended, stop: () => clearInterval(timer) };
}

/** Takes a body apart into chunks that a writer stores. */
interface ChunkReader {
  /** The next bytes; null at the end, `cut` when the client went away in the middle. */
  next(): Promise<Uint8Array<ArrayBuffer> | null | "cut">;
  /** Stores the chunk that came last, or the beginning of it. */
  store(chunk: Uint8Array<ArrayBuffer>): Promise<void>;
  cancel(): Promise<void>;
}

type Chunks = ReadableStreamReadResult<Uint8Array<ArrayBuffer>>;

/**
 * Reads into the writer's own memory where the stream can do that, as those of real requests do: a
 * fresh buffer for each chunk, and a copy of it, keep the processor as busy as the hash.
 */
function readerOf(body: ReadableStream<Uint8Array>, writer: UploadWriter): ChunkReader {
  const byob = byobReaderOf(body);
  if (byob) {
    return {
      next: () => nextOf(byob.read(writer.memory())),
      store: (chunk) => writer.give(chunk),
      cancel: () => byob.cancel().catch(() => {}),
    };
  }
  const reader = body.getReader() as ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  return {
    next: () => nextOf(reader.read()),
    store: (chunk) => writer.write(chunk),
    cancel: () => reader.cancel().catch(() => {}),
  };
}

async function nextOf(reading: Promise<Chunks>): Promise<Uint8Array<ArrayBuffer> | null | "cut"> {
  try {
    const { done, value } = await reading;
    return done || value === undefined ? null : value;
  } catch {
    return "cut";
  }
}

function byobReaderOf(body: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | null {
  try {
    return body.getReader({ mode: "byob" });
  } catch {
    return null;
  }
}
