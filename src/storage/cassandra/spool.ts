import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Failure, messageOf } from "../../base/failure.ts";
import { isFullDisk } from "../../base/full_disk.ts";
import type { Chunk } from "./write/chunk.ts";

/** Kept in memory; most files are smaller than this as a whole. */
const MEMORY_BYTES = 16 << 20;

/** A chunk's place in the file. */
interface Place {
  at: number;
  length: number;
  rows: number;
}

/**
 * The rows of a file that is not known to be good yet, in the order in which they came: the first
 * in memory, what is more in a file without a name, which is gone when this process ends, however
 * it ends.
 */
export class Spool {
  readonly #folder: string;
  readonly #digest = createHash("sha256");
  readonly #inMemory: Chunk[] = [];
  readonly #places: Place[] = [];
  #memoryBytes = 0;
  #file: Deno.FsFile | null = null;
  #fileBytes = 0;

  /** @param folder where the file lies, on a disk with room for the rows of the largest input */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** How many chunks there are. */
  get length(): number {
    return this.#inMemory.length + this.#places.length;
  }

  /** Of all chunks: what tells whether another attempt gave the same ones. Ends the adding. */
  digest(): string {
    return this.#digest.digest("hex");
  }

  /** @throws {Failure} `storage-full`, `storage-io` */
  async add(chunk: Chunk): Promise<void> {
    this.#digest.update(`${chunk.bytes.length} `).update(chunk.bytes);
    if (this.#file === null && this.#memoryBytes + chunk.bytes.length <= MEMORY_BYTES) {
      this.#inMemory.push(chunk);
      this.#memoryBytes += chunk.bytes.length;
      return;
    }
    const { bytes, rows } = chunk;
    await this.#onDisk(async (file) => {
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    });
    this.#places.push({ at: this.#fileBytes, length: bytes.length, rows });
    this.#fileBytes += bytes.length;
  }

  /** @throws {Failure} `storage-full`, `storage-io` */
  async get(index: number): Promise<Chunk> {
    const kept = this.#inMemory[index];
    if (kept !== undefined) return kept;
    const place = this.#places[index - this.#inMemory.length];
    if (place === undefined) throw new RangeError(`there is no chunk ${index}`);
    const bytes = new Uint8Array(place.length);
    await this.#onDisk(async (file) => {
      await file.seek(place.at, Deno.SeekMode.Start);
      for (let at = 0; at < bytes.length;) {
        const count = await file.read(bytes.subarray(at));
        if (count === null) throw new Error("it is shorter than it was written");
        at += count;
      }
    });
    return { bytes, rows: place.rows };
  }

  close(): void {
    this.#file?.close();
    this.#file = null;
    this.#inMemory.length = 0;
    this.#places.length = 0;
  }

  async #onDisk(work: (file: Deno.FsFile) => Promise<void>): Promise<void> {
    try {
      this.#file ??= this.#create();
      await work(this.#file);
    } catch (cause) {
      throw spoolFailure(this.#folder, cause);
    }
  }

  #create(): Deno.FsFile {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const path = join(this.#folder, crypto.randomUUID());
    const options = { read: true, write: true, createNew: true, mode: 0o600 };
    const file = Deno.openSync(path, options);
    Deno.removeSync(path);
    return file;
  }
}

function spoolFailure(folder: string, cause: unknown): Failure {
  const sentence = `Cannot keep rows in "${folder}": ${messageOf(cause)}`;
  return isFullDisk(cause)
    ? new Failure("storage", "storage-full", sentence, {
      hint: "Make room on the disk; the file is tried again.",
      cause,
    })
    : new Failure("storage", "storage-io", sentence, {
      hint: "See that the folder may be written, and look into the system's log.",
      cause,
    });
}
