import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { z } from "zod";
import { addressGroup } from "../../base/address_group.ts";
import { Failure } from "../../base/failure.ts";
import { keepOwner } from "../../base/owner.ts";
import type { DiskState } from "../../data/disk_state.ts";
import { removeIfThere, TEMPORARY_SUFFIX, writeAll } from "../../data/durable.ts";
import type { AppContext } from "./env.ts";
import { badRequest } from "./problem_response.ts";
import { type SenderLimits, SenderWatch } from "./sender_watch.ts";

/** The size limit of a large body. */
export interface LargeBody {
  /** The folder of the temporary file, and its disk. */
  folder: string;
  disk: DiskState;
  /** Maximum number of bytes. */
  bytes: number;
  /** Returns the failure for a larger body. */
  tooLarge(): Failure;
}

const SMALL_BYTES = 64 * 1024;
/** Up to this multiple of the limit, a larger body is still read, so that its sender gets the answer. */
const DROPPED = 3;

/**
 * Reads a small body as text.
 * @throws {Failure} `bad-request` over 64 KiB, `body-stalled`, `upload-interrupted`, `too-busy`
 */
export async function readText(c: AppContext): Promise<string> {
  const { small, smallMs } = c.get("bodies");
  return await small.run(callerOf(c), async (displaced) => {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    const isWhole = await receive(c, {
      limit: SMALL_BYTES,
      ms: smallMs,
      displaced,
      store: (bytes) => void parts.push(bytes),
    });
    if (!isWhole) throw badRequest("Cannot read the body: it has more than 64 KiB");
    return new TextDecoder().decode(await new Blob(parts).arrayBuffer());
  });
}

/**
 * Reads a small JSON body, whatever its `Content-Type`.
 * @param empty the value of an empty body; without it, one is refused
 * @throws {Failure} as {@link readText} does; `bad-request` if it is not JSON
 */
export async function readJson(c: AppContext, empty?: unknown): Promise<unknown> {
  const text = await readText(c);
  return text === "" && empty !== undefined ? empty : parseJson(text);
}

/** Parses a body. @throws {Failure} `bad-request` if it is not JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest("Cannot read the body: it is not JSON");
  }
}

/** Checks a part of a request. @throws {Failure} `bad-request` */
export function parsed<S extends z.ZodType>(schema: S, value: unknown, part: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path = [], message } = result.error.issues[0] ?? {};
  const where = path.length > 0 ? `${part} "${path.join(".").slice(0, 100)}"` : "the body";
  throw badRequest(`Cannot use ${where}: ${message}`);
}

/**
 * Stores a large body in a file, runs `work` on it and removes the file. What a killed process leaves
 * is removed at the next start, with the other remains of uploads.
 * @throws {Failure} that of `tooLarge`, `body-stalled`, `upload-interrupted`, `too-busy`, `no-space`
 */
export async function withLargeBody<T>(
  c: AppContext,
  { folder, disk, bytes: limit, tooLarge }: LargeBody,
  work: (path: string) => Promise<T>,
): Promise<T> {
  const { large, largeMs, sender } = c.get("bodies");
  await disk.require(Math.min(limit, Number(c.req.header("Content-Length") ?? limit) || 0));
  return await large.run(callerOf(c), async (displaced) => {
    const path = join(folder, `.body-${randomUUID()}${TEMPORARY_SUFFIX}`);
    try {
      using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
      keepOwner(path);
      const store = (bytes: Uint8Array) => writeAll(file, bytes);
      if (!await receive(c, { limit, ms: largeMs, displaced, sender, store })) throw tooLarge();
      return await work(path);
    } finally {
      await removeIfThere(path);
    }
  });
}

/** Who shares the slots of a request: an operator, a customer, or the network of an outsider. */
export function callerOf(c: AppContext): string {
  const operator = c.get("operator");
  if (operator !== undefined) return `operator ${operator}`;
  const tenant = c.get("tenant");
  if (tenant !== undefined) return `customer ${tenant}`;
  return `address ${addressGroup(c.env?.address ?? "local")}`;
}

/** How a body is received. */
interface Receiving {
  /** Maximum number of bytes to store. */
  limit: number;
  /** Milliseconds until it must have ended. */
  ms: number;
  /** Aborts when another body has its slot. */
  displaced: AbortSignal;
  /** @default only the time counts */
  sender?: SenderLimits;
  store(bytes: Uint8Array<ArrayBuffer>): void | Promise<void>;
}

/**
 * Stores a body up to its limit.
 * @returns whether that was all of it
 */
async function receive(c: AppContext, options: Receiving): Promise<boolean> {
  const { limit, ms, displaced, sender, store } = options;
  const reader = c.req.raw.body?.getReader();
  if (!reader) return true;
  const ended = new AbortController();
  // A pending read ends with the stream.
  ended.signal.addEventListener("abort", () => void reader.cancel().catch(() => {}));
  const timer = setTimeout(() => ended.abort(stalled()), ms);
  const onDisplaced = () => ended.abort(displaced.reason);
  displaced.addEventListener("abort", onDisplaced);
  using watch = sender ? new SenderWatch(sender, () => ended.abort(stalled())) : null;
  let bytes = 0;
  try {
    while (bytes <= DROPPED * limit) {
      watch?.waits();
      const { done, value } = await reader.read().catch(() => Promise.reject(cutOff()));
      ended.signal.throwIfAborted();
      if (done) break;
      watch?.received(value.length);
      bytes += value.length;
      if (bytes <= limit) await store(value);
    }
    return bytes <= limit;
  } catch (error) {
    // The rest of the body will not be read.
    c.header("Connection", "close");
    throw error;
  } finally {
    clearTimeout(timer);
    displaced.removeEventListener("abort", onDisplaced);
    await reader.cancel().catch(() => {});
  }
}

function cutOff(): Failure {
  return new Failure("refused", "upload-interrupted", "Cannot read the body: it was cut off");
}

function stalled(): Failure {
  return new Failure("refused", "body-stalled", "Cannot read the body: it arrives too slowly");
}

// Closing the connection of a client that is still sending would lose the answer.
const DROPPED_BYTES = 16 * 1024 * 1024;
const DROPPED_MS = 5_000;

/** Reads and drops the body of a refused request, up to a limit, so that its sender gets the answer. */
export async function dropBody({ body, bodyUsed }: Request): Promise<void> {
  if (body === null || bodyUsed || body.locked) return;
  const reader = body.getReader();
  const timer = setTimeout(() => void reader.cancel().catch(() => {}), DROPPED_MS);
  try {
    for (let left = DROPPED_BYTES; left > 0;) {
      const { done, value } = await reader.read();
      if (done) return;
      left -= value.length;
    }
  } catch {
    // The client has gone.
  } finally {
    clearTimeout(timer);
    await reader.cancel().catch(() => {});
  }
}
