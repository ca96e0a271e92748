import { createHash } from "node:crypto";
import type { AppContext } from "./env.ts";

/** An answer that is the same for everybody until the program changes. */
export interface KeptAnswer {
  bytes: Uint8Array<ArrayBuffer>;
  etag: string;
}

/** Makes an answer with its entity tag. */
export function keptAnswer(content: string | Uint8Array<ArrayBuffer>): KeptAnswer {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 20);
  return { bytes, etag: `"${hash}"` };
}

/** Sends an answer, or 304 if the client has it. Browsers ask each time. */
export function sendKept(
  c: AppContext,
  { bytes, etag }: KeptAnswer,
  type: string,
): Response {
  const headers = { "Content-Type": type, "Cache-Control": "no-cache", "ETag": etag };
  return namesTag(c.req.header("If-None-Match"), etag)
    ? c.body(null, 304, headers)
    : c.body(bytes, 200, headers);
}

/**
 * Whether `If-None-Match` names an entity tag, by the weak comparison of RFC 9110 13.1.2: proxies that
 * compress an answer make `"x"` weak, and Apache and Caddy add the name of the coding.
 *
 * @example
 * ```ts
 * import { namesTag } from "./kept_answer.ts";
 * namesTag('W/"a", "b-gzip"', '"b"'); // true
 * ```
 */
export function namesTag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === "*") return true;
  const tags = header.matchAll(/(?:^|,)\s*(?:W\/)?("[^"]*")\s*(?=,|$)/g);
  return [...tags].some(([, tag = ""]) =>
    tag.replace(/[-;](?:gzip|br|zstd|deflate)"$/, '"') === etag
  );
}

/** Answers that depend on the URL of the server only; each is made once. */
export class AnswersByUrl {
  readonly #made = new Map<string, Promise<KeptAnswer>>();
  readonly #make: (url: string) => Promise<string> | string;

  constructor(make: (url: string) => Promise<string> | string) {
    this.#make = make;
  }

  get(url: string): Promise<KeptAnswer> {
    const known = this.#made.get(url);
    if (known) return known;
    // Clients can send any name of a host.
    if (this.#made.size >= MAX_URLS) this.#made.clear();
    const made = (async () => keptAnswer(await this.#make(url)))();
    this.#made.set(url, made);
    made.catch(() => this.#made.delete(url));
    return made;
  }
}

const MAX_URLS = 16;
