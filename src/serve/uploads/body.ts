import { systemClock } from "../../base/clock.ts";
import type { Holder } from "../../staging/upload.ts";
import type { UploadWriter } from "../../staging/upload_writer.ts";
import type { BodyEnd } from "../../telemetry/events.ts";
import { type SenderLimits, SenderWatch } from "../http/sender_watch.ts";

/** Limits of a body. */
interface BodyOptions {
  /** Maximum number of bytes. */
  limit: number;
  sender: SenderLimits;
  /** Aborts when another body has its slot. */
  displaced: AbortSignal;
}

/**
 * Streams the body of a request into a writer, with back-pressure and up to a limit.
 *
 * @returns how the body ended; `too-long` if it exceeds the limit, in which case the writer has the
 * bytes up to the limit
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
  using watch = watchBody(reader, holder, options);
  let left = options.limit;
  try {
    while (true) {
      watch.waits();
      const chunk = await reader.next();
      if (chunk === "cut") return watch.ended() ?? "cut";
      if (chunk === null) return watch.ended() ?? "whole";
      holder.activeAt = systemClock.monotonic();
      watch.received(chunk.length);
      const isTooLong = chunk.length > left;
      await reader.store(isTooLong ? chunk.subarray(0, left) : chunk);
      if (isTooLong) return "too-long";
      left -= chunk.length;
    }
  } catch (error) {
    await drain(reader);
    throw error;
  } finally {
    // Unread bytes are dropped; the connection ends with the response.
    await reader.cancel();
  }
}

// Closing the connection of a client that is still sending would lose the answer.
const DRAINED_BYTES = 16 * 1024 * 1024;

/** Reads and drops bytes, up to a limit, so that the client can read the answer. */
async function drain(reader: ChunkReader): Promise<void> {
  for (let left = DRAINED_BYTES; left > 0;) {
    const chunk = await reader.next();
    if (chunk === null || chunk === "cut") return;
    left -= chunk.length;
  }
}

/** Ends a body that stalls, or when its holder is interrupted or has lost its slot. */
function watchBody(
  reader: ChunkReader,
  holder: Holder,
  { sender, displaced }: BodyOptions,
): BodyWatch {
  let ended: BodyEnd | null = null;
  const end = (how: BodyEnd) => {
    ended ??= how;
    // A pending read ends with the stream.
    void reader.cancel();
  };
  holder.activeAt = systemClock.monotonic();
  holder.interrupt = () => end("interrupted");
  const onDisplaced = () => end("displaced");
  displaced.addEventListener("abort", onDisplaced);
  const watch = new SenderWatch(sender, () => end("stalled"));
  return {
    ended: () => ended,
    waits: () => watch.waits(),
    received: (bytes) => watch.received(bytes),
    [Symbol.dispose]() {
      watch[Symbol.dispose]();
      displaced.removeEventListener("abort", onDisplaced);
    },
  };
}

interface BodyWatch extends Pick<SenderWatch, "waits" | "received">, Disposable {
  /** Why the body was ended early; null if it was not. */
  ended(): BodyEnd | null;
}

/** Reads a body in chunks that a writer stores. */
interface ChunkReader {
  /** The next bytes; null at the end, `cut` if the client disconnected before it. */
  next(): Promise<Uint8Array<ArrayBuffer> | null | "cut">;
  /** Stores the last chunk, or the first part of it. */
  store(chunk: Uint8Array<ArrayBuffer>): Promise<void>;
  cancel(): Promise<void>;
}

type Chunks = ReadableStreamReadResult<Uint8Array<ArrayBuffer>>;

/**
 * Reads directly into the writer's memory if the stream supports it, as those of real requests do:
 * allocating and copying a buffer for each chunk costs as much CPU time as hashing.
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
