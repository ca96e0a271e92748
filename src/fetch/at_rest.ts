import {
  type FoundFile,
  isTemporary,
  markedBy,
  MARKER_FILE,
  type ScanEntry,
  TEMPORARY_FILE,
} from "./scan.ts";
import { isSame, type Snapshot } from "./steady_file.ts";

/** A name as it was at the latest looks. */
interface Seen {
  signature: string;
  /** When it was first seen so, on the monotonic clock. */
  since: number;
  /** Whether it is complete although it did not rest: a marker or a rename said so. */
  complete: boolean;
}

/** What a look at the directory showed. */
interface Look {
  /** Entries to send or report now. */
  ready: ScanEntry[];
  /** Names of files that must rest first. */
  resting: string[];
  /** Milliseconds until the next of them has rested; Infinity if there are none. */
  nextIn: number;
}

interface AtRestOptions {
  /** Milliseconds for which a file must not change. */
  rest: number;
  /** Milliseconds after which what is never sent, such as a folder, is reported. */
  settle: number;
}

/**
 * Decides from looks at a directory which files are complete. A file is complete when size, time and
 * inode did not change for a while, which only the monotonic clock measures; or at once when a marker
 * `NAME.done` says so, or when it was renamed from a temporary name.
 */
export class AtRest {
  readonly #options: AtRestOptions;
  #seen = new Map<string, Seen>();
  #done = new Map<string, string>();
  /** The files that had temporary names at the last look. */
  #temporary: FoundFile[] = [];

  constructor(options: AtRestOptions) {
    this.#options = options;
  }

  /**
   * Adds a look; each entry is returned once for each of its states.
   *
   * @param renamed files that were renamed from a temporary name since the last look, as they were then
   * @param now milliseconds of the monotonic clock
   */
  add(entries: ScanEntry[], renamed: ReadonlyMap<string, Snapshot>, now: number): Look {
    const seen = new Map(entries.map((entry) => [entry.name, this.#seenNow(entry, now)]));
    const temporary = entries.flatMap((entry) =>
      isTemporary(entry.name) ? foundIn(entry) ?? [] : []
    );
    const markers = entries.filter(isMarker);
    const look: Look = { ready: [], resting: [], nextIn: Infinity };
    const done = new Map<string, string>();
    for (const entry of entries) {
      const state = seen.get(entry.name)!;
      const { signature, since } = state;
      state.complete ||= isStill(entry, renamed.get(entry.name)) ||
        this.#wasTemporary(entry, temporary) ||
        markers.some((marker) => isFresh(marker, entry, seen));
      const left = state.complete ? 0 : this.#restOf(entry) - (now - since);
      if (this.#done.get(entry.name) === signature) done.set(entry.name, signature);
      else if (left <= 0) {
        done.set(entry.name, signature);
        if (!isPartOfDelivery(entry)) look.ready.push(entry);
      } else if (entry.outcome !== "skipped") {
        look.resting.push(entry.name);
        look.nextIn = Math.min(look.nextIn, left);
      }
    }
    // Removed files are forgotten, so that memory does not grow.
    this.#seen = seen;
    this.#done = done;
    this.#temporary = temporary;
    return look;
  }

  /** Returns the entry again after a later look. */
  readonly notDone = (name: string): void => {
    this.#done.delete(name);
  };

  #seenNow(entry: ScanEntry, now: number): Seen {
    const signature = signatureOf(entry);
    const before = this.#seen.get(entry.name);
    return before?.signature === signature ? before : { signature, since: now, complete: false };
  }

  #restOf(entry: ScanEntry): number {
    const { rest, settle } = this.#options;
    return foundIn(entry) === null || entry.outcome === "skipped" ? settle : rest;
  }

  /** Whether a file had a temporary name at the last look, and that name is gone. */
  #wasTemporary(entry: ScanEntry, temporary: readonly FoundFile[]): boolean {
    const file = foundIn(entry);
    if (file === null || isTemporary(entry.name)) return false;
    return this.#temporary.some((before) => isSameFile(before, file)) &&
      !temporary.some((other) => isSameFile(other, file));
  }
}

/** What identifies the state of an entry. */
function signatureOf(entry: ScanEntry): string {
  const code = entry.outcome === "candidate" ? "" : entry.failure.code;
  const file = foundIn(entry);
  return file === null ? code : `${code} ${file.size} ${file.mtime} ${file.ino}`;
}

function foundIn(entry: ScanEntry): FoundFile | null {
  return entry.outcome === "candidate" ? entry.candidate : entry.found;
}

function isStill(entry: ScanEntry, before: Snapshot | undefined): boolean {
  const file = foundIn(entry);
  return before !== undefined && file !== null && isSame(before, file);
}

function isMarker(entry: ScanEntry): boolean {
  return entry.outcome === "skipped" && entry.failure.code === MARKER_FILE && entry.found !== null;
}

/** Markers and temporary names come and go with each file: reporting them would be noise. */
function isPartOfDelivery(entry: ScanEntry): boolean {
  return entry.outcome === "skipped" &&
    [MARKER_FILE, TEMPORARY_FILE].includes(entry.failure.code);
}

/** An inode can be used again for another file, which was created at another moment. */
function isSameFile(a: FoundFile, b: FoundFile): boolean {
  if (a.ino === null || a.ino !== b.ino) return false;
  if (a.birthtime !== null && b.birthtime !== null) return a.birthtime === b.birthtime;
  return a.size === b.size && a.mtime === b.mtime;
}

/**
 * Whether a marker is about this state of a file, not about an earlier one: it appeared, or was written
 * again, after the last change of the file that was seen; if both were first seen at the same look, it
 * is at least as new.
 */
function isFresh(marker: ScanEntry, entry: ScanEntry, seen: ReadonlyMap<string, Seen>): boolean {
  if (markedBy(marker.name) !== entry.name) return false;
  const [marked, file] = [seen.get(marker.name)!.since, seen.get(entry.name)!.since];
  if (marked !== file) return marked > file;
  return (foundIn(marker)?.mtime ?? 0) >= (foundIn(entry)?.mtime ?? 0);
}
