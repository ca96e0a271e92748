import { Failure } from "../base/failure.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import type { FetchSummary } from "./events.ts";
import { retry, type RetryPolicy } from "../base/retry.ts";
import { type RunOptions, Sender } from "./run.ts";
import { scanDirectory, type ScanEntry } from "./scan.ts";

interface WatchOptions extends RunOptions {
  /** Milliseconds between scans. @default 2000 */
  interval?: number;
}

export const DEFAULT_INTERVAL = 2000;
const WATCH_RETRIES: RetryPolicy = { attempts: Infinity };

/**
 * Sends the files of a directory, also those that arrive, until the signal is aborted. A file is sent
 * when it did not change between two scans; the files of a scan are one batch. Failures of the network
 * are retried without limit.
 *
 * @throws {Failure} if the directory cannot be read at the start, or the login fails
 */
export async function watchDirectory(options: WatchOptions): Promise<FetchSummary> {
  const { dir, signal, emit, client, interval = DEFAULT_INTERVAL, clock = systemClock } = options;
  const retries = options.retries ?? WATCH_RETRIES;
  const sender = new Sender({ ...options, retries, clock });
  const scans = new Scans();
  const hint = new Hint(dir);
  let entries = await scanDirectory(dir);
  let started = false;
  try {
    // At once, so that a wrong password is reported before the first file arrives.
    await retried(() => client.constraints(signal));
    started = true;
    while (!signal.aborted) {
      const ready = scans.add(entries, clock.monotonic(), interval);
      if (ready.length > 0) {
        const constraints = await retried(() => client.constraints(signal));
        // If no file is allowed in a batch, waiting for the next batch is pointless.
        const later = constraints.number_files > 0 ? scans.notDone : undefined;
        await sender.send(ready, constraints, later);
        if (sender.end?.kind === "auth") break;
      }
      emit({ type: "watching", dir });
      await pause(clock, interval, hint, signal);
      entries = await retried(() => scanDirectory(dir));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    hint.close();
  }
  await sender.followed();
  return sender.summary();

  function retried<T>(task: () => Promise<T>): Promise<T> {
    const work = () =>
      task().catch((error) => {
        throw started ? passing(error) : error;
      });
    const onWait = (failure: Failure, seconds: number) =>
      emit({ type: "retrying", name: null, failure, seconds });
    return retry(work, { ...retries, clock, signal, onWait });
  }
}

/** Makes a failure passing if it may end: a network drive, a server behind a proxy. */
function passing(error: unknown): unknown {
  if (!(error instanceof Failure)) return error;
  const { kind, code, message, hint, details } = error;
  if (kind !== "server" && kind !== "storage" && code !== "directory-unreadable") return error;
  return new Failure(kind, code, message, { hint, details: { ...details, passing: true } });
}

/** A hint ends the pause early, but not so early that two scans could not show a change. */
async function pause(
  clock: Clock,
  interval: number,
  hint: Hint,
  signal: AbortSignal,
): Promise<void> {
  const wake = new AbortController();
  const stop = AbortSignal.any([signal, wake.signal]);
  await clock.sleep(interval / 2, signal);
  await Promise.race([clock.sleep(interval / 2, stop).catch(() => {}), hint.next()]);
  wake.abort();
  signal.throwIfAborted();
}

interface Seen {
  signature: string;
  since: number;
}

/** Remembers the last scan, and which files are done. */
class Scans {
  #seen = new Map<string, Seen>();
  #done = new Map<string, string>();

  /** Adds a scan; returns the entries that did not change for an interval and are not done. */
  add(entries: ScanEntry[], now: number, interval: number): ScanEntry[] {
    const seen = new Map<string, Seen>();
    const done = new Map<string, string>();
    const ready: ScanEntry[] = [];
    for (const entry of entries) {
      const signature = signatureOf(entry);
      const before = this.#seen.get(entry.name);
      const since = before?.signature === signature ? before.since : now;
      seen.set(entry.name, { signature, since });
      const isDone = this.#done.get(entry.name) === signature;
      const isSteady = before?.signature === signature && now - since >= interval / 2;
      if (isSteady && !isDone) ready.push(entry);
      if (isDone || isSteady) done.set(entry.name, signature);
    }
    // Removed files are forgotten, so that memory does not grow.
    this.#seen = seen;
    this.#done = done;
    return ready;
  }

  /** Returns the entry again after a later scan. */
  readonly notDone = (name: string): void => {
    this.#done.delete(name);
  };
}

function signatureOf(entry: ScanEntry): string {
  if (entry.outcome !== "candidate") return entry.failure.code;
  const { size, mtime, ino } = entry.candidate;
  return `${size} ${mtime} ${ino}`;
}

/** File system events if available. They are only a hint: the scan decides. */
class Hint {
  readonly #watcher: Deno.FsWatcher | null;
  #wake: (() => void) | null = null;
  #pending = false;

  constructor(dir: string) {
    try {
      this.#watcher = Deno.watchFs(dir, { recursive: false });
      void this.#listen(this.#watcher);
    } catch {
      // Too many watches, or a file system without events: the interval remains.
      this.#watcher = null;
    }
  }

  /** Resolves at the next event, or at once if there was one since the last call. */
  next(): Promise<void> {
    const pending = this.#pending;
    this.#pending = false;
    return new Promise((resolve) => pending ? resolve() : this.#wake = resolve);
  }

  close(): void {
    this.#watcher?.close();
  }

  async #listen(watcher: Deno.FsWatcher): Promise<void> {
    for await (const event of watcher) {
      // Our own reads are events too.
      if (event.kind === "access") continue;
      if (this.#wake) this.#wake();
      else this.#pending = true;
      this.#wake = null;
    }
  }
}
