import { Failure } from "../../base/failure.ts";
import type { Load, LoadReceipt, LoadResult } from "../contract.ts";
import { loadEnded, storageClosed } from "../failures.ts";
import { LoadEstimates } from "./load_estimates.ts";
import {
  failureOf,
  type LoadProgress,
  type LoadReply,
  type LoadRequest,
  type LoadTarget,
} from "./load_messages.ts";

/** Maximum number of unanswered batches; beyond it `write` waits. */
const WINDOW = 4;
/** Threads kept for the next load. A thread uses 14 MB and takes 20 ms to start. */
const IDLE_WORKERS = 1;

type Waiting = Pick<PromiseWithResolvers<LoadProgress>, "resolve" | "reject">;

/** The host's end of one load worker. Requests are answered in order. */
class LoadThread {
  readonly #worker = new Worker(new URL("./load_worker.ts", import.meta.url), { type: "module" });
  readonly #waiting: Waiting[] = [];
  #dead: Failure | null = null;

  constructor() {
    this.#worker.onmessage = (event: MessageEvent<LoadReply>) => {
      const waiting = this.#waiting.shift();
      if ("failure" in event.data) waiting?.reject(failureOf(event.data.failure));
      else waiting?.resolve(event.data);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.end(`its thread ended: ${event.message}`);
    };
  }

  get isDead(): boolean {
    return this.#dead !== null;
  }

  ask(request: LoadRequest, transfer: Transferable[] = []): Promise<LoadProgress> {
    if (this.#dead !== null) return Promise.reject(this.#dead);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(request, transfer);
    });
  }

  /** Rolls back the open load, if there is one. A thread that has ended has rolled back already. */
  async abort(): Promise<void> {
    await this.ask({ type: "abort" }).catch(() => undefined);
  }

  /** Stops the thread; unanswered requests fail. */
  end(reason: string): void {
    this.#dead ??= new Failure("storage", "storage-thread", `Cannot load rows: ${reason}`);
    this.#worker.terminate();
    for (const { reject } of this.#waiting.splice(0)) reject(this.#dead);
  }
}

/** The load workers of one storage. */
export class LoadThreads {
  readonly #idle: LoadThread[] = [];
  readonly #busy = new Set<LoadThread>();
  readonly #estimates = new LoadEstimates();
  readonly #reserveBytes: number;
  #closed = false;

  /** @param reserveBytes bytes of the disk that loads leave free */
  constructor(reserveBytes: number) {
    this.#reserveBytes = reserveBytes;
  }

  /**
   * Begins a load in its own thread.
   * @param fileBytes the size of the file; 0 if it is not known
   * @throws {Failure} kind `storage`, `already-loaded` if the file has a receipt, or `superseded`
   */
  async begin(target: Omit<LoadTarget, "limits">, fileBytes: number): Promise<Load> {
    if (this.#closed) throw storageClosed();
    const { path } = target;
    const neededBytes = this.#estimates.of(path, fileBytes);
    const limits = { neededBytes, reserveBytes: this.#reserveBytes };
    const thread = this.#idle.pop() ?? new LoadThread();
    this.#busy.add(thread);
    const load = new SqliteLoad(thread, (usedBytes) => {
      this.#estimates.learn(path, fileBytes, usedBytes);
      this.#release(thread);
    });
    try {
      await thread.ask({ type: "begin", ...target, limits });
    } catch (error) {
      await load.abort();
      throw error;
    }
    return load;
  }

  #release(thread: LoadThread): void {
    this.#busy.delete(thread);
    if (!thread.isDead && !this.#closed && this.#idle.length < IDLE_WORKERS) {
      this.#idle.push(thread);
    } else {
      // The thread cleans up after it has answered a commit; its next answer comes after that.
      thread.abort().then(() => thread.end("it was released"));
    }
  }

  /** Ends all threads; open loads are rolled back. */
  async close(): Promise<void> {
    this.#closed = true;
    const threads = [...this.#idle.splice(0), ...this.#busy];
    await Promise.all(threads.map(async (thread) => {
      await thread.abort();
      thread.end("the storage was closed");
    }));
  }
}

class SqliteLoad implements Load {
  readonly #thread: LoadThread;
  readonly #release: (usedBytes: number) => void;
  readonly #window: Promise<unknown>[] = [];
  #failed: unknown = null;
  #ended = false;
  #aborting: Promise<void> | null = null;

  /** @param release called at the end, with the bytes of the disk that the load took; 0 if it failed */
  constructor(thread: LoadThread, release: (usedBytes: number) => void) {
    this.#thread = thread;
    this.#release = release;
  }

  async write(batch: Uint8Array): Promise<void> {
    this.#refuseIfOver();
    const isWhole = batch.byteLength === batch.buffer.byteLength;
    const bytes = isWhole ? batch : batch.slice();
    const written = this.#thread.ask({ type: "batch", bytes }, [bytes.buffer as ArrayBuffer]).catch(
      (error: unknown) => {
        this.#failed ??= error;
      },
    );
    this.#window.push(written);
    if (this.#window.length >= WINDOW) await this.#window.shift();
    if (this.#failed !== null) throw this.#failed;
  }

  async flush(): Promise<number> {
    const { written } = await this.#ask({ type: "flush" });
    return written;
  }

  async commit(result: LoadResult): Promise<LoadReceipt> {
    const { replacedFiles, usedBytes } = await this.#ask({ type: "commit", result });
    if (!this.#ended) this.#release(usedBytes);
    this.#ended = true;
    return { ...result, replacedFiles };
  }

  /** The thread answers in order, so a commit that is underway ends first. */
  abort(): Promise<void> {
    if (this.#ended) return this.#aborting ?? Promise.resolve();
    this.#ended = true;
    return this.#aborting = this.#thread.abort().then(() => this.#release(0));
  }

  async #ask(request: LoadRequest): Promise<LoadProgress> {
    this.#refuseIfOver();
    try {
      return await this.#thread.ask(request);
    } catch (error) {
      this.#failed ??= error;
      throw this.#failed;
    }
  }

  #refuseIfOver(): void {
    if (this.#failed !== null) throw this.#failed;
    if (this.#ended) throw loadEnded();
  }
}
