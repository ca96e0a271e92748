import type { FileRecord } from "../storage/contract.ts";

interface FileQueueOptions {
  /** Whether a file takes long: it does not hold up those that may not. @default no */
  isSlow?: (record: FileRecord) => boolean;
  /** Whether a file could run now, beside those that run. @default yes */
  fits?: (record: FileRecord) => boolean;
  /**
   * How much a tenant has used recently; null when none of its files has run.
   * @default all the same
   */
  useOf?: (tenant: string) => number | null;
  /** Whether there is room for a file's rows; if not, it and its tenant's later files wait. @default yes */
  mayStart?: (record: FileRecord) => boolean;
  /**
   * The longest wait for a next try, in milliseconds; a function is asked each time. A try that is
   * further away was planned before the clock was set back, so it is due. @default Infinity
   */
  longestWaitMs?: () => number;
  /** Milliseconds since the epoch. @default Date.now */
  now?: () => number;
}

/**
 * Decides which file runs next. Tenants run in parallel, each with one file at a time. By turns it is a
 * tenant of which no file has run, the newest first, and the one that has used the least recently: so
 * neither waits for all of the others, however many there are. A tenant's files run in the order of their
 * arrival, and the versions of a file in the order of their numbers, also if the clock was set back in
 * between. A file that waits for its next try holds back the later files of its tenant, but not those
 * of other tenants. Once a file is {@link read}, its tenant's next one may be read while its rows are
 * written.
 *
 * The caller runs the files, and reports them as {@link started} and {@link done}.
 *
 * @example
 * ```ts
 * import { FileQueue } from "./queue.ts";
 * const queue = new FileQueue();
 * for (let file = queue.next(); file !== null; file = queue.next()) queue.started(file.id);
 * ```
 */
export class FileQueue {
  readonly #isSlow: (record: FileRecord) => boolean;
  readonly #fits: (record: FileRecord) => boolean;
  readonly #useOf: (tenant: string) => number | null;
  readonly #now: () => number;
  readonly #mayStart: (record: FileRecord) => boolean;
  readonly #longestWaitMs: () => number;
  #isBlocked = false;
  /** Whether it is the turn of a tenant of which no file has run. */
  #isTurnOfNew = true;
  /** Each tenant's waiting files by arrival; the tenants in the order of their turns. */
  readonly #waiting = new Map<string, FileRecord[]>();
  /** The records of {@link #waiting} by id. */
  readonly #byId = new Map<string, FileRecord>();
  /** How many waiting files have the same tenant and name. */
  readonly #named = new Map<string, number>();
  /** The running file of each tenant. */
  readonly #running = new Map<string, string>();
  /** Running files that have been read. */
  readonly #read = new Set<string>();
  /** The file of each tenant that is only writing its rows and does not hold back the next one. */
  readonly #writing = new Map<string, string>();

  constructor(options: FileQueueOptions = {}) {
    this.#isSlow = options.isSlow ?? (() => false);
    this.#fits = options.fits ?? (() => true);
    this.#useOf = options.useOf ?? (() => 0);
    this.#now = options.now ?? Date.now;
    this.#mayStart = options.mayStart ?? (() => true);
    this.#longestWaitMs = options.longestWaitMs ?? (() => Infinity);
  }

  /** The number of waiting files. */
  get size(): number {
    return this.#byId.size;
  }

  /** The number of running files. */
  get running(): number {
    return this.#running.size + this.#writing.size;
  }

