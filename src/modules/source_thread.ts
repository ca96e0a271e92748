import { Failure } from "../base/failure.ts";
import { signatureIfThere } from "../data/durable.ts";
import { KeptResults } from "./kept_results.ts";
import { comparedWith, type Reviewed, seenOf, sourcePaths } from "./reviewed.ts";
import type {
  SourceAnswers,
  SourceChanges,
  SourceEntry,
  SourcePage,
  SourceReply,
  SourceRequest,
} from "./source_worker.ts";
import type { ModuleStore, TenantVersion } from "./store.ts";

/** Milliseconds that one request of the thread may take. */
const MAX_MS = 30_000;
/** A thread that has nothing to do for this time ends. */
const IDLE_MS = 60_000;
/** The diffs that are kept, in bytes. */
const KEPT_BYTES = 64 * 1024 ** 2;
/** Requests that wait for the thread: of everybody, and of one reader. */
const MAX_WAITING = { all: 64, reader: 8 };
/** Operators read beside the tenant, who must not be able to fill their queue. */
const OPERATORS = "";

/** What an operator reviews, with the differences. */
export interface ReviewedChanges extends Reviewed {
  changes: SourceChanges;
}

interface Job {
  reader: string;
  request: SourceRequest;
  resolve(answer: SourceAnswers[keyof SourceAnswers]): void;
  reject(error: Error): void;
}

/**
 * A second thread that reads the files of versions, which can have 22 MB, and compares them. It does one
 * thing at a time, so that it uses one core at most. What it has compared is kept.
 *
 * @example
 * ```ts ignore
 * const thread = new SourceThread(store);
 * const { seen, changes } = await thread.review({ tenant: "t1", version: "v2-1f0c9a2b" });
 * thread.close();
 * ```
 */
export class SourceThread {
  readonly #store: ModuleStore;
  readonly #changes = new KeptResults<SourceChanges>(KEPT_BYTES, bytesOf);
  readonly #waiting: Job[] = [];
  #running: Job | null = null;
  #worker: Worker | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(store: ModuleStore) {
    this.#store = store;
  }

  /**
   * What an operator reviews, and the differences.
   * @throws {Failure} `no-such-version`, `too-busy`
   */
  async review(at: TenantVersion): Promise<ReviewedChanges> {
    const compared = await comparedWith(this.#store, at);
    const { before, after } = sourcePaths(this.#store, at, compared);
    const signatures = [before && await signatureIfThere(before), await signatureIfThere(after)];
    const key = [before, after, ...signatures].join("\n");
    const changes = await this.#changes.get(
      key,
      () => this.#ask(OPERATORS, { type: "changes", before, after }),
    );
    return { ...compared, seen: seenOf(compared, changes.hashes), changes };
  }

  /**
   * The files of a version, by path.
   * @param reader the tenant; null for an operator
   * @throws {Failure} `too-busy`
   */
  list({ tenant, version }: TenantVersion, reader: string | null): Promise<SourceEntry[]> {
    const path = this.#store.sourcePath(tenant, version);
    return this.#ask(reader ?? OPERATORS, { type: "list", path });
  }

  /**
   * A page of a file, from 1.
   * @param reader the tenant; null for an operator
   * @returns null if there is no such file or page, or it is not a text
   * @throws {Failure} `too-busy`
   */
  text(
    { tenant, version }: TenantVersion,
    { path: file, page }: { path: string; page: number },
    reader: string | null,
  ): Promise<SourcePage | null> {
    const path = this.#store.sourcePath(tenant, version);
    return this.#ask(reader ?? OPERATORS, { type: "text", path, file, page });
  }

  /** Ends the thread; what it works on fails. */
  close(): void {
    clearTimeout(this.#timer);
    this.#worker?.terminate();
    this.#worker = null;
    for (const job of this.#waiting.splice(0)) job.reject(stopping());
    this.#running?.reject(stopping());
    this.#running = null;
  }

  #ask<Type extends SourceRequest["type"]>(
    reader: string,
    request: Extract<SourceRequest, { type: Type }>,
  ): Promise<SourceAnswers[Type]> {
    const own = this.#waiting.filter((job) => job.reader === reader).length;
    if (this.#waiting.length >= MAX_WAITING.all || own >= MAX_WAITING.reader) {
      return Promise.reject(tooBusy());
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ reader, request, resolve: resolve as Job["resolve"], reject });
      this.#next();
    });
  }

  #next(): void {
    if (this.#running) return;
    clearTimeout(this.#timer);
    const job = this.#waiting.shift();
    this.#running = job ?? null;
    this.#timer = setTimeout(() => this.#end(tooSlow()), job ? MAX_MS : IDLE_MS);
    Deno.unrefTimer(this.#timer);
    if (!job) return;
    this.#worker ??= this.#start();
    this.#worker.postMessage(job.request);
  }

  #start(): Worker {
    const worker = new Worker(new URL("./source_worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<SourceReply>) => {
      const job = this.#running;
      this.#running = null;
      if (data.ok) job?.resolve(data.answer);
      else job?.reject(failed(data.error));
      this.#next();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#end(failed(event.message));
    };
    return worker;
  }

  /** Ends the worker, which a later request starts again. */
  #end(reason: Failure): void {
    clearTimeout(this.#timer);
    this.#worker?.terminate();
    this.#worker = null;
    this.#running?.reject(reason);
    this.#running = null;
    if (this.#waiting.length > 0) this.#next();
  }
}

function bytesOf({ diff, pages }: SourceChanges): number {
  return diff.length + pages.length;
}

function tooBusy(): Failure {
  const text = "Cannot read the version now: others are being read";
  return new Failure("server", "too-busy", text, { hint: "Try again in a moment." });
}

function tooSlow(): Failure {
  const text = `Cannot read the version: it takes more than ${MAX_MS / 1000} seconds`;
  return new Failure("server", "too-busy", text, { hint: "Try again in a moment." });
}

function failed(reason: string): Failure {
  return new Failure("internal", "version-unreadable", `Cannot read the version: ${reason}`);
}

function stopping(): Failure {
  return new Failure("internal", "stopping", "Cannot read the version: the server is stopping");
}
