import { TUS_VERSION } from "../../protocol/paths.ts";
import { Failure } from "../../base/failure.ts";
import type { AppContext, AppHandler, AppMiddleware } from "../http/env.ts";
import { badRequest } from "../http/problem_response.ts";
import { CHECKSUM_ALGORITHMS } from "./checksum.ts";

/**
 * The supported extensions of tus 1.0.0. The server is our own because @tus/server lacks the checksum
 * extension.
 */
const TUS_EXTENSIONS = [
  "creation",
  "creation-with-upload",
  "checksum",
  "termination",
  "expiration",
] as const;

/** The media type of the bytes of an upload. */
export const OFFSET_STREAM = "application/offset+octet-stream";

/**
 * Adds the version to each tus answer, and refuses other versions with 412. OPTIONS is exempt, and so
 * is GET, which is not part of tus.
 */
export function speakTus(): AppMiddleware {
  return async (c, next) => {
    const isTus = c.req.raw.method !== "GET";
    try {
      if (isTus && c.req.method !== "OPTIONS") requireVersion(c);
      await next();
    } finally {
      if (isTus) c.header("Tus-Resumable", TUS_VERSION);
    }
  };
}

/** `POST /v1/uploads/:id` for clients that cannot send other methods (X-HTTP-Method-Override). */
export function overridden(handlers: Record<string, AppHandler>): AppHandler {
  return (c) => {
    const method = c.req.header("X-HTTP-Method-Override")?.toUpperCase();
    const handler = method === undefined ? undefined : handlers[method];
    if (handler) return handler(c);
    throw badRequest(
      "Cannot POST to an upload",
      "Send PATCH, HEAD or DELETE, or set X-HTTP-Method-Override to one of them.",
    );
  };
}

/** The headers of OPTIONS, which list the capabilities of the server. */
export function discoveryHeaders(maxSize: number): Record<string, string> {
  return {
    "Tus-Version": TUS_VERSION,
    "Tus-Extension": TUS_EXTENSIONS.join(","),
    "Tus-Checksum-Algorithm": CHECKSUM_ALGORITHMS.join(","),
    "Tus-Max-Size": String(maxSize),
  };
}

/**
 * Parses a header with a number of bytes; undefined if it is missing.
 * @throws {Failure} `bad-request`
 */
export function byteCount(c: AppContext, header: string): number | undefined {
  const text = c.req.header(header);
  if (text === undefined) return undefined;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(value)) return value;
  throw badRequest(`Cannot use ${header} ${JSON.stringify(text)}: it is not a number of bytes`);
}

/** True if the body has the media type of tus; its parameters are ignored. */
export function isOffsetStream(c: AppContext): boolean {
  const type = c.req.header("Content-Type")?.split(";")[0]?.trim().toLowerCase();
  return type === OFFSET_STREAM;
}

/** True if the headers announce a body; in Deno every POST has one, even if it is empty. */
export function announcesBody(c: AppContext): boolean {
  return c.req.header("Transfer-Encoding") !== undefined ||
    (byteCount(c, "Content-Length") ?? 0) > 0;
}

function requireVersion(c: AppContext): void {
  const version = c.req.header("Tus-Resumable");
  if (version === TUS_VERSION) return;
  c.header("Tus-Version", TUS_VERSION);
  const state = version === undefined
    ? "the request has no Tus-Resumable"
    : "it asks for a different one";
  throw new Failure("refused", "tus-version", `Cannot use this version of tus: ${state}`, {
    hint: `Send "Tus-Resumable: ${TUS_VERSION}".`,
  });
}
