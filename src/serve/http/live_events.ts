import { Failure } from "../../base/failure.ts";
import type { AppContext, AppHandler } from "./env.ts";

/** What a stream of events works with. */
interface LiveOptions {
  /** What the caller sees, in short: when it is another text, something has changed. */
  fingerprint: (c: AppContext) => Promise<string>;
  /** Whether the session with which the stream was opened is still good. */
  isOpen: (token: string) => boolean;
  /** Ends all streams: the server is stopping. */
  stopping: AbortSignal | undefined;
}

const LOOK_MS = 1000;
const BEAT_EVERY = 15;
const MOST_PER_CALLER = 20;
/** Without a token nothing ends it; a browser comes again by itself. */
const MOST_LOOKS = 3600;

/**
 * A stream of server-sent events, one `changed` for each change of what the caller can see; what
 * changed has to be asked for. It ends with the session and with the server.
 */
export function liveEvents({ fingerprint, isOpen, stopping }: LiveOptions): AppHandler {
  const open = new Map<string, number>();
  return async (c) => {
    const caller = c.get("operator") ?? c.get("tenant");
    const count = open.get(caller) ?? 0;
    if (count >= MOST_PER_CALLER) throw tooMany();
    const token = c.get("token");
    let last = await fingerprint(c);
    open.set(caller, count + 1);
    const closed = new AbortController();
    const close = () => {
      if (closed.signal.aborted) return;
      closed.abort();
      const left = (open.get(caller) ?? 1) - 1;
      if (left > 0) open.set(caller, left);
      else open.delete(caller);
    };
    const signals = stopping ? [stopping, closed.signal] : [closed.signal];
    const ended = AbortSignal.any(signals);
    const encoder = new TextEncoder();
    let looks = 0;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => controller.enqueue(encoder.encode("retry: 2000\n\n")),
      async pull(controller) {
        while (!ended.aborted && looks < MOST_LOOKS && (token === null || isOpen(token))) {
          await pause(LOOK_MS, ended);
          looks++;
          const now = await fingerprint(c).catch(() => last);
          if (now !== last) {
            last = now;
            return controller.enqueue(encoder.encode("event: changed\ndata: {}\n\n"));
          }
          if (looks % BEAT_EVERY === 0) return controller.enqueue(encoder.encode(": alive\n\n"));
        }
        close();
        tryClose(controller);
      },
      cancel: close,
    });
    return c.body(body, 200, {
      "Content-Type": "text/event-stream",
      "Cache-Control": "no-store",
      // For proxies that would collect the answer first.
      "X-Accel-Buffering": "no",
    });
  };
}

function tryClose(controller: ReadableStreamDefaultController): void {
  try {
    controller.close();
  } catch {
    // The reader has gone and took the stream with it.
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}

function tooMany(): Failure {
  return new Failure("server", "too-busy", "Cannot open another stream: too many are open", {
    hint: "Close some windows.",
    details: { retryAfterSeconds: 5 },
  });
}
