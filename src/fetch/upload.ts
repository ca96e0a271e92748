import { Failure } from "../base/failure.ts";
import type { UploadView } from "../protocol/file_view.ts";
import { statusOf } from "./answer_failure.ts";
import type { ApiClient, StreamBody } from "./client.ts";
import type { Clock } from "../base/clock.ts";
import type { Emit } from "./events.ts";
import type { Gate } from "./gate.ts";
import { Pace } from "./pace.ts";
import { isPassing, retry, type RetryPolicy } from "../base/retry.ts";
import { SizedBody } from "./sized_body.ts";
import { type Candidate, SteadyFile, STREAM_BYTES } from "./steady_file.ts";
import { TusClient, type TusState } from "./tus.ts";

interface UploadOptions {
  client: ApiClient;
  /** Limits the bytes in memory of all uploads together. */
  budget: Gate;
  clock: Clock;
  retries: RetryPolicy;
  emit: Emit;
  signal: AbortSignal;
}

/** A file to send. */
export interface UploadTask {
  candidate: Candidate;
  /** A promise if the file is hashed during the upload; then it is sent with the last bytes. */
  sha256: string | Promise<string>;
  batch: string | null;
  /** An unfinished upload of the same name and content, from an earlier run. */
  unfinished: UploadView | null;
  /** The span of this upload, for the server. @default none */
  traceparent?: string | null;
}

/** A file at the server. */
interface SentFile {
  /** The file's id at `/v1/files/:id`. */
  id: string;
  /** Null if the server does not say. */
  version: number | null;
}

export interface UploadResult extends SentFile {
  sha256: string;
  /** Bytes that an earlier run had sent. */
  resumedFrom: number;
}

/** Files up to this many bytes are sent in the request that creates the upload. */
export const ONE_REQUEST_LIMIT = 4 * 1024 * 1024;
/** The last bytes, which are sent when the SHA-256 of the file is known. */
const LAST_PIECE = 64 * 1024;
/** Maximum restarts of a file whose upload was lost at the server or arrived damaged. */
const MAX_RESTARTS = 3;
const DAMAGE = new Set(["checksum-mismatch", "sha256-mismatch"]);

/**
 * Sends a file with tus 1.0.0. After a failed request it asks for the offset (HEAD) and resumes there.
 *
 * @throws {Failure} `file-changed`, `file-unreadable`; what the client throws, after all retries
 *
 * @example
 * ```ts ignore
 * const { id } = await uploadFile({ candidate, sha256, batch, unfinished: null }, options);
 * ```
 */
export async function uploadFile(task: UploadTask, options: UploadOptions): Promise<UploadResult> {
  await using file = await SteadyFile.open(task.candidate);
  return await new Upload(options, task, file).run();
}

/** The upload of one file, including retries. */
class Upload {
  readonly #options: UploadOptions;
  readonly #tus: TusClient;
  readonly #pace = new Pace();
  /** The upload's id, once known. */
  #upload: string | null;
  /** A creation was sent and not answered. */
  #uncertain = false;
  /** A proxy does not accept the whole file in one request. */
  #inPieces = false;
  #restarts = 0;
  #resumedFrom: number | null = null;

  constructor(options: UploadOptions, readonly task: UploadTask, readonly file: SteadyFile) {
    this.#options = options;
    this.#tus = new TusClient(options.client, task.traceparent ?? null);
    this.#upload = task.unfinished?.id ?? null;
  }

  async run(): Promise<UploadResult> {
    const { emit, clock, retries, signal } = this.#options;
    const { task } = this;
    const { name } = task.candidate;
    const file = await retry((progressed) => this.#attempt(progressed), {
      ...retries,
      clock,
      signal,
      onWait: (failure, seconds) => emit({ type: "retrying", name, failure, seconds }),
    });
    const { id, version } = file;
    return { id, version, sha256: await task.sha256, resumedFrom: this.#resumedFrom ?? 0 };
  }

