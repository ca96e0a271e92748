import type { z } from "zod";
import type { AppContext } from "./env.ts";
import { badRequest } from "./problem_response.ts";

/** More than any body of JSON needs that is read here. */
const MAX_BYTES = 64 * 1024;

/**
 * Reads a request's body and checks it. It is counted while it comes: no more than the limit is held.
 * @throws {Failure} `bad-request`
 */
export async function jsonBody<T>(c: AppContext, schema: z.ZodType<T>): Promise<T> {
  const parsed = schema.safeParse(parseJson(await readText(c)));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const place = issue?.path.length ? `"${issue.path.join(".")}" of the body` : "the body";
  throw badRequest(`Cannot use ${place}: ${issue?.message}`);
}

/**
 * The text of a body, which is counted while it comes.
 * @throws {Failure} `bad-request` when it is longer than a form or JSON that is read here can be
 */
export async function readText(c: AppContext): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const part of c.req.raw.body ?? []) {
    bytes += part.byteLength;
    if (bytes > MAX_BYTES) throw badRequest(`Cannot read the body: it has over ${MAX_BYTES} bytes`);
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest("Cannot read the body: it is not JSON");
  }
}
