import { systemClock } from "../base/clock.ts";
import { messageOf } from "../base/failure.ts";
import type { Tracer } from "../base/tracing.ts";
import { isFinal } from "../protocol/file_view.ts";
import { SETTLE_MS, type StagingScan } from "../staging/scan.ts";
import type { FileRecord } from "../storage/contract.ts";
import { Arrivals } from "./arrivals.ts";
import { LoadAttempts, type LoadDeps } from "./load_attempt.ts";
import type { Outcome } from "./outcome.ts";
import { FileQueue } from "./queue.ts";
import { RunningFiles } from "./running_files.ts";
import { isLedgerConflict, ledgerFailed } from "./settle.ts";
import { startSpan } from "./trace.ts";

interface ServiceDeps extends LoadDeps {
  tracer: Tracer;
}

/** Milliseconds between two looks at the free space for a file that waits for it. */
const ROOM_CHECK_MS = 1_000;

/** After larger files no spare sandbox is started: the next one may need the memory. */
const SMALL_FILE_BYTES = 16 * 1024 * 1024;

/** How long a file in staging is new, so that there are more scans to see when it is at rest. */
const NEW_FILE_MS = 10_000;
/** How long `--once` waits for files that another process loads, in milliseconds without work. */
const ELSEWHERE_WAIT_MS = 600_000;
/** How long `--once` waits for files that are still written, in milliseconds without work. */
const DRAIN_WAIT_MS = 30_000;

interface DrainSums {
  ingested: number;
  /** Refused or quarantined. */
  failed: number;
  /** Still in staging: without a module, or because the storage does not answer. */
  waiting: number;
  storageFailed: boolean;
}

/**
 * Loads files from staging into the storage and keeps the ledger: several tenants in parallel, each
 * tenant's files in the order of their arrival.
 */
export class IngestService {
  readonly #deps: ServiceDeps;
  readonly #queue: FileQueue;
  readonly #running: RunningFiles;
  readonly #attempts: LoadAttempts;
  readonly #arrivals: Arrivals;
  /** Ids of the files that are queued or running; scans skip them. */
  readonly #known = new Set<string>();
  readonly #stop = new AbortController();
  readonly #sums: DrainSums = { ingested: 0, failed: 0, waiting: 0, storageFailed: false };
  #scanning: Promise<void> | null = null;
  #scanAgain = false;
  #stopping = false;
  #queueTimer: ReturnType<typeof setTimeout> | undefined;
  #scanTimer: ReturnType<typeof setTimeout> | undefined;
  /** Files in staging that may still be written. */
  #arriving: StagingScan["arriving"] = [];
  /** Another process is loading files; if it dies, they are loaded here. */
  #elsewhere = false;

