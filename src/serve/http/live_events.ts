import { Failure } from "../../base/failure.ts";
import type { AppContext } from "./env.ts";
import { SharedPolls, type Watched } from "./shared_poll.ts";

/** Answers with a stream of the changes of what is watched. */
export type LiveEvents = (c: AppContext, watched: readonly Watched[]) => Promise<Response>;

const CHECK_MS = 1000;
/** A comment after this time without a change keeps proxies from closing the stream. */
const COMMENT_MS = 15_000;
/** Ends a stream whose client has read nothing for this time. */
const UNREAD_MS = 60_000;
/** Ends every stream after an hour; browsers reconnect. */
const MAX_MS = 3_600_000;
const MAX_PER_CALLER = 20;
const MAX_OPEN = 1_000;

const HEADERS = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-store",
  // For proxies that would otherwise buffer the stream.
  "X-Accel-Buffering": "no",
};
const BEGIN = "retry: 2000\n\n";
const CHANGED = "event: changed\ndata: {}\n\n";
const ALIVE = ": alive\n\n";

/** The open streams of a server: counts them before anything is awaited. */
export class StreamCount {
  readonly #open = new Map<string, number>();
  #total = 0;

  /**
   * Takes a place. The fewer places are left, the fewer a caller may hold, so that one who has none
   * gets one.
   * @returns gives it back; further calls do nothing
   * @throws {Failure} `too-busy`
   */
  take(caller: string): () => void {
    const own = this.#open.get(caller) ?? 0;
    const most = Math.min(MAX_PER_CALLER, MAX_OPEN - this.#total);
    if (own >= most) throw tooMany(own);
    this.#open.set(caller, own + 1);
    this.#total++;
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.#total--;
      const left = (this.#open.get(caller) ?? 1) - 1;
      if (left > 0) this.#open.set(caller, left);
      else this.#open.delete(caller);
    };
  }
}

/** What all streams have in common. */
export interface LiveDeps {
  streams: StreamCount;
  polls: SharedPolls;
  /** Aborts when the server stops. */
  stopping: AbortSignal | undefined;
}

/**
 * Streams of server-sent events: one `changed` for each change of what the caller can see; the
 * client then requests what it shows. A stream ends with the password, session or token with which it
 * was opened, and when `stopping` aborts.
 */
export function liveEvents({ streams, polls, stopping }: LiveDeps): LiveEvents {
  return async (c, watched) => {
    // Hono answers HEAD with this handler and drops the body, so nobody would end the stream.
    if (c.req.method === "HEAD") return c.body(null, 200, HEADERS);
    const { operator, tenant, stillValid } = c.var;
    const caller = operator === undefined ? `customer ${tenant}` : `operator ${operator}`;
    const ends = [streams.take(caller)];
    const closed = new AbortController();
    const stream = new EventStream(stillValid, () => {
      closed.abort();
      for (const end of ends.splice(0)) end();
    });
    try {
      // A client that hangs up before the stream begins never cancels its body.
      for (const signal of [c.req.raw.signal, ...stopping ? [stopping] : []]) {
        signal.addEventListener("abort", () => stream.end(), { signal: closed.signal });
        signal.throwIfAborted();
      }
      for (const one of watched) {
        const stop = await polls.watch(one, () => stream.changed());
        if (stream.hasEnded) stop();
        else ends.push(stop);
      }
    } catch (error) {
      stream.end();
      throw error;
    }
    return c.body(stream.body, 200, HEADERS);
  };
}

/** One client's stream. Changes that it has not read yet are one event, so nothing accumulates. */
class EventStream {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #isValid: () => boolean;
  readonly #onEnd: () => void;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #begun = performance.now();
  #controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  #lastSent = performance.now();
  #isChanged = false;
  #ended = false;

  constructor(isValid: () => boolean, onEnd: () => void) {
    this.#isValid = isValid;
    this.#onEnd = onEnd;
    this.body = new ReadableStream({
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#sendChange(),
      cancel: () => this.end(),
    });
    this.#send(BEGIN);
    this.#timer = setInterval(() => this.#check(), CHECK_MS);
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  changed(): void {
    this.#isChanged = true;
    this.#sendChange();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#timer);
    try {
      this.#controller?.close();
    } catch {
      // The reader has cancelled the stream.
    }
    this.#onEnd();
  }

  #check(): void {
    const now = performance.now();
    const quiet = now - this.#lastSent;
    if (!this.#isAllowed() || now - this.#begun > MAX_MS) return this.end();
    if (!this.#isRead()) return quiet > UNREAD_MS ? this.end() : undefined;
    if (quiet >= COMMENT_MS) this.#send(ALIVE);
  }

  /** Not while the accounts cannot be read. */
  #isAllowed(): boolean {
    try {
      return this.#isValid();
    } catch {
      return false;
    }
  }

  #sendChange(): void {
    if (this.#ended || !this.#isChanged || !this.#isRead()) return;
    this.#isChanged = false;
    this.#send(CHANGED);
  }

  /** Whether the client has taken everything that was sent. */
  #isRead(): boolean {
    return (this.#controller?.desiredSize ?? 0) > 0;
  }

  #send(text: string): void {
    this.#lastSent = performance.now();
    this.#controller?.enqueue(new TextEncoder().encode(text));
  }
}

function tooMany(open: number): Failure {
  const text = open === 0
    ? "Cannot open a stream of events: the server has no room for another"
    : `Cannot open another stream of events: ${open} are open`;
  return new Failure("server", "too-busy", text, {
    hint: open === 0 ? "Try again in a moment." : "Close some windows of the dashboard.",
    details: { retryAfterSeconds: 5 },
  });
}
