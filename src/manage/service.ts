import type { Config } from "../config/schema.ts";
import { ModuleLog } from "../modules/module_log.ts";
import { TenantSecrets } from "../modules/secrets.ts";
import type { DeployedModule, ModuleStore } from "../modules/store.ts";
import { systemClock } from "../base/clock.ts";
import { Failure, messageOf } from "../base/failure.ts";
import type { Span, Tracer } from "../base/tracing.ts";
import { isFinal } from "../protocol/file_view.ts";
import { takesFile } from "../sandbox/wire/file_patterns.ts";
import { runPolicy } from "../sandbox/host/policy.ts";
import type { SandboxPool } from "../sandbox/host/sandbox_pool.ts";
import type { DiskState } from "../data/disk_state.ts";
import { shortageHint, shortageText } from "../data/free_space.ts";
import type { Layout } from "../data/layout.ts";
import { cancelRequests } from "../staging/cancel_requests.ts";
import { SETTLE_MS, type StagingScan } from "../staging/scan.ts";
import type { FileRecord, Storage } from "../storage/contract.ts";
import type { Emit } from "../telemetry/events.ts";
import { Arrivals } from "./arrivals.ts";
import { CANCELLED } from "./cancel.ts";
import { ingestFile } from "./ingest_file.ts";
import { type ReportDeps, reportToAuthor } from "./module_report.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { Probation } from "../modules/probation.ts";
import { FileQueue } from "./queue.ts";
import { reportNearLimits } from "./run_limits.ts";
import { advance, eventFields, isLedgerConflict, ledgerFailed, settle } from "./settle.ts";
import { endSpan, startSpan } from "./trace.ts";

interface ServiceDeps {
  layout: Layout;
  storage: Storage;
  modules: ModuleStore;
  sandboxes: SandboxPool;
  emit: Emit;
  /** Asked for each file, so that a reload applies from the next file on. */
  config: () => Config;
  tracer: Tracer;
  disk: DiskState;
}

/** Milliseconds between two looks at the free space for a file that waits for it. */
const ROOM_CHECK_MS = 1_000;

