import { statSync } from "node:fs";
import { resolve } from "node:path";

/** Time as the watch needs it. */
export interface WatchClock {
  /** Milliseconds, never going back. */
  now(): number;
  /** Runs `work` once after `ms`; the function that it returns prevents that. */
  after(ms: number, work: () => void): () => void;
}

const systemClock: WatchClock = {
  now: () => performance.now(),
  after(ms, work) {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};

interface WatchOptions {
  /** Something may have arrived: look. Never called again before it has ended. */
  onHint: () => void | Promise<void>;
  /** Receives what `onHint` threw, and why the directory could not be watched. */
  onError?: (error: unknown) => void;
  /** Seconds between two looks without a hint; a function is asked each time. */
  scanSeconds: number | (() => number);
  /** Milliseconds in which events make one hint. @default 20 */
  debounceMs?: number;
  clock?: WatchClock;
}

export interface StagingWatch {
  /** Resolves when the last hint has ended and no other will come. */
  close(): Promise<void>;
}

/** After a look that took long the next one waits this many times as long. */
const REST = 4;

/**
 * Says when to look into staging: at the start, on a timer, after events of the file system, after
 * any fault of the watch. Events get lost and a directory may be deleted and made again, so an
 * event is only a hint; the timer is what can be relied on.
 *
 * @param dir need not be there yet
 */
export function watchStaging(dir: string, options: WatchOptions): StagingWatch {
  const watch = new DirectoryWatch(resolve(dir), options);
  watch.start();
  return watch;
}

class DirectoryWatch implements StagingWatch {
  readonly #dir: string;
  readonly #options: WatchOptions;
  readonly #clock: WatchClock;
  #closed = false;
  #watched: { watcher: Deno.FsWatcher; inode: number; ended: Promise<void> } | null = null;
  #looking: Promise<void> | null = null;
  #lookAgain = false;
  /** How long the last look took, in milliseconds. */
  #lookMs = 0;
  #cancelSoon: (() => void) | null = null;
  #cancelTick: (() => void) | null = null;

  constructor(dir: string, options: WatchOptions) {
    this.#dir = dir;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  start(): void {
    this.#cancelTick = this.#armTick();
    this.#watch();
    this.#look();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTick?.();
    this.#cancelSoon?.();
    const ended = this.#watched?.ended;
    this.#unwatch();
    await Promise.all([ended, this.#looking]);
  }

  #armTick(): () => void {
    const { scanSeconds } = this.#options;
    const seconds = typeof scanSeconds === "number" ? scanSeconds : scanSeconds();
    return this.#clock.after(seconds * 1000, () => {
      this.#cancelTick = this.#armTick();
      // A directory that was deleted and made again is another one, and the old watch is silent.
      if (this.#watched?.inode !== inodeOf(this.#dir)) this.#unwatch();
      this.#watch();
      this.#look();
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
      // It had ended by itself.
    }
  }

  async #listen(watcher: Deno.FsWatcher): Promise<void> {
    try {
      for await (const event of watcher) {
        if (event.kind === "remove" && event.paths.includes(this.#dir)) break;
        // Reading files and taking them away makes events too; nothing arrives by those.
        if (event.kind !== "access" && event.kind !== "remove") this.#lookSoon();
      }
    } catch (error) {
      if (!this.#closed) this.#options.onError?.(error);
    }
    // Not by us: whatever was the reason, events may be missing.
    if (this.#watched?.watcher === watcher) {
      this.#unwatch();
      if (!this.#closed) this.#lookSoon();
    }
  }

  #lookSoon(): void {
    if (this.#closed || this.#cancelSoon !== null) return;
    const wait = Math.max(this.#options.debounceMs ?? 20, this.#lookMs * REST);
    this.#cancelSoon = this.#clock.after(wait, () => {
      this.#cancelSoon = null;
      this.#look();
    });
  }

  #look(): void {
    if (this.#closed) return;
    if (this.#looking !== null) {
      this.#lookAgain = true;
      return;
    }
    this.#looking = this.#lookOnce();
  }

  async #lookOnce(): Promise<void> {
    const started = this.#clock.now();
    try {
      await this.#options.onHint();
    } catch (error) {
      this.#options.onError?.(error);
    }
    this.#lookMs = this.#clock.now() - started;
    this.#looking = null;
    if (!this.#lookAgain) return;
    this.#lookAgain = false;
    this.#lookSoon();
  }
}

function inodeOf(path: string): number | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.ino;
  } catch {
    // It may not be looked at just now: as good as not there.
    return undefined;
  }
}
