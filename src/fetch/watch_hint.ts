import { basename } from "node:path";
import { isTemporary } from "./scan.ts";
import { type Snapshot, snapshotOf } from "./steady_file.ts";

/** File system events if available. They are only a hint: the scan decides. */
export class WatchHint {
  readonly #watcher: Deno.FsWatcher | null;
  #wake: (() => void) | null = null;
  #pending = false;
  #renamed = new Map<string, Snapshot>();

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

  /**
   * Returns the names of files that were renamed from a temporary name since the last call, each with
   * what the file was then: a scan alone misses a temporary name that existed between two scans.
   */
  renamed(): ReadonlyMap<string, Snapshot> {
    const renamed = this.#renamed;
    this.#renamed = new Map();
    return renamed;
  }

  close(): void {
    this.#watcher?.close();
  }

  async #listen(watcher: Deno.FsWatcher): Promise<void> {
    for await (const event of watcher) {
      // Our own reads are events too.
      if (event.kind === "access") continue;
      if (event.kind === "rename") this.#noteRename(event.paths);
      if (this.#wake) this.#wake();
      else this.#pending = true;
      this.#wake = null;
    }
  }

  /** @param paths the former and the new path; only one of them if the other is elsewhere */
  #noteRename([from, to]: string[]): void {
    if (from === undefined || to === undefined) return;
    if (!isTemporary(basename(from)) || isTemporary(basename(to))) return;
    try {
      this.#renamed.set(basename(to).normalize("NFC"), snapshotOf(Deno.statSync(to)));
    } catch {
      // It is gone again.
    }
  }
}
