import type { Config } from "../config/schema.ts";
import type { Layout } from "../data/layout.ts";
import { cancelRequests } from "../staging/cancel_requests.ts";
import type { FileRecord } from "../storage/contract.ts";
import type { Emit } from "../telemetry/events.ts";
import { CANCELLED } from "./cancel.ts";
import { type Lane, Lanes } from "./lanes.ts";
import type { Outcome } from "./outcome.ts";
import { RecentUse } from "./recent_use.ts";
import { eventFields } from "./settle.ts";
import { isSuspect } from "./take_over.ts";

interface RunningFilesDeps {
  layout: Layout;
  emit: Emit;
  config: () => Config;
  /** The least recent use of a tenant whose file waits for a place; null when none does. */
  waitingUse: () => number | null;
  /** Another file may be able to start. */
  onRoom: () => void;
}

interface Running {
  record: FileRecord;
  startedAt: number;
  isSuspect: boolean;
  /** Ends its attempt. */
  stop: AbortController;
  ended: Promise<void>;
}

/** How a file starts, and the signal that ends its attempt. */
type Start = { isSlow: boolean; signal: AbortSignal };

/** Milliseconds between two looks at the files that have run for long. */
const LANES_MS = 250;
/** Milliseconds between two looks at the requests to end running files. */
const CANCEL_CHECK_MS = 500;
/** A file whose last attempt took this many seconds starts in the slow lane. */
const LONG_SECONDS = 5;
const MIB = 1024 ** 2;

/**
 * The files that are being loaded: which may start beside them, which have to make room for others, and
 * which an operator has cancelled.
 */
export class RunningFiles {
  readonly #deps: RunningFilesDeps;
  readonly #lanes: Lanes;
  readonly #use = new RecentUse();
  readonly #files = new Map<string, Running>();
  /** Tenants whose last file ran into its time limit: their next ones start in the slow lane. */
  readonly #overTime = new Set<string>();
  #timers: ReturnType<typeof setInterval>[] = [];

  constructor(deps: RunningFilesDeps) {
    this.#deps = deps;
    const { config } = deps;
    this.#lanes = new Lanes({
      places: () => config().manage.concurrency,
      memoryBytes: () => config().manage.memory_mb * MIB,
      fileBytes: () => config().sandbox.memory_mb * MIB,
    });
  }

  get size(): number {
    return this.#files.size;
  }

  has(id: string): boolean {
    return this.#files.has(id);
  }

  /** Resolves when one of the running files has ended. */
  async oneEnded(): Promise<void> {
    await Promise.race(this.#ended());
  }

  async allEnded(): Promise<void> {
    await Promise.all(this.#ended());
  }

  #ended(): Promise<void>[] {
    return [...this.#files.values()].map(({ ended }) => ended);
  }

  /** How long the files of a tenant ran recently, in seconds; null when none of them has ended. */
  useOf(tenant: string): number | null {
    return this.#use.of(tenant, performance.now());
  }

  /** Where a file would start. */
  laneOf({ tenant, reason, seconds, moduleVersion, attempts }: FileRecord): Lane {
    // An attempt that was interrupted, by manage or with it, leaves its version or its count.
    const wasInterrupted = reason === null && (moduleVersion !== null || attempts > 0);
    const wasLong = (seconds ?? 0) >= LONG_SECONDS;
    return wasInterrupted || wasLong || this.#overTime.has(tenant) ? "slow" : "quick";
  }

  /** Whether a file may start beside those that run. */
  fits(record: FileRecord): boolean {
    if (!this.#lanes.hasRoom(this.laneOf(record))) return false;
    return !this.#isSuspect(record) || !this.#files.values().some(({ isSuspect }) => isSuspect);
  }

  /** Starts a file. @param run loads it, and reports its end by {@link end} */
  start(record: FileRecord, run: (start: Start) => Promise<void>): void {
    const { id } = record;
    const startedAt = performance.now();
    const lane = this.laneOf(record);
    const stop = new AbortController();
    this.#lanes.start(id, lane, startedAt);
    const running = { record, startedAt, stop, isSuspect: this.#isSuspect(record) };
    const ended = run({ signal: stop.signal, isSlow: lane === "slow" });
    this.#files.set(id, { ...running, ended });
    if (this.#timers.length > 0) return;
    this.#timers = [
      setInterval(() => this.#makeRoom(), LANES_MS),
      setInterval(() => this.#cancelRequested(), CANCEL_CHECK_MS),
    ];
  }

  /** Sets the memory limit of a running file. @param bytes of memory */
  limit(id: string, bytes: number): void {
    this.#lanes.limit(id, bytes);
    this.#deps.onRoom();
  }

  /** Marks a running file as completely read and valid. */
  read(id: string): void {
    this.#lanes.read(id);
  }

  /** Marks a file as ended. @param outcome null: the ledger failed */
  end({ id, tenant }: FileRecord, outcome: Outcome | null): void {
    const now = performance.now();
    this.#use.add(tenant, (now - this.#files.get(id)!.startedAt) / 1000, now);
    this.#lanes.end(id);
    this.#files.delete(id);
    if (outcome?.type === "ingested") this.#overTime.delete(tenant);
    else if (isOverTime(outcome)) this.#overTime.add(tenant);
    if (this.#files.size > 0) return;
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
  }

  /** Interrupts all files: they return to the queue. */
  stop(): void {
    for (const { stop } of this.#files.values()) stop.abort();
  }

  #isSuspect(record: FileRecord): boolean {
    return isSuspect(record, this.#deps.config().manage.max_attempts);
  }

  /** Moves files that have run for long out of the way of others. */
  #makeRoom(): void {
    const { emit, waitingUse, onRoom } = this.#deps;
    const now = performance.now();
    if (!this.#lanes.isDue(now)) return;
    const useOf = (id: string) => {
      const { record, startedAt } = this.#files.get(id)!;
      return (this.useOf(record.tenant) ?? 0) + (now - startedAt) / 1000;
    };
    const moves = this.#lanes.moves(now, waitingUse(), useOf);
    for (const { id, to } of moves) {
      const { record, startedAt, stop } = this.#files.get(id)!;
      if (to === "beside") continue;
      const seconds = (now - startedAt) / 1000;
      emit({ kind: "file.slowed", ...eventFields(record), seconds, interrupted: to === "queue" });
      if (to === "queue") stop.abort();
    }
    if (moves.length > 0) onRoom();
  }

  /** Looks for requests to end running files: also while a scan takes long, or with `--once`. */
  #cancelRequested(): void {
    cancelRequests(this.#deps.layout).then((ids) => {
      for (const id of ids) this.#files.get(id)?.stop.abort(CANCELLED);
    }, () => {}); // A folder that cannot be read is reported by the scan.
  }
}

function isOverTime(outcome: Outcome | null): boolean {
  return outcome?.type === "quarantined" && /^sandbox-(time|cpu)$/.test(outcome.reason.code);
}
