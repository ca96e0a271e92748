import { Failure, messageOf } from "../base/failure.ts";
import { giveBack } from "../base/bytes.ts";
import { hashFile } from "./hash_file.ts";

/** What tells one state of a file from another. */
interface Snapshot {
  /** Bytes. */
  size: number;
  /** Milliseconds since the epoch. */
  mtime: number | null;
  /** Null where the system has no inode numbers. */
  ino: number | null;
}

/** A file to be sent, as it was found in the directory. */
export interface Candidate extends Snapshot {
  /** Normalized; what the server will call it. */
  name: string;
  path: string;
}

// Small parts, so that the progress of a slow connection shows; many bytes go in larger ones, which
// cost less each. Some are read ahead: the server is at work while the next ones are read.
const SMALLEST_PART = 128 * 1024;
const LARGEST_PART = 512 * 1024;
const PARTS_A_STREAM = 128;
const PARTS_AHEAD = 2;
// When one more part is asked for, the queue has room, so all but the last few have gone to the
// system's side, which keeps hold of their memory by itself until it is sent.
const PARTS_KEPT = PARTS_AHEAD + 3;
/** Bytes that a stream holds at most: the parts that it keeps, and the one that is read. */
export const STREAM_BYTES = (PARTS_KEPT + 1) * LARGEST_PART;

/** Takes what identifies the present state of a file. */
export function snapshotOf(info: Deno.FileInfo): Snapshot {
  return { size: info.size, mtime: info.mtime?.getTime() ?? null, ino: info.ino };
}

/** True when the file was not written to or replaced between the two looks. */
function isSame(a: Snapshot, b: Snapshot): boolean {
  return a.size === b.size && a.mtime === b.mtime && a.ino === b.ino;
}

/** The failure of a file that was written to while it was being read. */
export function changedWhileRead(name: string): Failure {
  return new Failure(
    "refused",
    "file-changed",
    `Cannot send "${name}": it changed while it was being read; run again when it is complete`,
  );
}

/** The failure of a file that cannot be opened or read. */
export function unreadable(name: string, error: unknown): Failure {
  return new Failure(
    "refused",
    "file-unreadable",
    `Cannot send "${name}": ${whyUnreadable(error)}`,
    {
      cause: error,
      hint: "Check the file's owner and permissions.",
    },
  );
}

function whyUnreadable(error: unknown): string {
  if (error instanceof Deno.errors.PermissionDenied) return "it cannot be read: permission denied";
  if (error instanceof Deno.errors.NotFound) return "it is not there any more";
  if (error instanceof Deno.errors.FilesystemLoop) return "its link leads in a circle";
  return `it cannot be read: ${messageOf(error)}`;
}

/**
 * A file opened for reading that notices when somebody writes to it meanwhile.
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
  /** The read that is under way: a stream that was cancelled may not have finished its last one. */
  #reading: Promise<unknown> = Promise.resolve();

  private constructor(handle: Deno.FsFile, candidate: Candidate) {
    this.#handle = handle;
    this.#candidate = candidate;
  }

  /**
   * @throws {Failure} `file-unreadable`, or `file-changed` when it is not as the candidate says
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
   * Reads the whole file for its SHA-256 in lower-case hex.
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
   * Reads some bytes; those at the end of the file only if it is still as it was, so that a mixture
   * of two states is never sent to its end.
   * @throws {Failure} `file-changed`, `file-unreadable`
   */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const reading = this.#reading.then(() => this.#readWhole(offset, length));
    this.#reading = reading.catch(() => {});
    return reading;
  }

  /**
   * Reads the same as {@link SteadyFile.read}, part by part, as somebody takes them.
   * @param onPart is told how many bytes were taken so far
   * @param onFailure is told what went wrong, as `fetch` would hide it
   */
  stream(
    offset: number,
    length: number,
    { onPart, onFailure }: {
      onPart: (taken: number) => void;
      onFailure: (error: unknown) => void;
    },
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    const end = offset + length;
    const partSize = Math.min(Math.max(length / PARTS_A_STREAM | 0, SMALLEST_PART), LARGEST_PART);
    let at = offset;
    let isCancelled = false;
    const given: Uint8Array[] = [];
    return new ReadableStream({
      // An answer may come before all was taken; a read may then be under way.
      cancel: () => void (isCancelled = true),
      pull: async (controller) => {
        try {
          const part = await this.read(at, Math.min(partSize, end - at));
          if (isCancelled) return;
          at += part.length;
          controller.enqueue(part);
          given.push(part);
          if (given.length > PARTS_KEPT) giveBack(given.shift()!);
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
   * Compares the open file, and the one that now bears its path, with the candidate.
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
      // At once: handing each small part to another thread and back takes longer than reading it.
      const count = this.#handle.readSync(buffer);
      this.#position += count ?? 0;
      return count;
    } catch (error) {
      throw unreadable(this.#candidate.name, error);
    }
  }
}
