import { Failure, messageOf } from "../base/failure.ts";
import { releaseMemory } from "../base/bytes.ts";
import { hashFile } from "./hash_file.ts";

/** Identifies a state of a file. */
export interface Snapshot {
  /** Bytes. */
  size: number;
  /** Milliseconds since the epoch. */
  mtime: number | null;
  /** Null if the system has no inode numbers. */
  ino: number | null;
}

/** A file to send, as found in the directory. */
export interface Candidate extends Snapshot {
  /** Normalized; the name at the server. */
  name: string;
  path: string;
}

// Small parts show the progress of a slow connection; large files use larger parts, which are
// cheaper per byte. Some parts are read ahead, while the server is busy with the previous ones.
const SMALLEST_PART = 128 * 1024;
const LARGEST_PART = 512 * 1024;
const PARTS_PER_STREAM = 128;
const PARTS_AHEAD = 2;
// A part is requested when the queue has room; by then all but the last few are with the system,
// which keeps their memory until they are sent.
const PARTS_KEPT = PARTS_AHEAD + 3;
/** Maximum bytes of a stream in memory: the parts that it keeps, and the one being read. */
export const STREAM_BYTES = (PARTS_KEPT + 1) * LARGEST_PART;

/** Returns what identifies the current state of a file. */
export function snapshotOf(info: Deno.FileInfo): Snapshot {
  return { size: info.size, mtime: info.mtime?.getTime() ?? null, ino: info.ino };
}

/** Whether the file was neither written nor replaced between two snapshots. */
export function isSame(a: Snapshot, b: Snapshot): boolean {
  return a.size === b.size && a.mtime === b.mtime && a.ino === b.ino;
}

/** The failure of a file that was written while it was read. */
export function changedWhileRead(name: string): Failure {
  const text = `Cannot send "${name}": it changed while it was read; run again when it is complete`;
  return new Failure("refused", "file-changed", text);
}

/** The failure of a file that cannot be opened or read. */
export function unreadable(name: string, error: unknown): Failure {
  const text = `Cannot send "${name}": ${whyUnreadable(error)}`;
  return new Failure("refused", "file-unreadable", text, {
    cause: error,
    hint: "Check the file's owner and permissions.",
  });
}

function whyUnreadable(error: unknown): string {
  if (error instanceof Deno.errors.PermissionDenied) return "it cannot be read: permission denied";
  if (error instanceof Deno.errors.NotFound) return "it no longer exists";
  if (error instanceof Deno.errors.FilesystemLoop) return "it is a circular link";
  return `it cannot be read: ${messageOf(error)}`;
}

/**
 * An open file that detects when another process writes to it.
 *
 * @example
 * ```ts ignore
 * await using file = await SteadyFile.open(candidate);
 * const sha256 = await file.sha256(signal);
 * ```
 */
export class SteadyFile implements AsyncDisposable {
  readonly #handle: Deno.FsFile;
  readonly #candidate: Candidate;
  #position = 0;
  /** The current read; a cancelled stream may not have finished its last one. */
  #reading: Promise<unknown> = Promise.resolve();

  private constructor(handle: Deno.FsFile, candidate: Candidate) {
    this.#handle = handle;
    this.#candidate = candidate;
  }

  /**
   * @throws {Failure} `file-unreadable`; `file-changed` if it differs from the candidate
   */
  static async open(candidate: Candidate): Promise<SteadyFile> {
    const handle = await Deno.open(candidate.path).catch((error) => {
      throw unreadable(candidate.name, error);
    });
    const file = new SteadyFile(handle, candidate);
    try {
      await file.verify();
      return file;
    } catch (error) {
      handle.close();
      throw error;
    }
  }

  /**
   * Returns the SHA-256 of the whole file in lower-case hex.
   * @throws {Failure} `file-changed`, `file-unreadable`
   */
  async sha256(signal: AbortSignal): Promise<string> {
    await this.#seek(0);
    const { size, name } = this.#candidate;
    const file = { readSync: (buffer: Uint8Array) => this.#read(buffer) };
    const { sha256, total } = hashFile(file, size, () => signal.throwIfAborted());
    await this.verify();
    if (total !== size) throw changedWhileRead(name);
    return sha256;
  }

  /**
   * Reads some bytes. The last bytes are returned only if the file has not changed, so that a mixture
   * of two states is never sent completely.
   * @throws {Failure} `file-changed`, `file-unreadable`
   */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const reading = this.#reading.then(() => this.#readWhole(offset, length));
    this.#reading = reading.catch(() => {});
    return reading;
  }

  /**
   * Reads the same as {@link SteadyFile.read} as a stream of parts.
   * @param onPart called with the number of bytes read so far
   * @param onFailure called with an error, which `fetch` would hide
   */
  stream(
    offset: number,
    length: number,
    { onPart, onFailure }: {
      onPart: (read: number) => void;
      onFailure: (error: unknown) => void;
    },
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    const end = offset + length;
    const partSize = Math.min(Math.max(length / PARTS_PER_STREAM | 0, SMALLEST_PART), LARGEST_PART);
    let at = offset;
    let isCancelled = false;
    const kept: Uint8Array[] = [];
    return new ReadableStream({
      // A response may arrive before the end of the stream, during a read.
      cancel: () => void (isCancelled = true),
      pull: async (controller) => {
        try {
          const part = await this.read(at, Math.min(partSize, end - at));
          if (isCancelled) return;
          at += part.length;
          controller.enqueue(part);
          kept.push(part);
          if (kept.length > PARTS_KEPT) releaseMemory(kept.shift()!);
          onPart(at - offset);
          if (at === end) controller.close();
        } catch (error) {
          if (isCancelled) return;
          onFailure(error);
          controller.error(error);
        }
      },
    }, { highWaterMark: PARTS_AHEAD });
  }

  /**
   * Compares the open file, and the file now at its path, with the candidate.
   * @throws {Failure} `file-changed`
   */
  async verify(): Promise<void> {
    const open = await this.#handle.stat();
    const named = await Deno.stat(this.#candidate.path).catch(() => null);
    const steady = isSame(snapshotOf(open), this.#candidate) &&
      named !== null && isSame(snapshotOf(named), this.#candidate);
    if (!steady) throw changedWhileRead(this.#candidate.name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reading;
    this.#handle.close();
  }

  async #readWhole(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const buffer = new Uint8Array(length);
    if (offset !== this.#position) await this.#seek(offset);
    let filled = 0;
    while (filled < length) {
      const count = this.#read(buffer.subarray(filled));
      if (count === null) throw changedWhileRead(this.#candidate.name);
      filled += count;
    }
    if (offset + length === this.#candidate.size) await this.verify();
    return buffer;
  }

  async #seek(offset: number): Promise<void> {
    await this.#handle.seek(offset, Deno.SeekMode.Start);
    this.#position = offset;
  }

  #read(buffer: Uint8Array): number | null {
    try {
      // Synchronous: passing each small part to another thread and back takes longer than reading it.
      const count = this.#handle.readSync(buffer);
      this.#position += count ?? 0;
      return count;
    } catch (error) {
      throw unreadable(this.#candidate.name, error);
    }
  }
}
