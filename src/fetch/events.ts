import type { Failure } from "../base/failure.ts";
import type { FileView } from "../protocol/file_view.ts";

/**
 * What happens to the files of one run, in the order in which it happens. Sizes are bytes, times
 * are seconds. A file ends in exactly one of `skipped`, `refused`, `failed`, `valid` (dry run),
 * `sent` (without `wait`), `ingested`, `quarantined` or `refused` (with `wait`; `sent` has come before).
 */
export type FetchEvent =
  /** The directory was read: the files that may be sent, as far as names and sizes tell. */
  | { type: "scanned"; files: { name: string; size: number }[]; names: string[] }
  /** The file is valid and the server does not have it. */
  /** `sha256` is null for a large file that is hashed while it is sent. */
  | { type: "checked"; name: string; size: number; sha256: string | null }
  /** The upload begins, at `offset` where an unfinished one is taken up again. */
  | { type: "sending"; name: string; size: number; offset: number }
  | { type: "progress"; name: string; size: number; offset: number }
  /** A request failed and will be tried again; `name` is null where it is about no single file. */
  | { type: "retrying"; name: string | null; failure: Failure; seconds: number }
  | {
    type: "sent";
    name: string;
    size: number;
    sha256: string;
    id: string;
    seconds: number;
    /** Bytes that the server already had from an earlier, interrupted upload. */
    resumedFrom: number;
  }
  /** With `wait`: the server has the file and its rows are not stored yet. */
  | { type: "waiting"; name: string; size: number; file: FileView | null; seconds: number }
  | { type: "ingested"; name: string; size: number; file: FileView; seconds: number }
  /** The platform took the file and could not load it. */
  | { type: "quarantined"; name: string; size: number; file: FileView; seconds: number }
  /** Nothing is wrong, and nothing was sent; `file` is what the server already has. */
  | { type: "skipped"; name: string; size: number | null; failure: Failure; file: FileView | null }
  /** Not allowed: it was not sent, or with `wait` the platform refused it as a whole. */
  | {
    type: "refused";
    name: string;
    size: number | null;
    failure: Failure;
    file?: FileView;
    seconds?: number;
  }
  | { type: "failed"; name: string; size: number | null; failure: Failure }
  /** Dry run: the file would have been sent. */
  | { type: "valid"; name: string; size: number; sha256: string }
  /** Watching: the files of one look at the directory are done, and the next look is awaited. */
  | { type: "watching"; dir: string };

/** Takes events as they happen; must not throw. */
export type Emit = (event: FetchEvent) => void;

/** How many files ended in which way. */
export interface FetchSummary {
  sent: number;
  ingested: number;
  quarantined: number;
  skipped: number;
  refused: number;
  failed: number;
  valid: number;
  /** Bytes of the files that were sent. */
  bytes: number;
  seconds: number;
  /** The kind of the gravest failure, which decides the exit code; null when nothing failed. */
  worst: "auth" | "storage" | "server" | "refused" | "internal" | null;
}

const GRAVITY = ["refused", "internal", "storage", "server", "auth"] as const;

/** Adds events up to a {@link FetchSummary}. */
export class Tally {
  readonly #startedAt: number;
  readonly #counts = {
    sent: 0,
    ingested: 0,
    quarantined: 0,
    skipped: 0,
    refused: 0,
    failed: 0,
    valid: 0,
  };
  #bytes = 0;
  #worst: FetchSummary["worst"] = null;

  /** @param now milliseconds on any clock; the same clock is passed to {@link Tally.summary} */
  constructor(now: number) {
    this.#startedAt = now;
  }

  add(event: FetchEvent): void {
    if (event.type in this.#counts) this.#counts[event.type as keyof FetchCounts] += 1;
    if (event.type === "sent") this.#bytes += event.size;
    if (event.type === "refused" || event.type === "quarantined") this.#worsen("refused");
    if (event.type === "failed") this.#worsen(event.failure.kind);
  }

  summary(now: number): FetchSummary {
    const seconds = (now - this.#startedAt) / 1000;
    return { ...this.#counts, bytes: this.#bytes, seconds, worst: this.#worst };
  }

  #worsen(kind: Failure["kind"]): void {
    const next = kind === "usage" ? "refused" : kind;
    if (this.#worst === null || GRAVITY.indexOf(next) > GRAVITY.indexOf(this.#worst)) {
      this.#worst = next;
    }
  }
}

type FetchCounts = Pick<
  FetchSummary,
  "sent" | "ingested" | "quarantined" | "skipped" | "refused" | "failed" | "valid"
>;
