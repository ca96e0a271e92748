import { explainFullDisk } from "../data/free_space.ts";
import type { UploadThread } from "./upload_thread.ts";

export interface WriterOptions {
  /** Bytes of the file to keep; bytes after them are cut off. */
  start: number;
  /** Maximum number of bytes to be written. */
  expected: number;
  /** Called with the bytes, in order, before they are written; the thread then does not hash them. */
  onBytes?: (bytes: Uint8Array) => void;
}

// Slow senders use little memory; those that fill their buffers get larger ones, which still fit
// into the processor's cache.
const FIRST_BUFFER = 64 * 1024;
const FULL_BUFFER = 256 * 1024;
// Fewer bytes are collected first: sending a message to the thread costs as much as copying these.
const LARGE_PART = 48 * 1024;
// Concurrent writes: the thread works while the next buffers are filled.
const WRITES_AHEAD = 4;
// Bytes between two syncs, so that the last one has little left to do.
const SYNC_EVERY = 64 * 1024 * 1024;

/**
 * Appends to a file: a thread writes buffers while the next one is filled. Small parts are copied
 * with {@link write}; large ones are transferred with their memory by {@link give}.
 */
export class UploadWriter {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  readonly #thread: UploadThread;
  readonly #options: WriterOptions;
  #buffer: Uint8Array<ArrayBuffer> | null = null;
  /** Bytes of each buffer: one size, so that returned buffers can be reused. */
  #size = FIRST_BUFFER;
  #used = 0;
  #spares: ArrayBuffer[] = [];
  #flushed = 0;
  #synced = 0;
  #closed = false;
  #writes: Promise<void>[] = [];
  #syncing: Promise<void> = Promise.resolve();

  private constructor(
    path: string,
    file: Deno.FsFile,
    thread: UploadThread,
    options: WriterOptions,
  ) {
    this.#path = path;
    this.#file = file;
    this.#thread = thread;
    this.#options = options;
  }

  /** Opens an existing file. */
  static async open(
    path: string,
    thread: UploadThread,
    options: WriterOptions,
  ): Promise<UploadWriter> {
    const file = await Deno.open(path, { write: true });
    try {
      await file.truncate(options.start);
    } catch (error) {
      file.close();
      throw error;
    }
    return new UploadWriter(path, file, thread, options);
  }

  /** The size of the file, with the bytes that are still being written. */
  get offset(): number {
    return this.#options.start + this.#flushed + this.#used;
  }

  /** A buffer to read the next part into, for {@link give}. */
  memory(): Uint8Array<ArrayBuffer> {
    const left = this.#options.expected - this.#flushed - this.#used;
    const size = Math.min(this.#size, Math.max(left, 1));
    let spare = this.#spares.pop();
    // Spares of another size are dropped.
    while (spare !== undefined && spare.byteLength !== size) spare = this.#spares.pop();
    return new Uint8Array(spare ?? new ArrayBuffer(size));
  }

  /**
   * Writes bytes in a buffer of {@link memory}, which belongs to the writer from then on. The
   * promise is the back-pressure.
   * @throws {Failure} `no-space`
   */
  async give(part: Uint8Array<ArrayBuffer>): Promise<void> {
    if (part.length === part.buffer.byteLength) this.#size = FULL_BUFFER;
    if (part.length >= LARGE_PART) {
      await this.#flush();
      return await this.#send(part);
    }
    await this.write(part);
    this.#spares.push(part.buffer);
  }

  /**
   * Writes a copy of the bytes. The promise is the back-pressure.
   * @throws {Failure} `no-space`
   */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      this.#buffer ??= this.memory();
      const part = bytes.subarray(at, at + this.#buffer.length - this.#used);
      this.#buffer.set(part, this.#used);
      this.#used += part.length;
      at += part.length;
      if (this.#used < this.#buffer.length) continue;
      this.#size = FULL_BUFFER;
      await this.#flush();
    }
  }

  /**
   * Writes the remaining bytes and closes the file. Bytes are durable once the file is complete;
   * before that, a power cut may lose some. After a failure call {@link abandon}.
   * @throws {Failure} `no-space`
   */
  async close(): Promise<void> {
    try {
      await this.#flush();
      await Promise.all(this.#writes);
      // The system reports a failed sync only once, so each result counts.
      await this.#syncing;
      if (this.#flushed === this.#options.expected) await this.#file.sync();
    } catch (error) {
      throw explainFullDisk(error);
    }
    this.#closed = true;
    this.#file.close();
  }

  /** Closes the file when the running writes have ended; the caller truncates it. */
  async abandon(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.allSettled([...this.#writes, this.#syncing]);
    this.#file.close();
  }

  /** Sends the collected bytes to the thread. */
  async #flush(): Promise<void> {
    if (this.#buffer === null) return;
    const collected = this.#buffer.subarray(0, this.#used);
    this.#buffer = null;
    this.#used = 0;
    await this.#send(collected);
  }

  /** Transfers bytes to the thread; waits while {@link WRITES_AHEAD} writes are running. */
  async #send(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const position = this.#options.start + this.#flushed;
    this.#flushed += bytes.length;
    if (this.#writes.length >= WRITES_AHEAD) await this.#settleFirst();
    this.#options.onBytes?.(bytes);
    const writing = this.#writeOut(position, bytes);
    // A failure is thrown when the write is awaited; until then it must not count as unhandled.
    writing.catch(() => {});
    this.#writes.push(writing);
  }

  async #writeOut(position: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const hashed = this.#options.onBytes === undefined;
    this.#spares.push(await this.#thread.write(this.#path, position, bytes, hashed));
    const written = position - this.#options.start + bytes.length;
    if (written - this.#synced < SYNC_EVERY) return;
    this.#synced = written;
    this.#syncing = this.#syncing.then(() => this.#file.syncData());
    this.#syncing.catch(() => {});
  }

  async #settleFirst(): Promise<void> {
    try {
      await this.#writes.shift();
    } catch (error) {
      throw explainFullDisk(error);
    }
  }
}
