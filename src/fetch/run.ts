import { checkFile, type Constraints, tooManyFiles } from "../protocol/constraints.ts";
import { Failure, messageOf } from "../base/failure.ts";
import type { FileView, UploadView } from "../protocol/file_view.ts";
import { NO_SPAN, type Span } from "../base/tracing.ts";
import type { ApiClient } from "./client.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { type Emit, type FetchEvent, type FetchSummary, Tally } from "./events.ts";
import { followFile } from "./follow.ts";
import { Gate, inOrder } from "./gate.ts";
import { hashLarge } from "./large_hash.ts";
import { retry, type RetryPolicy } from "../base/retry.ts";
import { scanDirectory, type ScanEntry } from "./scan.ts";
import { type Candidate, SteadyFile } from "./steady_file.ts";
import {
  findUnfinished,
  ONE_REQUEST_LIMIT,
  uploadFile,
  type UploadResult,
  type UploadTask,
} from "./upload.ts";
import { Wave } from "./wave.ts";

export interface RunOptions {
  client: ApiClient;
  dir: string;
  emit: Emit;
  signal: AbortSignal;
  /** Maximum uploads at once. @default 4 */
  parallel?: number;
  /** Wait until the rows of each file are stored. @default false */
  wait?: boolean;
  /** Maximum milliseconds to wait for each file; Infinity for no limit. @default Infinity */
  waitLimit?: number;
  /** Check all files, send nothing. @default false */
  dryRun?: boolean;
  /** @default 8 attempts */
  retries?: RetryPolicy;
  clock?: Clock;
  /** The parent of the run's spans. @default none */
  span?: Span;
}

export const DEFAULT_PARALLEL = 4;
/** Gives up after about half a minute without progress. */
const RUN_RETRIES: RetryPolicy = { attempts: 8 };
/** Seconds without a byte after which another content's upload is abandoned. */
const ABANDONED_SECONDS = 600;
/** Maximum bytes in memory of all uploads together. */
const BUDGET = 64 * 1024 * 1024;
/** Maximum checks at once; they mostly wait for the server. */
const CHECKS = 8;
/** Maximum files hashed at once; more would only delay the first one. */
const HASHES = 2;
/** Maximum files polled at once. */
const POLLS = 4;

/** What remains to be done for an entry after its check. */
type Checked =
  | { outcome: "closed" }
  /** `sha256` is null if the file is hashed during the upload. */
  | { outcome: "to-send"; candidate: Candidate; sha256: string | null };

/**
 * Sends the files of a directory once. Each is uploaded as soon as it is valid, while the next ones
 * are checked.
 *
 * @throws {Failure} if the run cannot start: directory unreadable, login failed, server unreachable
 *
 * @example
 * ```ts ignore
 * const summary = await fetchOnce({ client, dir: "client-input-dir", emit: console.log, signal });
 * ```
 */
export async function fetchOnce(options: RunOptions): Promise<FetchSummary> {
  const sender = new Sender(options);
  const entries = await scanDirectory(options.dir);
  await sender.send(entries, await options.client.constraints(options.signal));
  await sender.followed();
  return sender.summary();
}

/** Codes of files that are tried again in the next wave. */
const NEXT_WAVE = new Set(["too-many-files", "too-many-unfinished", "file-changed"]);

/** Checks and sends files in waves; each wave is a batch. */
export class Sender {
  readonly #options: Required<RunOptions>;
  readonly #tally: Tally;
  readonly #uploads: Gate;
  readonly #hashes = new Gate(HASHES);
  readonly #polls = new Gate(POLLS);
  readonly #budget = new Gate(BUDGET);
  readonly #following = new Set<Promise<void>>();
  /** The failure that makes it pointless to try more files. */
  #end: Failure | null = null;

