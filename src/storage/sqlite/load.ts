import { Failure } from "../../base/failure.ts";
import type { TableSpec } from "../../batch/column.ts";
import type { Load, LoadReceipt } from "../contract.ts";
import { failureOf, type LoadReply, type LoadRequest, type LoadTotals } from "./load_messages.ts";

/** Batches that may be on their way to the worker: what back-pressure rests on. */
const WINDOW = 4;
/** Threads kept for the next load; starting one takes 20 ms and holding one 14 MB. */
const IDLE_WORKERS = 1;

interface Waiting {
  resolve(totals: LoadTotals): void;
  reject(failure: Failure): void;
}

/** The host's end of one load worker: requests go out, answers come back in the same order. */
class LoadThread {
  readonly #worker = new Worker(new URL("./load_worker.ts", import.meta.url), { type: "module" });
  readonly #waiting: Waiting[] = [];
  #dead: Failure | null = null;

  constructor() {
    this.#worker.onmessage = (event: MessageEvent<LoadReply>) => {
      const waiting = this.#waiting.shift();
      if ("totals" in event.data) waiting?.resolve(event.data.totals);
      else waiting?.reject(failureOf(event.data.failure));
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.end(`its thread ended: ${event.message}`);
    };
  }

  get isDead(): boolean {
    return this.#dead !== null;
  }

  ask(request: LoadRequest, transfer: Transferable[] = []): Promise<LoadTotals> {
    if (this.#dead !== null) return Promise.reject(this.#dead);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(request, transfer);
    });
  }

  /** Stops the thread; whoever waits for it is told. */
  end(state: string): void {
    this.#dead ??= new Failure("storage", "storage-thread", `Cannot load rows: ${state}`);
    this.#worker.terminate();
    for (const { reject } of this.#waiting.splice(0)) reject(this.#dead);
  }
}

/** The load workers of one storage. */
export class LoadThreads {
  readonly #idle: LoadThread[] = [];
  readonly #busy = new Set<LoadThread>();
  #closed = false;

  /**
   * Starts a load in a thread of its own.
   * @throws {Failure} kind `storage`, or `already-loaded` where the file's receipt is there
   */
  async begin(path: string, fileId: string, tables: TableSpec[]): Promise<Load> {
    if (this.#closed) {
      throw new Failure("internal", "storage-closed", "Cannot begin a load: the storage is closed");
    }
    const thread = this.#idle.pop() ?? new LoadThread();
    this.#busy.add(thread);
    const load = new SqliteLoad(thread, () => this.#release(thread));
    try {
      await thread.ask({ type: "begin", path, fileId, tables });
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
      // Behind the commit's answer the thread still tidies up; its last answer says it is done.
      thread.ask({ type: "abort" }).catch(() => undefined).then(() =>
        thread.end("it was released")
      );
    }
  }

  /** Ends all threads; a load that is open is taken back. */
  async close(): Promise<void> {
    this.#closed = true;
    const threads = [...this.#idle.splice(0), ...this.#busy];
    await Promise.all(threads.map(async (thread) => {
      await thread.ask({ type: "abort" }).catch(() => undefined);
      thread.end("the storage was closed");
    }));
  }
}

class SqliteLoad implements Load {
  readonly #thread: LoadThread;
  readonly #release: () => void;
  readonly #window: Promise<unknown>[] = [];
  #failed: unknown = null;
  #ended = false;

  constructor(thread: LoadThread, release: () => void) {
    this.#thread = thread;
    this.#release = release;
  }

  async write(batch: Uint8Array): Promise<void> {
    this.#refuseIfOver();
    const whole = batch.byteLength === batch.buffer.byteLength;
    const bytes = whole ? batch : batch.slice();
    const written = this.#thread.ask({ type: "batch", bytes }, [bytes.buffer as ArrayBuffer]).catch(
      (error: unknown) => {
        this.#failed ??= error;
      },
    );
    this.#window.push(written);
    if (this.#window.length >= WINDOW) await this.#window.shift();
    if (this.#failed !== null) throw this.#failed;
  }

  async flush(): Promise<LoadTotals> {
    this.#refuseIfOver();
    return await this.#ask({ type: "flush" });
  }

  async commit(receipt: LoadReceipt): Promise<void> {
    this.#refuseIfOver();
    await this.#ask({ type: "commit", receipt });
    this.#end();
  }

  async abort(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    // A thread that is gone has taken its transaction back by ending.
    await this.#thread.ask({ type: "abort" }).catch(() => undefined);
    this.#release();
  }

  async #ask(request: LoadRequest): Promise<LoadTotals> {
    try {
      return await this.#thread.ask(request);
    } catch (error) {
      this.#failed ??= error;
      throw this.#failed;
    }
  }

  #refuseIfOver(): void {
    if (this.#failed !== null) throw this.#failed;
    if (this.#ended) {
      throw new Failure("internal", "load-ended", "Cannot use a load: it was ended before");
    }
  }

  #end(): void {
    this.#ended = true;
    this.#release();
  }
}
