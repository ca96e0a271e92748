import type { FileRecord } from "../storage/contract.ts";

interface FileQueueOptions {
  /**
   * Files that may be read at once, each of another tenant, and as many that were read and whose
   * rows are only being written; a function is asked each time.
   */
  concurrency: number | (() => number);
  /** Milliseconds since the epoch. @default Date.now */
  now?: () => number;
}

/**
 * Which file runs next. Tenants take turns and run side by side, each one file at a time; a
 * tenant's files go in the order of their arrival. A file that waits for its next try holds back
 * the later ones of its tenant, for their order is kept, and nobody else's. Once a file is said to be
 * {@link read}, its tenant's next one may be read while its rows are written.
 *
 * It only decides: whoever runs the files says what was {@link started} and {@link done}.
 *
 * @example
 * ```ts
 * import { FileQueue } from "./queue.ts";
 * const queue = new FileQueue({ concurrency: 2 });
 * for (let file = queue.next(); file !== null; file = queue.next()) queue.started(file.id);
 * ```
 */
export class FileQueue {
  readonly #concurrency: () => number;
  readonly #now: () => number;
  /** Each tenant's waiting files by arrival; the tenants in the order of their turns. */
  readonly #waiting = new Map<string, FileRecord[]>();
  /** The records of {@link #waiting} by id. */
  readonly #byId = new Map<string, FileRecord>();
  /** File ids by the tenant for which they run. */
  readonly #running = new Map<string, string>();
  /** Files that run and were read. */
  readonly #read = new Set<string>();
  /** Of each tenant one of those, which does not hold back the next one. */
  readonly #writing = new Map<string, string>();

  constructor(options: FileQueueOptions) {
    const { concurrency } = options;
    this.#concurrency = typeof concurrency === "number" ? () => concurrency : concurrency;
    this.#now = options.now ?? Date.now;
  }

  /** Files that wait. */
  get size(): number {
    return this.#byId.size;
  }

  /** Files that run. */
  get running(): number {
    return this.#running.size + this.#writing.size;
  }

  /**
   * Lets a file wait for its turn. One that waits already gets this record in place of its old
   * one; one that runs is left alone, so a retry is added after {@link done}.
   */
  add(record: FileRecord): void {
    if (this.#isRunning(record)) return;
    const old = this.#byId.get(record.id);
    this.#byId.set(record.id, record);
    const files = this.#waiting.get(record.tenant);
    if (files === undefined) {
      this.#waiting.set(record.tenant, [record]);
      return;
    }
    if (old !== undefined) files.splice(files.indexOf(old), 1);
    files.splice(placeOf(record, files), 0, record);
  }

  /** The file whose turn it is; null while none may run. Asking changes nothing. */
  next(): FileRecord | null {
    if (this.#running.size >= this.#concurrency()) return null;
    const now = this.#now();
    for (const [tenant, [first]] of this.#waiting) {
      if (first === undefined || this.#running.has(tenant)) continue;
      if (first.nextTryAt === null || first.nextTryAt <= now) return first;
    }
    return null;
  }

  /** Takes a waiting file for one that runs; its tenant's next turn comes after all others'. */
  started(id: string): void {
    const record = this.#byId.get(id);
    if (record === undefined) return;
    const { tenant } = record;
    const files = this.#waiting.get(tenant) ?? [];
    files.splice(files.indexOf(record), 1);
    this.#byId.delete(id);
    this.#waiting.delete(tenant);
    if (files.length > 0) this.#waiting.set(tenant, files);
    this.#running.set(tenant, id);
  }

  /** A file that runs has been read to its end and is good: what is left is to write its rows. */
  read(id: string): void {
    this.#read.add(id);
    this.#letWrite();
  }

  /** The attempt has ended, however it ended; its tenant may have its next turn. */
  done(id: string): void {
    this.#read.delete(id);
    for (const files of [this.#running, this.#writing]) {
      for (const [tenant, running] of files) if (running === id) files.delete(tenant);
    }
    this.#letWrite();
  }

  #isRunning({ tenant, id }: FileRecord): boolean {
    return this.#running.get(tenant) === id || this.#writing.get(tenant) === id;
  }

  /** Of a tenant at most two files are under way, and of all no more than may run. */
  #letWrite(): void {
    for (const [tenant, id] of this.#running) {
      if (!this.#read.has(id) || this.#writing.has(tenant)) continue;
      if (this.#writing.size >= this.#concurrency()) return;
      this.#running.delete(tenant);
      this.#writing.set(tenant, id);
    }
  }

  /** When {@link next} may have an answer by time alone, ms since the epoch; null if it won't. */
  wakeAt(): number | null {
    let earliest: number | null = null;
    for (const [tenant, [first]] of this.#waiting) {
      if (first === undefined || first.nextTryAt === null || this.#running.has(tenant)) continue;
      earliest = Math.min(earliest ?? first.nextTryAt, first.nextTryAt);
    }
    return earliest;
  }
}

function arrivedBefore(a: FileRecord, b: FileRecord): boolean {
  return a.receivedAt < b.receivedAt || (a.receivedAt === b.receivedAt && a.id < b.id);
}

/** Where a record belongs in a list by arrival. */
function placeOf(record: FileRecord, files: readonly FileRecord[]): number {
  let low = 0;
  let high = files.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (arrivedBefore(files[middle]!, record)) low = middle + 1;
    else high = middle;
  }
  return low;
}