/** Milliseconds between two looks at the requests to end running files. */
const CANCEL_CHECK_MS = 500;

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
  readonly #arrivals: Arrivals;
  readonly #reportDeps: ReportDeps;
  readonly #secrets: TenantSecrets;
  /** Ids of the files that are queued or running; scans skip them. */
  readonly #known = new Set<string>();
  readonly #running = new Map<string, Promise<void>>();
  /** Ends the attempts of running files, by id. */
  readonly #cancels = new Map<string, AbortController>();
  /** The known files that the last scan has found in staging. */
  #staged = new Set<string>();
  readonly #stop = new AbortController();
  readonly #sums: DrainSums = { ingested: 0, failed: 0, waiting: 0, storageFailed: false };
  #scanning: Promise<void> | null = null;
  #scanAgain = false;
  #stopping = false;
  #queueTimer: ReturnType<typeof setTimeout> | undefined;
  #scanTimer: ReturnType<typeof setTimeout> | undefined;
  #cancelTimer: ReturnType<typeof setInterval> | undefined;
  /** Files in staging that may still be written. */
  #arriving: StagingScan["arriving"] = [];
  /** Another process is loading files; if it dies, they are loaded here. */
  #elsewhere = false;
  /** Bytes that must be free for a file whose load found too little room. */
  readonly #needs = new Map<string, number>();
  /** How many attempts in a row have failed; the ledger counts only some of them. */
  readonly #failures = new Map<string, number>();

  constructor(deps: ServiceDeps) {
    this.#deps = deps;
    this.#secrets = new TenantSecrets(deps.layout.secrets);
    const log = new ModuleLog(deps.modules);
    const probation = new Probation({ ...deps, log, now: Date.now });
    this.#reportDeps = { log, probation, ledger: deps.storage.ledger };
    this.#queue = new FileQueue({
      concurrency: () => deps.config().manage.concurrency,
      longestWaitMs: () => deps.config().manage.retry_seconds * 1000,
      mayStart: ({ id }) => deps.disk.shortage(this.#needs.get(id)) === null,
    });
    this.#arrivals = new Arrivals({
      ...deps,
      isKnown: (id) => {
        this.#staged.add(id);
        return this.#known.has(id);
      },
      isRunning: (id) => this.isRunning(id),
      enqueue: (record) => this.#enqueue(record),
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

  /** Queues the files that an earlier process was loading when it was killed. */
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
      if (this.#running.size > 0) await Promise.race(this.#running.values());
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
    const late = setTimeout(() => this.#stop.abort(), drainMs);
    await this.#scanning;
    await Promise.all(this.#running.values());
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
    this.#staged = new Set();
    const scan = await this.#arrivals.scan(() => this.#stopping);
    await this.#dropEnded(queued.filter((id) => !this.#staged.has(id)));
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

  /** Watches for requests to end running files: also while a scan takes long, or with `--once`. */
  #watchCancels(): void {
    this.#cancelTimer ??= setInterval(() => {
      cancelRequests(this.#deps.layout).then((ids) => {
        for (const id of ids) this.#cancels.get(id)?.abort(CANCELLED);
      }, () => {}); // A folder that cannot be read is reported by the scan.
    }, CANCEL_CHECK_MS);
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
    for (let record; !this.#stopping && (record = this.#queue.next());) {
      const { id } = record;
      this.#queue.started(id);
      const run = this.#run(record).finally(() => {
        this.#running.delete(id);
        if (this.#running.size === 0) {
          clearInterval(this.#cancelTimer);
          this.#cancelTimer = undefined;
        }
        this.#startFiles();
      });
      this.#running.set(id, run);
      this.#watchCancels();
    }
    const due = this.#queue.wakeAt();
    const later = this.#queue.isBlocked ? Date.now() + ROOM_CHECK_MS : Infinity;
    const next = Math.min(due ?? Infinity, later);
    if (next === Infinity) return null;
    const pause = Math.max(0, next - Date.now());
    if (!this.#stopping) this.#queueTimer = setTimeout(() => this.#startFiles(), pause);
    return pause;
  }

  async #run(queued: FileRecord): Promise<void> {
    const { emit, sandboxes } = this.#deps;
    let again: FileRecord | null = null;
    this.#cancels.set(queued.id, new AbortController());
    if (queued.size > 0) sandboxes.warm();
    const span = await startSpan(this.#deps, queued);
    try {
      again = await this.#runAttempt(queued, span);
      if (queued.size <= SMALL_FILE_BYTES && !this.#stopping) sandboxes.refill();
    } catch (error) {
      // Another process started the file first or has taken it over.
      if (isLedgerConflict(error)) {
        this.#elsewhere = true;
        span.end();
        return;
      }
      // The ledger failed: the record is unchanged, and the next scan finds the file again.
      emit(ledgerFailed(error, queued.id));
      span.end(messageOf(error));
      this.#sums.storageFailed = true;
    } finally {
      this.#queue.done(queued.id);
      this.#cancels.delete(queued.id);
      this.#known.delete(queued.id);
      if (again) this.#enqueue(again);
    }
  }

  /** @returns the record to be queued again; null when the file is finished or released */
  async #runAttempt(queued: FileRecord, span: Span): Promise<FileRecord | null> {
    const { emit, storage, modules } = this.#deps;
    if (queued.replay) await storage.forget(queued.tenant, queued.id, queued.replay);
    const begun = wasStarted(queued) ? await storage.begun(queued.tenant, queued.id) : null;
    const module = begun === null
      ? await modules.current(queued.tenant)
      : await modules.built(queued.tenant, begun);
    const version = module?.version ?? null;
    const start = { type: "start" as const, moduleVersion: version };
    const record = await advance(storage.ledger, queued, start, Date.now());
    const fields = eventFields(record);
    emit({ kind: "file.started", ...fields, attempt: record.attempts, moduleVersion: version });
    const started = performance.now();
    const console: string[] = [];
    const loaded = await this.#load(record, module, begun !== null, console, span);
    const { isGone } = this.#deps.disk;
    // The bytes only seem to be lost.
    const outcome = isGone && loaded.type !== "ingested" ? outcomeOf(dataGone()) : loaded;
    const seconds = (performance.now() - started) / 1000;
    this.#noteNeed(record, outcome);
    const failures = this.#failuresOf(record, outcome);
    const again = await settle(this.#deps, record, outcome, seconds, Date.now, failures);
    const report = { record, version, outcome, again: again !== null, console };
    emit({ kind: "problem.ended", problem: "ledger.failed", key: "file" });
    if (!isGone) await reportToAuthor(this.#reportDeps, report, Date.now());
    endSpan(span, record, outcome);
    this.#count(outcome, again);
    return again;
  }

  /** @param console collects the module's console output */
  async #load(
    record: FileRecord,
    module: DeployedModule | null,
    begun: boolean,
    console: string[],
    span: Span,
  ): Promise<Outcome> {
    const { layout, storage, sandboxes, config, emit } = this.#deps;
    try {
      if (record.size === 0 && !module?.declaration.allowEmpty) {
        return refused("empty-file", "the file is empty");
      }
      if (!module) return refused("no-module", "no module is deployed for this customer");
      if (!takesFile(module.declaration, record.name)) {
        const patterns = module.declaration.files.join(", ");
        return refused("no-pattern", `the module takes only files named ${patterns}`);
      }
      const path = layout.file("staging", record.tenant, record.id);
      const secrets = await this.#secrets.of(record.tenant);
      const run = { kind: "load" as const, fileBytes: record.size, secrets };
      const limits = runPolicy(run, module, config());
      const started = performance.now();
      const outcome = await ingestFile({ record, path, module, limits, begun }, {
        storage,
        sandboxes,
        span,
        signal: AbortSignal.any([this.#stop.signal, this.#cancels.get(record.id)!.signal]),
        requireRoom: () => this.#requireRoom(),
        onDecided: () => this.#startNext(record, module),
        log: (text) => {
          console.push(text);
          emit({ kind: "module.log", ...eventFields(record), text });
        },
      });
      reportNearLimits(record, outcome, limits, (performance.now() - started) / 1000, emit);
      return outcome;
    } catch (error) {
      return outcomeOf(error);
    }
  }

  /** Lets the tenant's next file start, unless its module reads rows that are still being written. */
  #startNext({ id }: FileRecord, { tenantJson }: DeployedModule): void {
    if (tenantJson.permissions.read.length > 0) return;
    this.#queue.read(id);
    this.#startFiles();
  }

  /**
   * Rejects stop before uploads do: the ledger does not shrink when they are removed.
   * @throws {Failure} `storage-full`
   */
  #requireRoom(): void {
    const { disk } = this.#deps;
    const neededBytes = disk.reserveBytes;
    const shortage = disk.shortage(neededBytes);
    if (shortage === null) return;
    const text = `Cannot store rejected records: ${shortageText(shortage)}`;
    throw new Failure("storage", "storage-full", text, {
      hint: shortageHint(shortage),
      details: { neededBytes },
    });
  }

  /** Counts the attempts of a file in a row that failed, so that the waits between them grow. */
  #failuresOf({ id, attempts }: FileRecord, { type }: Outcome): number {
    if (type !== "retry") {
      this.#failures.delete(id);
      return attempts;
    }
    const failures = Math.max(attempts, (this.#failures.get(id) ?? 0) + 1);
    this.#failures.set(id, failures);
    return failures;
  }

  /** A file whose load found too little room waits until there is more. */
  #noteNeed({ id }: FileRecord, outcome: Outcome): void {
    const needed = outcome.type === "retry" ? outcome.neededBytes ?? null : null;
    if (needed === null) this.#needs.delete(id);
    else this.#needs.set(id, needed);
  }

  #count(outcome: Outcome, again: FileRecord | null): void {
    if (outcome.type === "ingested") this.#sums.ingested++;
    else if (outcome.type === "retry" && again) this.#sums.storageFailed ||= outcome.endless;
    else if (outcome.type !== "released") this.#sums.failed++;
  }
}

/** Whether an attempt has started since the file was queued: some do not count, but all leave a trace. */
function wasStarted({ attempts, reason, moduleVersion }: FileRecord): boolean {
  return attempts > 0 || reason !== null || moduleVersion !== null;
}

function refused(code: string, what: string): Outcome {
  return { type: "refused", reason: { code, message: `Cannot load the file: ${what}` } };
}

/** A failure of the storage: the attempt is repeated without limit. */
function dataGone(): Failure {
  const text = "Cannot load the file: the data directory is gone";
  return new Failure("storage", "storage-io", text, {
    hint: "Mount its disk, or move it back.",
  });
}