  constructor(options: RunOptions) {
    this.#options = {
      parallel: DEFAULT_PARALLEL,
      wait: false,
      waitLimit: Infinity,
      dryRun: false,
      retries: RUN_RETRIES,
      clock: systemClock,
      span: NO_SPAN,
      ...options,
    };
    this.#tally = new Tally(this.#options.clock.monotonic());
    this.#uploads = new Gate(this.#options.parallel);
  }

  /** The failure of the server or the login that ended the run; null if there was none. */
  get end(): Failure | null {
    return this.#end;
  }

  summary(): FetchSummary {
    return this.#tally.summary(this.#options.clock.monotonic());
  }

  /**
   * Sends one wave and returns when each of its files is done.
   *
   * @param later receives files to try again in the next wave: those over `number_files`, those that
   * changed while they were read, those that failed because of the server
   */
  async send(
    entries: ScanEntry[],
    constraints: Constraints,
    later?: (name: string) => void,
  ): Promise<void> {
    // While watching, an unreachable server may be back for the next wave.
    if (later && this.#end?.kind !== "auth") this.#end = null;
    this.#announce(entries, constraints);
    const wave = new Wave(this.#options, constraints);
    const close = (candidate: Candidate, error: unknown) => this.#close(candidate, error, later);
    const sending: Promise<void>[] = [];
    const check = (entry: ScanEntry) => this.#check(entry, constraints, wave, close);
    for await (const checked of inOrder(entries, CHECKS, check)) {
      if (checked.outcome === "closed") continue;
      const { candidate, sha256 } = checked;
      if (!wave.admit()) {
        close(candidate, tooManyFiles(constraints, candidate.name));
      } else if (this.#options.dryRun) {
        const { name, size } = candidate;
        this.#emit({ type: "valid", name, size, sha256: sha256 ?? await this.#hash(candidate) });
      } else {
        sending.push(
          this.#uploads.run(() => this.#sendOne(candidate, sha256, wave))
            .catch((error) => close(candidate, error)),
        );
      }
    }
    await Promise.all(sending);
  }

  /** Waits until the polled files are finished. */
  async followed(): Promise<void> {
    await Promise.all(this.#following);
  }

  #announce(entries: ScanEntry[], constraints: Constraints): void {
    const files = entries.flatMap(({ name, ...entry }) => {
      if (entry.outcome !== "candidate") return [];
      const { size } = entry.candidate;
      return checkFile(constraints, name, size) ? [] : [{ name, size }];
    });
    this.#emit({ type: "scanned", files, names: entries.map((entry) => entry.name) });
  }

  async #check(
    entry: ScanEntry,
    constraints: Constraints,
    wave: Wave,
    close: (candidate: Candidate, error: unknown) => void,
  ): Promise<Checked> {
    const { name } = entry;
    if (entry.outcome !== "candidate") {
      const { failure } = entry;
      if (entry.outcome === "refused") this.#emit({ type: "refused", name, size: null, failure });
      else this.#emit({ type: "skipped", name, size: null, failure, file: null });
      return { outcome: "closed" };
    }
    const { candidate } = entry;
    try {
      if (this.#end) throw this.#end;
      const fault = checkFile(constraints, name, candidate.size);
      if (fault) throw fault;
      if (await this.#retried(name, () => this.#isNew(candidate, wave))) {
        this.#emit({ type: "checked", name, size: candidate.size, sha256: null });
        return { outcome: "to-send", candidate, sha256: null };
      }
      const sha256 = await this.#hash(candidate);
      const file = await this.#retried(name, () => this.#find(name, sha256));
      if (file !== null) {
        this.#alreadyThere(candidate, file);
        return { outcome: "closed" };
      }
      this.#emit({ type: "checked", name, size: candidate.size, sha256 });
      return { outcome: "to-send", candidate, sha256 };
    } catch (error) {
      close(candidate, error);
      return { outcome: "closed" };
    }
  }

  /**
   * Whether a file is large and not at the server, so that it need not be hashed before the upload.
   * A file is new if the server has none of its name and size.
   */
  async #isNew({ name, size }: Candidate, wave: Wave): Promise<boolean> {
    if (size <= ONE_REQUEST_LIMIT || this.#options.dryRun) return false;
    const begun = await wave.unfinished();
    if (begun.some((upload) => upload.name === name && upload.sha256 !== null)) return false;
    const files = await this.#options.client.filesNamed(name, this.#options.signal);
    return files !== null && !files.some((file) => file.size === size);
  }

  #hash(candidate: Candidate): Promise<string> {
    return this.#hashes.run(async () => {
      if (candidate.size > ONE_REQUEST_LIMIT) return hashLarge(candidate, this.#options.signal);
      await using file = await SteadyFile.open(candidate);
      return await file.sha256(this.#options.signal);
    });
  }

  /** The upload awaits the hash at its end; an earlier failure must not count as unhandled. */
  #hashMeanwhile(candidate: Candidate): Promise<string> {
    const hashing = this.#hash(candidate);
    hashing.catch(() => {});
    return hashing;
  }

  #find(name: string, sha256: string): Promise<FileView | null> {
    return this.#options.client.findFile(name, sha256, this.#options.signal);
  }

  #alreadyThere({ name, size }: Candidate, file: FileView): void {
    if (this.#options.wait && !this.#options.dryRun && file.state !== "ingested") {
      this.#follow({ name, size, id: file.id });
      return;
    }
    const failure = new Failure(
      "refused",
      "already-there",
      `Cannot send "${name}": already on the server (${file.state})`,
    );
    this.#emit({ type: "skipped", name, size, failure, file });
  }

  async #sendOne(candidate: Candidate, known: string | null, wave: Wave): Promise<void> {
    if (this.#end) throw this.#end;
    const { name, size } = candidate;
    const { clock } = this.#options;
    const startedAt = clock.monotonic();
    const unfinished = await this.#retried(name, () => wave.unfinished());
    await this.#discardOutdated(candidate, known, unfinished);
    const batch = await this.#retried(name, () => wave.batch());
    const task = {
      candidate,
      sha256: known ?? this.#hashMeanwhile(candidate),
      batch,
      unfinished: findUnfinished(unfinished, candidate, known),
    };
    const sent = await this.#traced(task);
    const seconds = (clock.monotonic() - startedAt) / 1000;
    const file = await this.#newVersion(sent);
    this.#emit({ type: "sent", name, size, ...sent, file, seconds });
    const { id } = sent;
    if (this.#options.wait) this.#follow({ name, size, id });
  }

  /**
   * Deletes what an earlier run began to send of this file's earlier content: nobody will finish it.
   * Another program may still be sending one that has received bytes a moment ago.
   */
  async #discardOutdated(
    { name, size }: Candidate,
    sha256: string | null,
    unfinished: UploadView[],
  ): Promise<void> {
    const outdated = unfinished.filter((upload) =>
      upload.name === name && upload.idleSeconds >= ABANDONED_SECONDS &&
      (upload.length !== size || (sha256 !== null && (upload.sha256 ?? sha256) !== sha256))
    );
    const { client, signal } = this.#options;
    // A failure here is not one of the file: the server deletes them when they expire.
    for (const { id } of outdated) await client.discardUpload(id, signal).catch(() => null);
  }

  /** What became of the earlier versions of a file that was sent; null if it is the first. */
  async #newVersion({ id, version }: UploadResult): Promise<FileView | null> {
    const { client, signal, wait } = this.#options;
    if (wait || version === null || version === 1) return null;
    // The file is at the server already: a failure here is not one of the file.
    return await client.file(id, signal).catch(() => null);
  }

  /** Uploads a file in a span. */
  async #traced(task: UploadTask): Promise<UploadResult> {
    const options = { ...this.#options, emit: this.#emit, budget: this.#budget };
    const span = this.#options.span.child("upload", { "mysimbdp.file.size": task.candidate.size });
    try {
      const result = await uploadFile({ ...task, traceparent: span.traceparent }, options);
      span.set({ "mysimbdp.file.id": result.id });
      span.end();
      return result;
    } catch (error) {
      span.end(messageOf(error));
      throw error;
    }
  }

  #follow(sent: { name: string; size: number; id: string }): void {
    const { client, clock, retries, signal, waitLimit: limit } = this.#options;
    const options = { client, clock, retries, signal, limit, emit: this.#emit, gate: this.#polls };
    const following = followFile(options, sent)
      .finally(() => this.#following.delete(following));
    this.#following.add(following);
  }

  #retried<T>(name: string, request: () => Promise<T>): Promise<T> {
    const { retries, clock, signal } = this.#options;
    const onWait = (failure: Failure, seconds: number) =>
      this.#emit({ type: "retrying", name, failure, seconds });
    return retry(request, { ...retries, clock, signal, onWait });
  }

  #close({ name, size }: Candidate, error: unknown, later?: (name: string) => void): void {
    const failure = error instanceof Failure ? error : unexpected(name, error);
    const { kind, code } = failure;
    if (kind === "auth" || failure.details.unreachable === true) this.#end = failure;
    if (later && NEXT_WAVE.has(code)) return later(name);
    if (later && (kind === "server" || kind === "storage")) {
      this.#emit({ type: "retrying", name, failure, seconds: 0 });
      return later(name);
    }
    const type = kind === "refused" && code !== "interrupted" ? "refused" : "failed";
    this.#emit({ type, name, size, failure });
  }

  readonly #emit = (event: FetchEvent): void => {
    this.#tally.add(event);
    this.#options.emit(event);
  };
}

function unexpected(name: string, error: unknown): Failure {
  return new Failure("internal", "unexpected", `Cannot send "${name}": ${messageOf(error)}`, {
    cause: error,
  });
}
