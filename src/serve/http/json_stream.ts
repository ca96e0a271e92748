import { orNull } from "../../data/durable.ts";
import type { AppContext } from "./env.ts";
import { inTurn } from "./pace.ts";

/** A value of a JSON answer that is JSON already: its bytes, or the path of a file with them. */
export type JsonPart = Uint8Array<ArrayBuffer> | { path: string; missing: string };

const CHUNK = 128 * 1024;

/**
 * Answers with an object of which some values are large and JSON already. They are sent as the client
 * reads them, and never in memory as a whole.
 *
 * @example
 * ```ts ignore
 * return sendJsonParts(c, 200, { version: "v1" }, { files: { path, missing: "{}" } });
 * ```
 */
export function sendJsonParts(
  c: AppContext,
  status: 200 | 202,
  head: object,
  parts: Record<string, JsonPart>,
): Response {
  const body = ReadableStream.from(chunksOf(head, parts));
  return c.body(body, status, { "Content-Type": "application/json" });
}

async function* chunksOf(head: object, parts: Record<string, JsonPart>) {
  const encoder = new TextEncoder();
  let before = JSON.stringify(head).slice(0, -1);
  for (const [name, part] of Object.entries(parts)) {
    before += `${before === "{" ? "" : ","}${JSON.stringify(name)}:`;
    if (part instanceof Uint8Array) {
      yield encoder.encode(before);
      yield* bytesOf(part);
    } else {
      using file = await orNull(Deno.open(part.path));
      yield encoder.encode(file === null ? before + part.missing : before);
      if (file !== null) yield* contentOf(file);
    }
    before = "";
  }
  yield encoder.encode(`${before}}`);
}

async function* bytesOf(bytes: Uint8Array<ArrayBuffer>) {
  for (let at = 0; at < bytes.length; at += CHUNK) {
    const chunk = bytes.subarray(at, at + CHUNK);
    await inTurn(chunk.length);
    yield chunk;
  }
}

async function* contentOf(file: Deno.FsFile) {
  for (;;) {
    // Not reused: what was sent before may still wait for the client.
    const chunk = new Uint8Array(CHUNK);
    const length = await file.read(chunk);
    if (length === null) return;
    await inTurn(length);
    yield chunk.subarray(0, length);
  }
}
