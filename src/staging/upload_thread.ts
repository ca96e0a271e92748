import type { UploadReply, UploadRequest } from "./upload_worker.ts";

interface Call {
  resolve(reply: Exclude<UploadReply, { error: string }>): void;
  reject(error: Error): void;
}

/**
 * A second thread that writes uploads to disk and computes their SHA-256, so that a slow disk does
 * not block other requests. It keeps the state of each hash between requests; after a restart it
 * reads the file from the beginning.
 *
 * @example
 * ```ts
 * import { UploadThread } from "./upload_thread.ts";
 * const path = await Deno.makeTempFile();
 * const thread = new UploadThread();
 * await thread.write(path, 0, new TextEncoder().encode("abc"), true);
 * const sha256 = await thread.digest(path, 3);
 * thread.close();
 * ```
 */
export class UploadThread {
  readonly #calls = new Map<number, Call>();
  #worker: Worker | null = null;
  #lastCall = 0;

  /**
   * Appends bytes to an existing file of `position` bytes. Their memory is transferred to the thread, and
   * returned for reuse. Bytes to be hashed must be passed in order.
   * @throws {Error} with the system's `code`
   */
  async write(
    path: string,
    position: number,
    bytes: Uint8Array<ArrayBuffer>,
    hashed: boolean,
  ): Promise<ArrayBuffer> {
    const request = { type: "write", path, position, bytes, hashed } as const;
    const reply = await this.#call((call) => this.#send({ ...request, call }, [bytes.buffer]));
    return (reply as Extract<typeof reply, { memory: ArrayBuffer }>).memory;
  }

  /** The lower-case hex SHA-256 of a file's first `size` bytes. */
  async digest(path: string, size: number): Promise<string> {
    const reply = await this.#call((call) => this.#send({ type: "digest", path, size, call }));
    return (reply as Extract<typeof reply, { sha256: string }>).sha256;
  }

  /** Drops the state of a file that was removed or truncated. */
  forget(path: string): void {
    if (this.#worker) this.#send({ type: "forget", path });
  }

  /** Ends the thread. */
  close(): void {
    this.#end(new Error("Cannot write the upload: the thread is closed"));
  }

  #call(send: (call: number) => void): Promise<Exclude<UploadReply, { error: string }>> {
    const call = ++this.#lastCall;
    return new Promise((resolve, reject) => {
      this.#calls.set(call, { resolve, reject });
      send(call);
    });
  }

  #send(request: UploadRequest, transfer: Transferable[] = []): void {
    this.#worker ??= this.#start();
    this.#worker.postMessage(request, transfer);
  }

  #start(): Worker {
    const worker = new Worker(new URL("./upload_worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<UploadReply>) => {
      const call = this.#calls.get(data.call);
      this.#calls.delete(data.call);
      if ("error" in data) call?.reject(Object.assign(new Error(data.error), { code: data.code }));
      else call?.resolve(data);
    };
    worker.onerror = (event) => {
      // The next request starts a new thread, which hashes files from the beginning.
      event.preventDefault();
      this.#end(new Error(`Cannot write the upload: the thread failed: ${event.message}`));
    };
    return worker;
  }

  #end(error: Error): void {
    this.#worker?.terminate();
    this.#worker = null;
    for (const call of this.#calls.values()) call.reject(error);
    this.#calls.clear();
  }
}
