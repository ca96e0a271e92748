import { createHash } from "node:crypto";
import { join } from "node:path";
import { Failure, messageOf } from "../../base/failure.ts";
import { formatMib } from "../../base/count.ts";
import { diskUse, isFullDisk } from "../../base/disk.ts";
import { makeFolders } from "../../base/owner.ts";

/** Maximum bytes in memory; most files are smaller. */
const MEMORY_BYTES = 16 << 20;

/** A load that ran out of room needs at least this multiple of what it had used. */
const MARGIN = 1.25;

/** A chunk's place in the file. */
interface Place {
  at: number;
  length: number;
}

/**
 * The chunks of a file that is not known to be good yet, in order: the first in memory, the others in
 * a file without a name, which the operating system removes when this process ends.
 */
export class Spool {
  readonly #folder: string;
  readonly #reserveBytes: number;
  readonly #digest = createHash("sha256");
  readonly #inMemory: Uint8Array[] = [];
  readonly #places: Place[] = [];
  #memoryBytes = 0;
  #file: Deno.FsFile | null = null;
  #fileBytes = 0;
  #reading: Promise<unknown> = Promise.resolve();

  /**
   * @param folder of the file, on a disk with space for the rows of the largest input
   * @param reserveBytes bytes of that disk that stay free
   */
  constructor(folder: string, reserveBytes: number) {
    this.#folder = folder;
    this.#reserveBytes = reserveBytes;
  }

  /** The number of chunks. */
  get length(): number {
    return this.#inMemory.length + this.#places.length;
  }

  /** The hash of all chunks, to recognize another attempt with the same ones. No chunk can follow. */
  digest(): string {
    return this.#digest.digest("hex");
  }

  /** @throws {Failure} `storage-full`, `storage-io` */
  async add(bytes: Uint8Array): Promise<void> {
    this.#digest.update(`${bytes.length} `).update(bytes);
    if (this.#file === null && this.#memoryBytes + bytes.length <= MEMORY_BYTES) {
      this.#inMemory.push(bytes);
      this.#memoryBytes += bytes.length;
      return;
    }
    await this.#onDisk(async (file) => {
      this.#requireSpace(bytes.length);
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    });
    this.#places.push({ at: this.#fileBytes, length: bytes.length });
    this.#fileBytes += bytes.length;
  }

  /** Can be called while others are waiting. @throws {Failure} `storage-full`, `storage-io` */
  async get(index: number): Promise<Uint8Array> {
    const kept = this.#inMemory[index];
    if (kept !== undefined) return kept;
    const place = this.#places[index - this.#inMemory.length];
    if (place === undefined) throw new RangeError(`no chunk ${index}`);
    // The file has one position, so that only one read at a time can use it.
    const bytes = this.#reading.then(() => this.#read(place));
    this.#reading = bytes.catch(() => undefined);
    return await bytes;
  }

  close(): void {
    this.#file?.close();
    this.#file = null;
    this.#inMemory.length = 0;
    this.#places.length = 0;
  }

  /** @throws {Failure} `storage-full` */
  #requireSpace(bytes: number): void {
    const { freeBytes } = diskUse(this.#folder);
    if (freeBytes >= bytes + this.#reserveBytes) return;
    const needed = Math.ceil(MARGIN * (this.#fileBytes + bytes));
    const text = `Cannot store rows in "${this.#folder}": the load needs about ` +
      `${formatMib(needed)} of disk space; ${formatMib(freeBytes)} are free, and ` +
      `${formatMib(this.#reserveBytes)} must stay free (disk.reserve_mb)`;
    throw new Failure("storage", "storage-full", text, {
      hint: "Free space on the disk. The file is loaded when there is enough.",
      details: { neededBytes: needed },
    });
  }

  async #read({ at, length }: Place): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    await this.#onDisk(async (file) => {
      await file.seek(at, Deno.SeekMode.Start);
      for (let read = 0; read < length;) {
        const count = await file.read(bytes.subarray(read));
        if (count === null) throw new Error("the file is truncated");
        read += count;
      }
    });
    return bytes;
  }

  async #onDisk(work: (file: Deno.FsFile) => Promise<void>): Promise<void> {
    try {
      this.#file ??= this.#create();
      await work(this.#file);
    } catch (cause) {
      if (cause instanceof Failure) throw cause;
      const sentence = `Cannot store rows in "${this.#folder}": ${messageOf(cause)}`;
      const [code, hint] = isFullDisk(cause)
        ? ["storage-full", "Free space on the disk. The file is retried."]
        : ["storage-io", "Check that the folder is writable, and check the system log."];
      throw new Failure("storage", code, sentence, { hint, cause });
    }
  }

  #create(): Deno.FsFile {
    makeFolders(this.#folder);
    const path = join(this.#folder, crypto.randomUUID());
    const options = { read: true, write: true, createNew: true, mode: 0o600 };
    const file = Deno.openSync(path, options);
    Deno.removeSync(path);
    return file;
  }
}
