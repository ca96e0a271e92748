import { join } from "node:path";
import { diskCauseOf, RESERVE_BYTES } from "../base/disk.ts";
import { keepOwner } from "../base/owner.ts";
import { DataPresence } from "./data_presence.ts";
import { removeIfThere, TEMPORARY_SUFFIX, writeAll } from "./durable.ts";
import { findShortage, isNoSpace, noSpace, type Shortage, useOf } from "./free_space.ts";

interface DiskStateOptions {
  /** Folders that are written to, perhaps on different disks. */
  folders: readonly string[];
  /** The data directory, if it is to be there. */
  root?: string;
  /** Bytes that stay free; a function is asked each time. @default RESERVE_BYTES */
  reserveBytes?: number | (() => number);
  /** Milliseconds since the epoch. @default Date.now */
  now?: () => number;
}

/** The state changed: a disk is full, or there is room again. */
export type DiskChange =
  | { type: "full"; shortage: Shortage }
  | { type: "free"; freeBytes: number; seconds: number };

/** More than an inode can hold by itself, so that it needs a block. */
const PROBE = new Uint8Array(4096);

/**
 * Whether the disks of the data directory have room. Everything that writes asks here, so that a full
 * disk is one state with a beginning and an end.
 *
 * A shortage of bytes or inodes is read from the file system at each question. A quota or a read-only
 * file system shows only when something is written: {@link DiskState.explain} takes the error, and the
 * state ends when a {@link DiskState.probe} can be written.
 *
 * @example
 * ```ts
 * import { DiskState } from "./disk_state.ts";
 * const disk = new DiskState({ folders: ["./mysimbdp-data/uploads"] });
 * await disk.require(4096); // throws the failure `no-space` if the disk is full
 * ```
 */
export class DiskState {
  readonly #folders: readonly string[];
  readonly #reserveBytes: () => number;
  readonly #now: () => number;
  readonly #root: string;
  readonly #presence: DataPresence | null;
  #fault: Shortage | null = null;
  #since: number | null = null;

  constructor({ folders, root, reserveBytes = RESERVE_BYTES, now = Date.now }: DiskStateOptions) {
    this.#folders = folders;
    this.#root = root ?? "";
    this.#presence = root === undefined ? null : new DataPresence(root);
    this.#reserveBytes = typeof reserveBytes === "number" ? () => reserveBytes : reserveBytes;
    this.#now = now;
  }

  get reserveBytes(): number {
    return this.#reserveBytes();
  }

  /** Whether the data directory is no longer there: what is in its place is not to be believed. */
  get isGone(): boolean {
    return this.#presence?.isGone() ?? false;
  }

  /** The present shortage; null if there is room. @param bytes what is about to be written */
  shortage(bytes = 0): Shortage | null {
    if (this.isGone) {
      const reserveBytes = this.#reserveBytes();
      return { cause: "gone", folder: this.#root, freeBytes: 0, missingBytes: 0, reserveBytes };
    }
    return this.#fault ?? findShortage(this.#folders, this.#reserveBytes(), bytes);
  }

  /** @param bytes what is about to be written @throws {Failure} `no-space` */
  async require(bytes = 0): Promise<void> {
    await this.#probeAgain();
    const found = this.shortage(bytes);
    if (found) throw noSpace(found.cause);
  }

  /**
   * Turns the error of a write into `no-space` if the disk was the cause, and remembers it; returns
   * other errors unchanged.
   */
  explain(error: unknown): unknown {
    const cause = diskCauseOf(error) ?? this.#causeBehind(error);
    if (cause === null) return error;
    this.#fault = this.#faultOf(cause);
    return isNoSpace(error) ? error : noSpace(cause, error);
  }

  /** Like {@link explain}; finds out by a probe what an error of SQLite does not say. */
  async explainAll(error: unknown): Promise<unknown> {
    if (error instanceof Error && "errcode" in error) await this.probe().catch(() => {});
    return this.explain(error);
  }

  /** Writes and removes a small file in each folder, to find out what only a write shows. */
  async probe(): Promise<void> {
    if (this.isGone) return;
    for (const folder of this.#folders) {
      const path = join(folder, `.probe-${Deno.pid}${TEMPORARY_SUFFIX}`);
      try {
        using file = await Deno.open(path, { write: true, create: true, mode: 0o600 });
        keepOwner(path);
        await writeAll(file, PROBE);
        await file.sync();
      } catch (error) {
        const cause = diskCauseOf(error);
        if (cause === null) throw error;
        this.#fault = this.#faultOf(cause);
        return;
      } finally {
        await removeIfThere(path).catch(() => false);
      }
    }
    this.#fault = null;
  }

  /**
   * Compares the state with the one of the last call, and writes a probe while a write has failed.
   * @returns the change; null if there was none
   */
  async change(): Promise<DiskChange | null> {
    await this.#probeAgain();
    const shortage = this.shortage();
    if (shortage && this.#since === null) {
      this.#since = this.#now();
      return { type: "full", shortage };
    }
    if (shortage || this.#since === null) return null;
    const seconds = Math.max(0, this.#now() - this.#since) / 1000;
    this.#since = null;
    return { type: "free", freeBytes: this.#freeBytes(), seconds };
  }

  /** After a failed write: it may be possible again. */
  async #probeAgain(): Promise<void> {
    // If a folder is missing, the state stays as it was.
    if (this.#fault) await this.probe().catch(() => {});
  }

  /** The smallest number of free bytes on these disks. */
  #freeBytes(): number {
    return Math.min(...this.#folders.map((folder) => useOf(folder)?.freeBytes ?? Infinity));
  }

  /** SQLite reports some writes that found no room as other errors, for example of its shared memory. */
  #causeBehind(error: unknown): Shortage["cause"] | null {
    const isSqlite = error instanceof Error && "errcode" in error;
    return isSqlite ? this.shortage()?.cause ?? null : null;
  }

  #faultOf(cause: Shortage["cause"]): Shortage {
    const reserveBytes = this.#reserveBytes();
    const found = findShortage(this.#folders, reserveBytes);
    if (found) return found;
    const [folder = ""] = this.#folders;
    return { cause, folder, freeBytes: this.#freeBytes(), missingBytes: 0, reserveBytes };
  }
}
