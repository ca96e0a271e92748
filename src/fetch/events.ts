import type { Failure } from "../base/failure.ts";
import type { FileView } from "../protocol/file_view.ts";

/**
 * What happens to the files of one run, in order. Sizes are bytes, times are seconds. Each file ends
 * with exactly one of `skipped`, `refused`, `failed`, `valid` (dry run), `sent` (without `wait`),
 * `ingested`, `quarantined`, `refused` or `unfinished` (with `wait`, after `sent`).
 */
export type FetchEvent =
  /** The directory was scanned; `files` are those whose names and sizes are allowed. */
  | { type: "scanned"; files: { name: string; size: number }[]; names: string[] }
  /** The server does not have the file. `sha256` is null if it is hashed during the upload. */
  | { type: "checked"; name: string; size: number; sha256: string | null }
  /** The upload starts; at an `offset` above 0 it resumes an unfinished one. */
  | { type: "sending"; name: string; size: number; offset: number }
  | { type: "progress"; name: string; size: number; offset: number }
  /** A request failed and is retried; `name` is null if it is not about a file. */
  | { type: "retrying"; name: string | null; failure: Failure; seconds: number }
  | {
    type: "sent";
    name: string;
    size: number;
    sha256: string;
    id: string;
    /** 2 for the second content of this name; null if the server does not say. */
    version: number | null;
    /** What the server knows of a version that is not the first; not with `wait`. */
    file: FileView | null;
    seconds: number;
    /** Bytes that the server already had from an earlier, interrupted upload. */
    resumedFrom: number;
  }
  /** With `wait`: the server has the file and its rows are not stored yet. */
  | { type: "waiting"; name: string; size: number; file: FileView | null; seconds: number }
  | { type: "ingested"; name: string; size: number; file: FileView; seconds: number }
  /** The platform could not load the file. */
  | { type: "quarantined"; name: string; size: number; file: FileView; seconds: number }
  /** Not sent, without a problem; `file` is what the server already has. */
  | { type: "skipped"; name: string; size: number | null; failure: Failure; file: FileView | null }
  /** Not allowed; with `wait` also a file that the platform refused after the upload. */
  | {
    type: "refused";
    name: string;
    size: number | null;
    failure: Failure;
    file?: FileView;
    seconds?: number;
  }
  | { type: "failed"; name: string; size: number | null; failure: Failure }
  /** With `wait`: the file was sent and not loaded within the time limit. */
  | {
    type: "unfinished";
    name: string;
    size: number;
    failure: Failure;
    file: FileView | null;
    seconds: number;
  }
  /** Dry run: the file would have been sent. */
  | { type: "valid"; name: string; size: number; sha256: string }
  /**
   * Watching: these files are sent once they have not changed for `seconds`. Emitted again only after
   * all of them have been sent.
   */
  | { type: "resting"; names: string[]; seconds: number }
  /** Watching: all files of a scan are done; waits for the next scan. */
  | { type: "watching"; dir: string };

/** Receives events as they happen; must not throw. */
export type Emit = (event: FetchEvent) => void;

/** The events with which files end. */
const ENDS = [
  ...["sent", "ingested", "quarantined", "skipped", "refused", "failed", "valid"],
  "unfinished",
] as const;
type Counts = Record<(typeof ENDS)[number], number>;

/** The number of files by how they ended. */
export interface FetchSummary extends Counts {
  /** Bytes of the files that were sent. */
  bytes: number;
  seconds: number;
  /** The most severe failure, which decides the exit code; null if nothing failed. */
  worst: "auth" | "storage" | "server" | "refused" | "internal" | null;
}

/** From least to most severe. */
const SEVERITY = ["refused", "internal", "storage", "server", "auth"] as const;

/** Adds events up to a {@link FetchSummary}. */
export class Tally {
  readonly #startedAt: number;
  readonly #counts = Object.fromEntries(ENDS.map((type) => [type, 0])) as Counts;
  #bytes = 0;
  #worst: FetchSummary["worst"] = null;

  /** @param now milliseconds of the clock that {@link Tally.summary} also gets */
  constructor(now: number) {
    this.#startedAt = now;
  }

  add(event: FetchEvent): void {
    if (event.type in this.#counts) this.#counts[event.type as keyof Counts] += 1;
    if (event.type === "sent") this.#bytes += event.size;
    const isIncomplete = ["refused", "quarantined", "unfinished"].includes(event.type);
    if (isIncomplete) this.#worsen("refused");
    if (event.type === "failed") this.#worsen(event.failure.kind);
  }

  summary(now: number): FetchSummary {
    const seconds = (now - this.#startedAt) / 1000;
    return { ...this.#counts, bytes: this.#bytes, seconds, worst: this.#worst };
  }

  #worsen(kind: Failure["kind"]): void {
    const next = kind === "usage" ? "refused" : kind;
    if (this.#worst === null || SEVERITY.indexOf(next) > SEVERITY.indexOf(this.#worst)) {
      this.#worst = next;
    }
  }
}
