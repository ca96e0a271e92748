import { Failure } from "../../base/failure.ts";
import type { AppContext } from "./env.ts";
import { badRequest } from "./problem_response.ts";

/** How much of a body is read, and for how long. */
export interface BodyLimits {
  bytes: number;
  /** Milliseconds without a byte after which it fails with `body-stalled`. @default no limit */
  stallMs?: number;
  /** Returns the failure for a larger body. */
  tooLarge(): Failure;
}

/** For forms and small JSON. */
const SMALL: BodyLimits = {
  bytes: 64 * 1024,
  tooLarge: () => badRequest("Cannot read the body: it has more than 64 KiB"),
};

/** Up to this multiple of the limit, a larger body is still read, so that its sender gets the answer. */
const DROPPED = 3;

/**
 * Reads a request's body, with never more than the limit in memory.
 * @throws {Failure} that of `limits.tooLarge`, `body-stalled`
 */
export async function readBytes(
  c: AppContext,
  limits: BodyLimits,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = c.req.raw.body?.getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  try {
    while (reader) {
      const { done, value } = await inTime(reader.read(), limits.stallMs);
      if (done) break;
      bytes += value.length;
      if (bytes > DROPPED * limits.bytes) break;
      if (bytes <= limits.bytes) parts.push(value);
    }
  } finally {
    await reader?.cancel().catch(() => {});
  }
  if (bytes > limits.bytes) throw limits.tooLarge();
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/**
 * Reads a request's body as text.
 * @throws {Failure} as {@link readBytes} does; `bad-request` over 64 KiB without other limits
 */
export async function readText(c: AppContext, limits = SMALL): Promise<string> {
  return new TextDecoder().decode(await readBytes(c, limits));
}

/**
 * Reads a JSON body, whatever its `Content-Type`.
 * @param empty the value of an empty body; without it, one is refused
 * @throws {Failure} as {@link readText} does; `bad-request` if it is not JSON
 */
export async function readJson(
  c: AppContext,
  limits?: BodyLimits,
  empty?: unknown,
): Promise<unknown> {
  const text = await readText(c, limits);
  if (text === "" && empty !== undefined) return empty;
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest("Cannot read the body: it is not JSON");
  }
}

async function inTime<T>(work: Promise<T>, ms: number | undefined): Promise<T> {
  if (ms === undefined) return await work;
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(stalled()), ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function stalled(): Failure {
  return new Failure("refused", "body-stalled", "Cannot read the body: no more bytes arrived");
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