  async #attempt(progressed: () => void): Promise<SentFile> {
    try {
      return await this.#send(progressed);
    } catch (error) {
      if (error instanceof Failure && error.code === "file-changed") await this.#drop();
      if (isTooLargeForProxy(error)) this.#pace.tooLarge();
      else if (isPassing(error)) this.#pace.lost();
      throw error;
    }
  }

  /** Sends until the first failure. */
  async #send(progressed: () => void): Promise<SentFile> {
    const known = await this.#find() ?? await this.#create();
    if ("id" in known) return known;
    const { name, size } = this.task.candidate;
    this.#resumedFrom ??= known.offset;
    this.#options.emit({ type: "sending", name, size, offset: known.offset });
    let state = known;
    while (state.offset < size) {
      state = await this.#sendPiece(state);
      if (state.offset < size) progressed();
    }
    return await this.#finished(state);
  }

  /** Finds the upload at the server: the file if it is complete, its state, or null. */
  async #find(): Promise<SentFile | TusState | null> {
    const { candidate } = this.task;
    const { client, signal } = this.#options;
    if (this.#upload === null) {
      if (!this.#uncertain) return null;
      const sha256 = await this.task.sha256;
      const done = await client.findFile(candidate.name, sha256, signal);
      if (done !== null) return done;
      const uploads = await client.uploads(signal);
      this.#upload = findUnfinished(uploads, candidate, this.#declaredSha256)?.id ?? null;
      if (this.#upload === null) return null;
    }
    const state = await this.#tus.head(this.#upload, candidate.size, signal);
    if (state !== null && state.offset < candidate.size) return state;
    if (state?.fileId) return await this.#finished(state);
    // The upload is complete or lost; the list of files shows which.
    const done = await client.findFile(candidate.name, await this.task.sha256, signal);
    if (done !== null) return done;
    await this.#restart();
    return null;
  }

  async #create(): Promise<SentFile | TusState> {
    const { candidate, batch } = this.task;
    const { name, size } = candidate;
    const sha256 = this.#declaredSha256;
    const whole = sha256 !== null && size <= ONE_REQUEST_LIMIT && !this.#inPieces;
    const release = await this.#options.budget.take(whole ? size : 0);
    try {
      const body = whole ? await this.file.read(0, size) : undefined;
      const metadata = {
        filename: name,
        ...(sha256 === null ? {} : { sha256 }),
        ...(batch === null ? {} : { batch }),
      };
      this.#uncertain = true;
      const state = await this.#tus.create({ size, metadata, body }, this.#options.signal);
      this.#upload = state.upload;
      this.#uncertain = false;
      return state.offset === size ? await this.#finished(state) : state;
    } catch (error) {
      this.#inPieces ||= isTooLargeForProxy(error);
      throw isDamage(error) || (whole && this.#inPieces) ? this.#passing(error) : error;
    } finally {
      release();
    }
  }

  async #sendPiece({ upload, offset }: TusState): Promise<TusState> {
    const { budget, clock, emit, signal } = this.#options;
    const { name, size } = this.task.candidate;
    const full = this.#pace.piece;
    const { length, sha256 } = await this.#nextPiece(full, size - offset);
    const release = await budget.take(Math.min(length, STREAM_BYTES));
    const readErrors: unknown[] = [];
    const body: StreamBody = (alive) =>
      new SizedBody(length, () =>
        this.file.stream(offset, length, {
          onPart: (read) => {
            alive();
            emit({ type: "progress", name, size, offset: offset + read });
          },
          onFailure: (error) => readErrors.push(error),
        }));
    try {
      const startedAt = clock.monotonic();
      const state = await this.#tus.patch(upload, { offset, size, body, sha256 }, signal);
      if (length === full) this.#pace.took(full, (clock.monotonic() - startedAt) / 1000);
      return state;
    } catch (error) {
      throw readErrors.length > 0 ? readErrors[0] : this.#retriable(error);
    } finally {
      release();
    }
  }

  /** The SHA-256 sent with the creation; null if it is not known by then. */
  get #declaredSha256(): string | null {
    return typeof this.task.sha256 === "string" ? this.task.sha256 : null;
  }

  /** Returns the length of the next piece; the last one waits for the SHA-256 if it carries it. */
  async #nextPiece(full: number, left: number): Promise<{ length: number; sha256?: string }> {
    if (full < left || this.#declaredSha256 !== null) return { length: Math.min(full, left) };
    if (left > LAST_PIECE) return { length: left - LAST_PIECE };
    return { length: left, sha256: await this.task.sha256 };
  }

  /** Makes a failure passing if the offset was wrong (409), the upload lost (404, 410), or bytes damaged. */
  #retriable(error: unknown): unknown {
    const isElsewhere = [404, 409, 410].includes(statusOf(error));
    return isElsewhere || isDamage(error) || isTooLargeForProxy(error)
      ? this.#passing(error)
      : error;
  }

  /** Returns the failure as a passing one; damage passes only a few times. */
  #passing(error: unknown): unknown {
    if (!(error instanceof Failure)) return error;
    if (isDamage(error) && ++this.#restarts > MAX_RESTARTS) return error;
    const { code, message, hint, details } = error;
    const again = { ...details, passing: true, unreachable: false };
    return new Failure("server", code, message, { hint, cause: error, details: again });
  }

  async #restart(): Promise<void> {
    await this.#drop();
    this.#upload = null;
    this.#restarts += 1;
    if (this.#restarts <= MAX_RESTARTS) return;
    const { name } = this.task.candidate;
    const text = `Cannot send "${name}": the server lost the upload`;
    throw new Failure("server", "upload-lost", text, {
      hint: "Contact the operator of the platform.",
    });
  }

  /** Deletes an upload that will not be finished, so that it does not count in its batch. */
  async #drop(): Promise<void> {
    if (this.#upload !== null) await this.#tus.drop(this.#upload, this.#options.signal);
  }

  /** Checks that the server received the hashed bytes. */
  async #finished({ upload, fileId, version, sha256 }: TusState): Promise<SentFile> {
    if (sha256 === null || sha256 === await this.task.sha256) {
      return { id: fileId ?? upload, version };
    }
    const { name } = this.task.candidate;
    const text = `Cannot send "${name}": it was damaged during the upload`;
    throw new Failure("server", "damaged", text, { hint: "Run the command again." });
  }
}

/** A 413 that is not from the server but from a proxy: a smaller piece may succeed. */
function isTooLargeForProxy(error: unknown): boolean {
  return error instanceof Failure && error.code === "http-413";
}

/** The server received different bytes. */
function isDamage(error: unknown): error is Failure {
  return error instanceof Failure && DAMAGE.has(error.code);
}

/**
 * Returns the unfinished upload of this content, if there is one. Without a SHA-256 it is only likely
 * to be the same content; that is checked at the end.
 */
export function findUnfinished(
  uploads: UploadView[],
  candidate: Candidate,
  sha256: string | null,
): UploadView | null {
  return uploads.find((upload) =>
    upload.name === candidate.name && upload.sha256 === sha256 && upload.length === candidate.size
  ) ?? null;
}