  /**
   * Adds a file, or replaces the record of a waiting one. A running file is not added, so a retry
   * must be added after {@link done}.
   */
  add(record: FileRecord): void {
    if (this.#isRunning(record)) return;
    const old = this.#byId.get(record.id);
    this.#byId.set(record.id, record);
    if (old === undefined) this.#count(record, 1);
    const files = this.#waiting.get(record.tenant);
    if (files === undefined) {
      this.#waiting.set(record.tenant, [record]);
      return;
    }
    if (old !== undefined) files.splice(files.indexOf(old), 1);
    files.splice(this.#placeOf(record, files), 0, record);
  }

  /** Whether the last call of {@link next} found a file that has to wait for room. */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  /** The file whose turn it is; null when none may run. Does not change the queue. */
  next(): FileRecord | null {
    this.#isBlocked = false;
    const firsts: Partial<Record<Rank, Candidate>> = {};
    for (const file of this.#due()) {
      const candidate = { file, use: this.#useOf(file.tenant) };
      const rank = this.#rankOf(candidate);
      const first = firsts[rank];
      if ((first && !isBefore(candidate, first)) || !this.#fits(file)) continue;
      if (this.#mayStart(file)) firsts[rank] = candidate;
      else this.#isBlocked = true;
    }
    const inTurn = this.#isTurnOfNew ? firsts.new ?? firsts.known : firsts.known ?? firsts.new;
    return (inTurn ?? firsts.slow)?.file ?? null;
  }

  /** The least recent use of a tenant whose file waits and may be short; null without one. */
  leastUse(): number | null {
    let least: number | null = null;
    for (const file of this.#due()) {
      if (this.#isSlow(file)) continue;
      least = Math.min(least ?? Infinity, this.#useOf(file.tenant) ?? 0);
    }
    return least;
  }

  #rankOf({ file, use }: Candidate): Rank {
    if (this.#isSlow(file)) return "slow";
    return use === null ? "new" : "known";
  }

  /** The first file of each tenant without a running one, unless it waits for its next try. */
  *#due(): Generator<FileRecord> {
    const now = this.#now();
    for (const [tenant, [first]] of this.#waiting) {
      if (first === undefined || this.#running.has(tenant)) continue;
      if ((this.#dueAt(first, now) ?? now) <= now) yield first;
    }
  }

  /** The ids of the waiting files. */
  get waiting(): readonly string[] {
    return [...this.#byId.keys()];
  }

  /** Removes a waiting file that has ended without a run. */
  remove(id: string): void {
    const record = this.#byId.get(id);
    if (record === undefined) return;
    const { tenant } = record;
    const files = this.#waiting.get(tenant) ?? [];
    files.splice(files.indexOf(record), 1);
    if (files.length === 0) this.#waiting.delete(tenant);
    this.#byId.delete(id);
    this.#count(record, -1);
  }

  /** Marks a waiting file as running; its tenant's next turn comes after those of all others. */
  started(id: string): void {
    const record = this.#byId.get(id);
    if (record === undefined) return;
    const { tenant } = record;
    const rank = this.#rankOf({ file: record, use: this.#useOf(tenant) });
    if (rank !== "slow") this.#isTurnOfNew = rank === "known";
    this.remove(id);
    const files = this.#waiting.get(tenant) ?? [];
    this.#waiting.delete(tenant);
    if (files.length > 0) this.#waiting.set(tenant, files);
    this.#running.set(tenant, id);
  }

  /** Marks a running file as completely read and valid: only its rows remain to be written. */
  read(id: string): void {
    this.#read.add(id);
    this.#writeInBackground();
  }

  /** Marks an attempt as ended, with any outcome. */
  done(id: string): void {
    this.#read.delete(id);
    for (const files of [this.#running, this.#writing]) {
      for (const [tenant, running] of files) if (running === id) files.delete(tenant);
    }
    this.#writeInBackground();
  }

  #count(record: FileRecord, change: 1 | -1): void {
    const name = nameOf(record);
    const count = (this.#named.get(name) ?? 0) + change;
    if (count === 0) this.#named.delete(name);
    else this.#named.set(name, count);
  }

  /** By arrival, but the versions of a file are in the order of their numbers: the last one wins. */
  #placeOf(record: FileRecord, files: readonly FileRecord[]): number {
    const place = files.findLastIndex((file) => arrivedBefore(file, record)) + 1;
    if (this.#named.get(nameOf(record)) === 1) return place;
    const isSame = ({ name }: FileRecord) => name === record.name;
    const after = files.findLastIndex((file) => isSame(file) && file.version < record.version) + 1;
    const before = files.findIndex((file) => isSame(file) && file.version > record.version);
    return Math.min(Math.max(place, after), before < 0 ? files.length : before);
  }

  #isRunning({ tenant, id }: FileRecord): boolean {
    return this.#running.get(tenant) === id || this.#writing.get(tenant) === id;
  }

  /** Lets read files write in the background: one for each tenant. */
  #writeInBackground(): void {
    for (const [tenant, id] of this.#running) {
      if (!this.#read.has(id) || this.#writing.has(tenant)) continue;
      this.#running.delete(tenant);
      this.#writing.set(tenant, id);
    }
  }

  /** When the next waiting file may run, in milliseconds since the epoch; null when none waits for its next try. */
  wakeAt(): number | null {
    const now = this.#now();
    let earliest: number | null = null;
    for (const [tenant, [first]] of this.#waiting) {
      if (first === undefined || this.#running.has(tenant)) continue;
      const dueAt = this.#dueAt(first, now);
      // A file whose time has come waits for something else.
      if (dueAt === null || (dueAt <= now && this.#isBlocked)) continue;
      earliest = Math.min(earliest ?? dueAt, dueAt);
    }
    return earliest;
  }

  /** When a file may be tried again; null when it does not wait for that. */
  #dueAt({ nextTryAt }: FileRecord, now: number): number | null {
    return nextTryAt !== null && nextTryAt - now > this.#longestWaitMs() ? now : nextTryAt;
  }
}

function nameOf({ tenant, name }: FileRecord): string {
  return `${tenant}/${name}`;
}

/** Tenants of which no file has run; those that have; files that take long, of any. */
type Rank = "new" | "known" | "slow";

interface Candidate {
  file: FileRecord;
  use: number | null;
}

function isBefore(a: Candidate, b: Candidate): boolean {
  if (a.use === null && b.use === null) return arrivedBefore(b.file, a.file);
  return (a.use ?? -1) < (b.use ?? -1);
}

function arrivedBefore(a: FileRecord, b: FileRecord): boolean {
  return a.receivedAt < b.receivedAt || (a.receivedAt === b.receivedAt && a.id < b.id);
}
