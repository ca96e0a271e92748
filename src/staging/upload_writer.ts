import { explainFullDisk } from "../data/free_space.ts";
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
// Fewer bytes are gathered: a message to the thread costs as much as copying about so many.
const LARGE_PART = 48 * 1024;
// Writes that are under way at once: the thread is at work while the next buffers are being filled.
const WRITES_AHEAD = 4;
// Bytes after which the disk is told to begin, so that the last sync finds little to do.
const SYNC_EVERY = 64 * 1024 * 1024;

/**
 * Appends to a file: buffers are written by a thread while the next one is being filled. Bytes are
 * either copied by {@link write} or, where there are many, given with their memory.
 */
export class UploadWriter {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  readonly #thread: UploadThread;
  readonly #options: WriterOptions;
  #buffer: Uint8Array<ArrayBuffer> | null = null;
  /** Bytes of each buffer: one size, so that any that comes back can be used again. */
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

  /** Memory to read the next part into, for {@link give}. */
  memory(): Uint8Array<ArrayBuffer> {
    const left = this.#options.expected - this.#flushed - this.#used;
    const size = Math.min(this.#size, Math.max(left, 1));
    let spare = this.#spares.pop();
    // What does not fit any more is for the collector.
    while (spare !== undefined && spare.byteLength !== size) spare = this.#spares.pop();
    return new Uint8Array(spare ?? new ArrayBuffer(size));
  }

  /**
   * Takes bytes that lie in memory of {@link memory}, and that memory. The promise is the
   * back-pressure.
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
   * Takes a copy of bytes. The promise is the back-pressure.
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

  /** Sends off what was gathered. */
  async #flush(): Promise<void> {
    if (this.#buffer === null) return;
    const gathered = this.#buffer.subarray(0, this.#used);
    this.#buffer = null;
    this.#used = 0;
    await this.#send(gathered);
  }

  /** Has the thread write bytes, whose memory it takes; waits while it has enough to do. */
  async #send(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const position = this.#options.start + this.#flushed;
    this.#flushed += bytes.length;
    if (this.#writes.length >= WRITES_AHEAD) await this.#settleFirst();
    this.#options.onBytes?.(bytes);
    const writing = this.#writeOut(position, bytes);
    // A failure is met when the write is waited for; until then it must not count as unhandled.
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