  constructor(deps: ServiceDeps) {
    this.#deps = deps;
    this.#attempts = new LoadAttempts(deps);
    this.#running = new RunningFiles({
      ...deps,
      waitingUse: () => this.#queue.leastUse(),
      onRoom: () => this.#startFiles(),
    });
    this.#queue = new FileQueue({
      isSlow: (file) => this.#running.laneOf(file) === "slow",
      fits: (file) => this.#running.fits(file),
      useOf: (tenant) => this.#running.useOf(tenant),
      mayStart: ({ id }) => deps.disk.shortage(this.#attempts.neededBytes(id)) === null,
      longestWaitMs: () => deps.config().manage.retry_seconds * 1000,
    });
    this.#arrivals = new Arrivals({
      ...deps,
      isKnown: (id) => this.#known.has(id),
      isRunning: (id) => this.isRunning(id),
      enqueue: (record) => this.#enqueue(record),
      onEnqueued: () => void this.#startFiles(),
    });
  }

  /** The number of files that are being loaded. */
  get running(): number {
    return this.#running.size;
  }

  /** Whether a file is being loaded. */
  isRunning(id: string): boolean {
    return this.#running.has(id);
  }

  /** Takes over the files that an earlier process was loading when it was killed. */
  recover(): Promise<void> {
    return this.#arrivals.recover();
  }

  /** Scans staging. Calls during a scan lead to one more scan. */
  scan(): Promise<void> {
    if (this.#scanning) this.#scanAgain = true;
    return this.#scanning ??= this.#scan().finally(() => {
      this.#scanning = null;
      if (!this.#scanAgain || this.#stopping) return;
      this.#scanAgain = false;
      void this.scan();
    });
  }

  /** Continues after the disk was full. */
  resume(): void {
    if (this.#stopping) return;
    this.#startFiles();
    void this.scan();
  }

  /**
   * Loads files until none can be loaded now. It waits for files that are still written, and for other
   * processes, but not for ever: then these files are waiting.
   */
  async drain(): Promise<DrainSums> {
    await this.scan();
    let waited = 0;
    while (!this.#stopping) {
      const pause = this.#startFiles();
      if (this.#running.size > 0) await this.#running.oneEnded();
      else if (this.#sums.storageFailed) break;
      else if (this.#queue.isBlocked) {
        this.#sums.storageFailed = true;
        break;
      } else if (pause !== null) await this.#sleep(pause);
      else if (waited < this.#patience()) {
        await this.#sleep(SETTLE_MS);
        waited += SETTLE_MS;
        await this.scan();
      } else break;
    }
    clearTimeout(this.#scanTimer);
    for (const { path } of this.#arriving) this.#deps.emit({ kind: "staging.incomplete", path });
    const others = this.#arriving.length + (this.#elsewhere ? 1 : 0);
    const waiting = this.#sums.waiting + this.#queue.size + others;
    return { ...this.#sums, waiting };
  }

  /** How many milliseconds a drain without work waits for what others do. */
  #patience(): number {
    if (this.#elsewhere) return ELSEWHERE_WAIT_MS;
    return this.#arriving.length > 0 ? DRAIN_WAIT_MS : 0;
  }

  /**
   * Starts no more files and waits for the running ones; after `drainMs` they are interrupted and
   * return to the queue.
   */
  async shutDown(drainMs: number): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#queueTimer);
    clearTimeout(this.#scanTimer);
    const late = setTimeout(() => this.#running.stop(), drainMs);
    await this.#scanning;
    await this.#running.allEnded();
    clearTimeout(late);
    this.#stop.abort();
  }

  async #scan(): Promise<void> {
    if (this.#deps.disk.shortage() !== null) {
      // New files could not be added to the ledger.
      this.#sums.storageFailed = true;
      return;
    }
    const queued = this.#queue.waiting;
    const scan = await this.#arrivals.scan(() => this.#stopping);
    const staged = new Set(scan.known);
    await this.#dropEnded(queued.filter((id) => !staged.has(id)));
    this.#sums.waiting = scan.waiting;
    this.#sums.storageFailed ||= scan.storageFailed;
    this.#arriving = scan.arriving;
    this.#elsewhere = scan.elsewhere > 0;
    // A file that is written for longer is seen by the periodic scans.
    const isNew = scan.arriving.some(({ watchedMs }) => watchedMs < NEW_FILE_MS);
    if (isNew && !this.#stopping) {
      clearTimeout(this.#scanTimer);
      this.#scanTimer = setTimeout(() => void this.scan(), SETTLE_MS);
    }
    this.#startFiles();
  }

  /** Forgets queued files that are no longer in staging because another process has ended them. */
  async #dropEnded(missing: readonly string[]): Promise<void> {
    for (const id of missing) {
      const record = await this.#deps.storage.ledger.get(id).catch(() => null);
      if (record === null || !isFinal(record.state) || this.#running.has(id)) continue;
      this.#queue.remove(id);
      this.#known.delete(id);
    }
  }

  #sleep(ms: number): Promise<void> {
    return systemClock.sleep(ms, this.#stop.signal).catch(() => {});
  }

  #enqueue(record: FileRecord): void {
    this.#known.add(record.id);
    this.#queue.add(record);
  }

  /** Starts the files whose turn it is. @returns milliseconds until the next one; null for none */
  #startFiles(): number | null {
    clearTimeout(this.#queueTimer);
    for (let record; !this.#stopping && (record = this.#queue.next());) this.#start(record);
    const due = this.#queue.wakeAt();
    const later = this.#queue.isBlocked ? Date.now() + ROOM_CHECK_MS : Infinity;
    const next = Math.min(due ?? Infinity, later);
    if (next === Infinity) return null;
    const pause = Math.max(0, next - Date.now());
    if (!this.#stopping) this.#queueTimer = setTimeout(() => this.#startFiles(), pause);
    return pause;
  }

  #start(queued: FileRecord): void {
    const { sandboxes } = this.#deps;
    const { id, size } = queued;
    this.#queue.started(id);
    // The spare is for files that have just arrived.
    if (size > 0 && this.#running.laneOf(queued) === "quick") sandboxes.warm();
    this.#running.start(queued, async (start) => {
      const { outcome, again } = await this.#run(queued, start);
      this.#running.end(queued, outcome);
      this.#queue.done(id);
      this.#known.delete(id);
      if (again) this.#enqueue(again);
      this.#startFiles();
    });
  }

  /** @returns the end of an attempt; its outcome is null if the ledger failed */
  async #run(
    queued: FileRecord,
    start: { signal: AbortSignal; isSlow: boolean },
  ): Promise<{ outcome: Outcome | null; again: FileRecord | null }> {
    const { emit, sandboxes } = this.#deps;
    const { id, size } = queued;
    const span = await startSpan(this.#deps, queued);
    try {
      const ended = await this.#attempts.run(queued, {
        ...start,
        onLimit: (bytes) => this.#running.limit(id, bytes),
        onRead: ({ tenantJson }) => this.#read(id, tenantJson.permissions.read.length > 0),
      }, span);
      this.#count(ended.outcome, ended.again);
      if (size <= SMALL_FILE_BYTES && !this.#stopping) sandboxes.refill();
      return ended;
    } catch (error) {
      // Another process started the file first or has taken it over.
      if (isLedgerConflict(error)) {
        this.#elsewhere = true;
        span.end();
      } else {
        // The ledger failed: the record is unchanged, and the next scan finds the file again.
        emit(ledgerFailed(error, id));
        span.end(messageOf(error));
        this.#sums.storageFailed = true;
      }
      return { outcome: null, again: null };
    }
  }

  /** Lets the tenant's next file start, unless its module reads rows that are still being written. */
  #read(id: string, readsRows: boolean): void {
    this.#running.read(id);
    if (!readsRows) this.#queue.read(id);
    this.#startFiles();
  }

  #count(outcome: Outcome, again: FileRecord | null): void {
    if (outcome.type === "ingested") this.#sums.ingested++;
    else if (outcome.type === "retry" && again) this.#sums.storageFailed ||= outcome.endless;
    else if (outcome.type !== "released") this.#sums.failed++;
  }
}
