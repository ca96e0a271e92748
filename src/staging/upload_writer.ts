import { explainFullDisk } from "./free_space.ts";
import type { UploadThread } from "./upload_thread.ts";

/** How an upload is appended to. */
export interface WriterOptions {
  /** Bytes that the file has and keeps; what lies beyond them is cut off. */
  start: number;
  /** Bytes that are to come, at most. */
  expected: number;
  /** Sees the bytes, in order, before they are written; the thread does not hash them then. */
  onBytes?: (bytes: Uint8Array) => void;
}

// A slow sender holds little memory; one that fills its buffers gets larger ones, as large as the
// processor's cache bears.
const FIRST_BUFFER = 64 * 1024;
const FULL_BUFFER = 256 * 1024;
// Writes that are under way at once: the thread is at work while the next buffer is being filled.
const WRITES_AHEAD = 2;
// Bytes after which the disk is told to begin, so that the last sync finds little to do.
const SYNC_EVERY = 64 * 1024 * 1024;

/** Appends to a file: buffers are written by a thread while the next one is being filled. */
export class UploadWriter {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  readonly #thread: UploadThread;
  readonly #options: WriterOptions;
  #buffer: Uint8Array<ArrayBuffer>;
  #spare: ArrayBuffer | null = null;
  #used = 0;
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
    this.#buffer = new Uint8Array(Math.min(Math.max(options.expected, 1), FIRST_BUFFER));
  }

  /** Opens a file that is there. */
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

  /** The bytes that the file has or is about to have. */
  get offset(): number {
    return this.#options.start + this.#flushed + this.#used;
  }

  /**
   * Takes bytes; they may be overwritten by the caller afterwards. The promise is the back-pressure.
   * @throws {Failure} `no-space`
   */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + this.#buffer.length - this.#used);
      this.#buffer.set(part, this.#used);
      this.#used += part.length;
      at += part.length;
      if (this.#used === this.#buffer.length) await this.#flush();
    }
  }

  /**
   * Writes what is left and closes the file. The bytes that complete it are made durable, and with
   * them all before; bytes in between may be sent again after a power cut. After a failure,
   * {@link abandon} it.
   * @throws {Failure} `no-space`
   */
  async close(): Promise<void> {
    try {
      await this.#flush();
      await Promise.all(this.#writes);
      // The system tells a failed sync only once, so the result of each one counts.
      await this.#syncing;
      if (this.#flushed === this.#options.expected) await this.#file.sync();
    } catch (error) {
      throw explainFullDisk(error);
    }
    this.#closed = true;
    this.#file.close();
  }

  /** Closes the file once nothing is being written; the caller cuts off what it does not want. */
  async abandon(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.allSettled([...this.#writes, this.#syncing]);
    this.#file.close();
  }

  async #flush(): Promise<void> {
    if (this.#writes.length >= WRITES_AHEAD) await this.#settleFirst();
    if (this.#used === 0) return;
    const full = this.#buffer.subarray(0, this.#used);
    const position = this.#options.start + this.#flushed;
    const next = this.#used * 4;
    this.#flushed += this.#used;
    this.#used = 0;
    this.#options.onBytes?.(full);
    const writing = this.#writeOut(position, full);
    // A failure is met when the write is waited for; until then it must not count as unhandled.
    writing.catch(() => {});
    this.#writes.push(writing);
    // By now the thread has the memory of the old one.
    this.#buffer = this.#nextBuffer(next);
  }

  async #writeOut(position: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const hashed = this.#options.onBytes === undefined;
    this.#spare = await this.#thread.write(this.#path, position, bytes, hashed);
    const written = position - this.#options.start + bytes.length;
    if (written - this.#synced < SYNC_EVERY) return;
    this.#synced = written;
    this.#syncing = this.#syncing.then(() => this.#file.syncData());
    this.#syncing.catch(() => {});
  }

  #nextBuffer(wanted: number): Uint8Array<ArrayBuffer> {
    const left = Math.max(this.#options.expected - this.#flushed, 1);
    const size = Math.min(wanted, FULL_BUFFER, left);
    const memory = this.#spare?.byteLength === size ? this.#spare : new ArrayBuffer(size);
    this.#spare = null;
    return new Uint8Array(memory);
  }

  async #settleFirst(): Promise<void> {
    try {
      await this.#writes.shift();
    } catch (error) {
      throw explainFullDisk(error);
    }
  }
}
