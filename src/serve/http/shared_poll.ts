import { systemClock } from "../../base/clock.ts";

const CHECK_MS = 1000;
/** A check that takes long is repeated less often, so that checks use only this share of the time. */
const MAX_SHARE = 0.1;

/** Something that streams watch. */
export interface Watched {
  /** The same key means the same thing: it is read once, however many streams watch it. */
  key: string;
  /** Returns a different text after each change. */
  read(): Promise<string>;
}

interface Poll {
  /** Aborts once nobody listens any more. */
  unwatched: AbortController;
  listeners: Set<() => void>;
  /** Resolves once the text to compare with is read. */
  ready: Promise<void>;
}

/**
 * Reads what streams watch, once a second for each key, and calls the listeners after each change.
 *
 * @example
 * ```ts ignore
 * const polls = new SharedPolls();
 * const stop = await polls.watch({ key: "t1", read }, () => console.log("changed"));
 * stop();
 * ```
 */
export class SharedPolls {
  readonly #polls = new Map<string, Poll>();

  /**
   * Calls `changed` after each change from now on.
   * @returns ends the calls
   * @throws what the first `read` throws
   */
  async watch(watched: Watched, changed: () => void): Promise<() => void> {
    const poll = this.#polls.get(watched.key) ?? this.#start(watched);
    poll.listeners.add(changed);
    const stop = () => {
      poll.listeners.delete(changed);
      if (poll.listeners.size > 0) return;
      poll.unwatched.abort();
      if (this.#polls.get(watched.key) === poll) this.#polls.delete(watched.key);
    };
    try {
      await poll.ready;
      return stop;
    } catch (error) {
      stop();
      throw error;
    }
  }

  #start({ key, read }: Watched): Poll {
    const first = read();
    const poll: Poll = {
      listeners: new Set(),
      unwatched: new AbortController(),
      ready: first.then(() => {}),
    };
    this.#polls.set(key, poll);
    first.then((text) => repeat(poll, read, text), () => {});
    return poll;
  }
}

/** Compares until nobody listens any more. */
async function repeat(poll: Poll, read: () => Promise<string>, first: string): Promise<void> {
  let [last, pause] = [first, CHECK_MS];
  const { signal } = poll.unwatched;
  while (!signal.aborted) {
    await systemClock.sleep(pause, signal).catch(() => {});
    if (signal.aborted) return;
    const start = performance.now();
    const text = await read().catch(() => last);
    pause = Math.max(CHECK_MS, (performance.now() - start) / MAX_SHARE);
    if (text === last) continue;
    last = text;
    for (const changed of poll.listeners) changed();
  }
}
