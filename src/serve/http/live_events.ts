import type { Accounts } from "../../accounts/accounts.ts";
import { systemClock } from "../../base/clock.ts";
import { Failure } from "../../base/failure.ts";
import type { AppContext } from "./env.ts";

/** Answers with a stream; `fingerprint` returns a different text after each change. */
export type LiveEvents = (c: AppContext, fingerprint: () => Promise<string>) => Promise<Response>;

const CHECK_MS = 1000;
/** A comment after this many checks without a change keeps proxies from closing the stream. */
const CHECKS_PER_COMMENT = 15;
const MAX_PER_CALLER = 20;
/** Ends every stream after an hour, as one opened with a password has no session; browsers reconnect. */
const MAX_CHECKS = 3600;

/**
 * Streams of server-sent events: one `changed` for each change of what the caller can see; the
 * client then requests what it shows. A stream ends with its session and when `stopping` aborts.
 */
export function liveEvents(accounts: Accounts, stopping: AbortSignal | undefined): LiveEvents {
  const open = new Map<string, number>();
  return async (c, fingerprint) => {
    const caller = c.get("operator") ?? c.get("tenant");
    const count = open.get(caller) ?? 0;
    if (count >= MAX_PER_CALLER) throw tooMany();
    const token = c.get("token");
    let last = await fingerprint();
    open.set(caller, count + 1);
    const closed = new AbortController();
    const close = () => {
      if (closed.signal.aborted) return;
      closed.abort();
      const left = (open.get(caller) ?? 1) - 1;
      if (left > 0) open.set(caller, left);
      else open.delete(caller);
    };
    const ended = AbortSignal.any(stopping ? [stopping, closed.signal] : [closed.signal]);
    const isOpen = () => !ended.aborted && (token === null || accounts.session(token) !== null);
    const encoder = new TextEncoder();
    let checks = 0;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => controller.enqueue(encoder.encode("retry: 2000\n\n")),
      async pull(controller) {
        while (checks < MAX_CHECKS && isOpen()) {
          await systemClock.sleep(CHECK_MS, ended).catch(() => {});
          checks++;
          const now = await fingerprint().catch(() => last);
          if (now !== last) {
            last = now;
            return controller.enqueue(encoder.encode("event: changed\ndata: {}\n\n"));
          }
          if (checks % CHECKS_PER_COMMENT === 0) {
            return controller.enqueue(encoder.encode(": alive\n\n"));
          }
        }
        close();
        tryClose(controller);
      },
      cancel: close,
    });
    return c.body(body, 200, {
      "Content-Type": "text/event-stream",
      "Cache-Control": "no-store",
      // For proxies that would otherwise buffer the stream.
      "X-Accel-Buffering": "no",
    });
  };
}

function tryClose(controller: ReadableStreamDefaultController): void {
  try {
    controller.close();
  } catch {
    // The reader has cancelled the stream.
  }
}

function tooMany(): Failure {
  const text = `Cannot open another stream of events: ${MAX_PER_CALLER} are open`;
  return new Failure("server", "too-busy", text, {
    hint: "Close some windows of the dashboard.",
    details: { retryAfterSeconds: 5 },
  });
}
