import { statSync } from "node:fs";
import { resolve } from "node:path";
import { type Clock, systemClock } from "../base/clock.ts";

interface WatchOptions {
  /** Files may have arrived. Not called again before its promise has settled. */
  onHint: () => void | Promise<void>;
  /** Receives errors of `onHint` and of the watch itself. */
  onError?: (error: unknown) => void;
  /** Called when the watch has worked since the last call of the timer. */
  onWatching?: () => void;
  /** Seconds between two calls without an event; a function is asked each time. */
  scanSeconds: number | (() => number);
  /** Milliseconds during which events make one hint. @default 20 */
  debounceMs?: number;
  /** @default systemClock */
  clock?: Clock;
}

export interface FolderWatch {
  /** Resolves when the last call of `onHint` has ended; there is no further one. */
  close(): Promise<void>;
}

/** The pause after a call of `onHint`, as a multiple of how long the call took. */
const PAUSE_FACTOR = 4;

/**
 * Calls `onHint` when a folder should be scanned: at the start, on a timer, after file system events
 * and after a fault of the watch. Events get lost, and a folder may be deleted and created again, so
 * an event is only a hint; the timer is reliable.
 *
 * @param dir may be missing
 */
export function watchFolder(dir: string, options: WatchOptions): FolderWatch {
  const watch = new DirectoryWatch(resolve(dir), options);
  watch.start();
  return watch;
}

class DirectoryWatch implements FolderWatch {
  readonly #dir: string;
  readonly #options: WatchOptions;
  readonly #clock: Clock;
  readonly #closed = new AbortController();
  #watched: { watcher: Deno.FsWatcher; inode: number; ended: Promise<void> } | null = null;
  #hinting: Promise<void> | null = null;
  #hintAgain = false;
  #isHintDue = false;
  /** How long the last call of `onHint` took, in milliseconds. */
  #hintMs = 0;

  constructor(dir: string, options: WatchOptions) {
    this.#dir = dir;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  start(): void {
    this.#armTimer();
    this.#watch();
    this.#hint();
  }

  async close(): Promise<void> {
    this.#closed.abort();
    const ended = this.#watched?.ended;
    this.#unwatch();
    await Promise.all([ended, this.#hinting]);
  }

  #after(ms: number, work: () => void): void {
    const { signal } = this.#closed;
    this.#clock.sleep(ms, signal).then(() => signal.aborted || work(), () => {});
  }

  #armTimer(): void {
    const { scanSeconds } = this.#options;
    const seconds = typeof scanSeconds === "number" ? scanSeconds : scanSeconds();
    this.#after(seconds * 1000, () => {
      this.#armTimer();
      // A folder that was deleted and created again has another inode; the old watch is silent.
      if (this.#watched?.inode !== inodeOf(this.#dir)) this.#unwatch();
      if (this.#watched !== null) this.#options.onWatching?.();
      this.#watch();
      this.#hint();
    });
  }

  #watch(): void {
    if (this.#watched !== null) return;
    const inode = inodeOf(this.#dir);
    if (inode === undefined) return;
    try {
      const watcher = Deno.watchFs(this.#dir, { recursive: true });
      this.#watched = { watcher, inode, ended: this.#listen(watcher) };
    } catch (error) {
      this.#options.onError?.(error);
    }
  }

  #unwatch(): void {
    const watched = this.#watched;
    this.#watched = null;
    try {
      watched?.watcher.close();
    } catch {
      // It has already ended.
    }
  }

  async #listen(watcher: Deno.FsWatcher): Promise<void> {
    const { signal } = this.#closed;
    try {
      for await (const event of watcher) {
        if (event.kind === "remove" && event.paths.includes(this.#dir)) break;
        // Reading and removing files causes events too, but brings no new files.
        if (event.kind !== "access" && event.kind !== "remove") this.#hintSoon();
      }
    } catch (error) {
      if (!signal.aborted) this.#options.onError?.(error);
    }
    // The watch ended without `close`: events may be missing.
    if (this.#watched?.watcher === watcher) {
      this.#unwatch();
      this.#hintSoon();
    }
  }

  #hintSoon(): void {
    if (this.#isHintDue) return;
    this.#isHintDue = true;
    const pause = Math.max(this.#options.debounceMs ?? 20, this.#hintMs * PAUSE_FACTOR);
    this.#after(pause, () => {
      this.#isHintDue = false;
      this.#hint();
    });
  }

  #hint(): void {
    if (this.#hinting === null) this.#hinting = this.#callOnHint();
    else this.#hintAgain = true;
  }

  async #callOnHint(): Promise<void> {
    const started = this.#clock.monotonic();
    try {
      await this.#options.onHint();
    } catch (error) {
      this.#options.onError?.(error);
    }
    this.#hintMs = this.#clock.monotonic() - started;
    this.#hinting = null;
    if (!this.#hintAgain) return;
    this.#hintAgain = false;
    this.#hintSoon();
  }
}

function inodeOf(path: string): number | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.ino;
  } catch {
    // No permission at the moment: treated as missing.
    return undefined;
  }
}
