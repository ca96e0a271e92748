import { statSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { formatMib } from "../../base/count.ts";
import { diskUse } from "../../base/disk.ts";
import { Failure } from "../../base/failure.ts";

const PAGE_BYTES = 4096;
/** A load that ran out of room needs at least this multiple of what it had used. */
const MARGIN = 1.25;

/** How much of the disk a load may use. */
export interface LoadLimits {
  /** Bytes that stay free. */
  reserveBytes: number;
  /** An estimate of what the whole load takes while it runs. */
  neededBytes: number;
}

/** The room of one load on the disk of its database. */
export class LoadRoom {
  readonly #path: string;
  readonly #limits: LoadLimits;
  readonly #cacheBytes: number;
  readonly #pages: StatementSync;
  readonly #before: number;
  #rows = 0;

  /** @param cacheBytes size of the page cache: pages that are still to be written to the log */
  constructor(db: DatabaseSync, path: string, limits: LoadLimits, cacheBytes: number) {
    this.#path = path;
    this.#limits = limits;
    this.#cacheBytes = cacheBytes;
    this.#pages = db.prepare("PRAGMA page_count");
    this.#before = sizeOf(path);
  }

  /** @throws {Failure} `storage-full` if the estimate does not fit */
  requireEstimate(): void {
    const { neededBytes, reserveBytes } = this.#limits;
    const { freeBytes } = diskUse(dirname(this.#path));
    if (freeBytes < neededBytes + reserveBytes) throw full(neededBytes, freeBytes, reserveBytes);
  }

  /**
   * Checks, between two batches, that the load can still be committed and moved from the log into the
   * database without using the reserve.
   *
   * @param rows so far
   * @throws {Failure} `storage-full`
   */
  require(rows: number): void {
    this.#rows = rows;
    const { reserveBytes, neededBytes } = this.#limits;
    const { freeBytes } = diskUse(dirname(this.#path));
    if (freeBytes >= this.#ahead + reserveBytes) return;
    const needed = Math.ceil(Math.max(neededBytes, MARGIN * this.usedBytes));
    throw full(needed, freeBytes, reserveBytes);
  }

  /** Bytes that the load takes at its end: its log, and what the database grows by. */
  get usedBytes(): number {
    return sizeOf(`${this.#path}-wal`) + this.#ahead;
  }

  /** Bytes that are not written yet: pages in the cache, and pages that the database grows by. */
  get #ahead(): number {
    const growth = Math.max(0, this.#databaseBytes - sizeOf(this.#path));
    // A row with a random key changes one page of the index.
    const changed = Math.min(this.#rows * PAGE_BYTES, this.#before);
    return growth + Math.min(this.#cacheBytes, growth + changed);
  }

  get #databaseBytes(): number {
    return Number(this.#pages.get()?.["page_count"] ?? 0) * PAGE_BYTES;
  }
}

function full(neededBytes: number, freeBytes: number, reserveBytes: number): Failure {
  const text = `Cannot load the file: it needs about ${formatMib(neededBytes)} of disk space; ` +
    `${formatMib(freeBytes)} are free, and ${formatMib(reserveBytes)} must stay free ` +
    "(disk.reserve_mb)";
  return new Failure("storage", "storage-full", text, {
    hint: "Free space on the disk. The file is loaded when there is enough.",
    details: { neededBytes },
  });
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
