import type { FetchedAnswer } from "../../sdk/context.ts";
import type { HttpResponse } from "../wire/host_messages.ts";

/**
 * Makes what `ctx.fetch` returns of a response: an object that reads like `Response`, hardened because
 * the module receives it. Its body can be read more than once.
 */
export function fetchedAnswer(
  url: string,
  { status, headers, text }: HttpResponse,
): FetchedAnswer {
  const body = () => Promise.resolve(text);
  return harden({
    url,
    status,
    ok: status >= 200 && status < 300,
    headers: headersOf(headers),
    text: explained(body),
    json: () => body().then((text) => JSON.parse(text)),
  }) as FetchedAnswer;
}

/** The headers can also be read as properties, which was the only way at first. */
function headersOf(headers: Record<string, string>): object {
  return Object.defineProperties({ ...headers }, {
    get: { value: (name: unknown) => own(headers, name) },
    has: { value: (name: unknown) => own(headers, name) !== null },
    [Symbol.iterator]: { value: () => Object.entries(headers).values() },
  });
}

function own(headers: Record<string, string>, name: unknown): string | null {
  const key = String(name).toLowerCase();
  return Object.hasOwn(headers, key) ? headers[key] ?? null : null;
}

/** Modules used `text` as a property: where they use the method as text, the error says what to do. */
function explained(text: () => Promise<string>): () => Promise<string> {
  const fail = () => {
    throw new TypeError("ctx.fetch: text is a method; write `await answer.text()`");
  };
  return Object.defineProperty(text, Symbol.toPrimitive, { value: fail });
}
