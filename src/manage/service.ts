import type { Config } from "../config/schema.ts";
import { ModuleLog } from "../modules/module_log.ts";
import { TenantSecrets } from "../modules/secrets.ts";
import type { DeployedModule, ModuleStore } from "../modules/store.ts";
import { messageOf } from "../base/failure.ts";
import type { Span, Tracer } from "../base/tracing.ts";
import { takesFile } from "../sandbox/wire/file_patterns.ts";
import type { SandboxPool } from "../sandbox/host/sandbox_pool.ts";
import type { Layout } from "../data/layout.ts";
import { SETTLE_MS } from "../staging/staged.ts";
import type { FileRecord, Storage } from "../storage/contract.ts";
import type { Emit } from "../telemetry/events.ts";
import { Arrivals } from "./arrivals.ts";
import { ingestFile } from "./ingest_file.ts";
import { type ReportParts, reportToAuthor } from "./module_report.ts";
import { tellNearLimits } from "./near_limits.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { Probation } from "../modules/probation.ts";
import { FileQueue } from "./queue.ts";
import { limitsOf } from "./run_limits.ts";
import { advance, isTaken, ledgerFailed, named, settle } from "./settle.ts";
import { endSpan, startSpan } from "./trace.ts";

/** Everything outside that the service works with. */
interface ServiceParts {
  layout: Layout;
  storage: Storage;
  modules: ModuleStore;
  sandboxes: SandboxPool;
  emit: Emit;
  /** Read at each use, so that a reload counts from the next file on. */
  config: () => Config;
  /** Where the steps of traces go. @default nowhere */
  tracer?: Tracer;
  /** Milliseconds since the epoch. @default Date.now */
  now?: () => number;
}

/** Files a spare sandbox is worth keeping for: larger ones need the memory themselves. */
const SMALL_FILE_BYTES = 16 * 1024 * 1024;

/** How a drain of everything that is there came out. */
interface DrainSums {
  ingested: number;
  /** Rejected or quarantined. */
  failed: number;
  /** Left where they are: no module, or storage that does not answer. */
  waiting: number;
  storageFailed: boolean;
}

/**
 * Takes files from staging through the ledger into storage: several tenants at once, each tenant's
 * files in the order of their arrival.
 */
export class IngestService {
  readonly #parts: ServiceParts;
  readonly #now: () => number;
  readonly #queue: FileQueue;
  readonly #arrivals: Arrivals;
  readonly #report: ReportParts;
  readonly #secrets: TenantSecrets;
  /** Ids of the files in the queue or running: a scan need not look at them. */
  readonly #known = new Set<string>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();
  readonly #sums: DrainSums = { ingested: 0, failed: 0, waiting: 0, storageFailed: false };
  #scanning: Promise<void> | null = null;
  #scanAgain = false;
  #stopping = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lookTimer: ReturnType<typeof setTimeout> | undefined;
  /** The last look met a file that was put there by hand a moment ago. */
  #unsettled = false;
  /** Others are loading files; what they leave behind when they die is to be loaded here. */
  #elsewhere = false;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
    this.#secrets = new TenantSecrets(parts.layout.secrets);
    const log = new ModuleLog(parts.modules);
    const probation = new Probation({ ...parts, log, now: this.#now });
    this.#report = { log, probation, ledger: parts.storage.ledger };
    const concurrency = () => parts.config().manage.concurrency;
    this.#queue = new FileQueue({ concurrency, now: this.#now });
    this.#arrivals = new Arrivals({
      ...parts,
      now: this.#now,
      isKnown: (id) => this.#known.has(id),
      enqueue: (record) => this.#enqueue(record),
    });
  }

  /** Files that are being ingested. */
  get running(): number {
    return this.#running.size;
  }

  /** Finds out what an earlier process was killed in, and puts it back into the queue. */
  recover(): Promise<void> {
    return this.#arrivals.recover();
  }

  /** Looks through staging. Calls that come while it looks are served by one more look. */
  scan(): Promise<void> {
    if (this.#scanning) this.#scanAgain = true;
    return this.#scanning ??= this.#scan().finally(() => {
      this.#scanning = null;
      if (!this.#scanAgain || this.#stopping) return;
      this.#scanAgain = false;
      void this.scan();
    });
  }

  /** Works until nothing is left that could be worked on now. */
  async drain(): Promise<DrainSums> {
    await this.scan();
    while (!this.#stopping) {
      const pause = this.#pump();
      if (this.#running.size > 0) await Promise.race(this.#running.values());
      else if (this.#sums.storageFailed) break;
      else if (pause !== null) await sleep(pause, this.#stop.signal);
      else if (this.#unsettled || this.#elsewhere) {
        await sleep(SETTLE_MS, this.#stop.signal);
        await this.scan();
      } else break;
    }
    clearTimeout(this.#lookTimer);
    return { ...this.#sums, waiting: this.#sums.waiting + this.#queue.size };
  }

  /**
   * Takes no more files and waits for those that run; after `drainMs` they are interrupted and go
   * back into the queue.
   */
  async shutDown(drainMs: number): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#lookTimer);
    const late = setTimeout(() => this.#stop.abort(), drainMs);
    await this.#scanning;
    await Promise.all(this.#running.values());
    clearTimeout(late);
    this.#stop.abort();
  }

  async #scan(): Promise<void> {
    const look = await this.#arrivals.look(() => this.#stopping);
    this.#sums.waiting = look.waiting;
    this.#sums.storageFailed ||= look.storageFailed;
    this.#unsettled = look.unsettled;
    this.#elsewhere = look.elsewhere > 0;
    if (look.unsettled && !this.#stopping) {
      clearTimeout(this.#lookTimer);
      this.#lookTimer = setTimeout(() => void this.scan(), SETTLE_MS);
    }
    this.#pump();
  }

  #enqueue(record: FileRecord): void {
    this.#known.add(record.id);
    this.#queue.add(record);
  }

  /** Starts what may start. @returns milliseconds until something else may; null when nothing waits */
  #pump(): number | null {
    clearTimeout(this.#timer);
    for (let record; !this.#stopping && (record = this.#queue.next());) {
      const { id } = record;
      this.#queue.started(id);
      const run = this.#run(record).finally(() => {
        this.#running.delete(id);
        this.#pump();
      });
      this.#running.set(id, run);
    }
    const due = this.#queue.wakeAt();
    if (due === null) return null;
    const pause = Math.max(0, due - this.#now());
    if (!this.#stopping) this.#timer = setTimeout(() => this.#pump(), pause);
    return pause;
  }

  async #run(queued: FileRecord): Promise<void> {
    const { emit, sandboxes, storage } = this.#parts;
    let again: FileRecord | null = null;
    if (queued.size > 0) sandboxes.warm();
    const span = await startSpan(this.#parts, queued);
    try {
      const begun = queued.attempts > 0 ? await storage.begun(queued.tenant, queued.id) : null;
      const module = begun === null
        ? await this.#parts.modules.current(queued.tenant)
        : await this.#parts.modules.built(queued.tenant, begun);
      const moduleVersion = module?.version ?? null;
      const start = { type: "start" as const, moduleVersion };
      const record = await advance(storage.ledger, queued, start, this.#now());
      emit({ kind: "file.started", ...named(record), attempt: record.attempts, moduleVersion });
      const began = performance.now();
      const console: string[] = [];
      const outcome = await this.#attempt(record, module, begun !== null, console, span);
      const seconds = (performance.now() - began) / 1000;
      again = await settle(this.#parts, record, outcome, seconds, this.#now);
      const attempted = { record, version: moduleVersion, outcome, again: again !== null, console };
      await reportToAuthor(this.#report, attempted, this.#now());
      endSpan(span, record, outcome);
      this.#count(outcome, again);
      if (queued.size <= SMALL_FILE_BYTES && !this.#stopping) sandboxes.refill();
    } catch (error) {
      // Another process was faster, or has taken the file over: it is that one's now.
      if (isTaken(error)) {
        this.#elsewhere = true;
        span.end();
        return;
      }
      // The ledger itself failed: the file stays as it is there and is met again at the next scan.
      emit(ledgerFailed(error, queued.id));
      span.end(messageOf(error));
      this.#sums.storageFailed = true;
    } finally {
      this.#queue.done(queued.id);
      this.#known.delete(queued.id);
      if (again) this.#enqueue(again);
    }
  }

  /** @param console receives what the module writes to its console */
  async #attempt(
    record: FileRecord,
    module: DeployedModule | null,
    begun: boolean,
    console: string[],
    span: Span,
  ): Promise<Outcome> {
    const { layout, storage, sandboxes, config, emit } = this.#parts;
    try {
      if (record.size === 0) return refused("empty-file", "the file is empty");
      if (!module) return refused("no-module", "no module is deployed for this customer");
      if (!takesFile(module.declaration.files, record.name)) {
        const patterns = module.declaration.files.join(", ");
        return refused("no-pattern", `the module takes only files named ${patterns}`);
      }
      const path = layout.file("staging", record.tenant, record.id);
      const limits = limitsOf(record, module, config());
      const secrets = await this.#secrets.of(record.tenant);
      const began = performance.now();
      const outcome = await ingestFile({ record, path, module, limits, begun, secrets }, {
        storage,
        sandboxes,
        span,
        signal: this.#stop.signal,
        decided: () => this.#letNext(record, module),
        log: (text) => {
          console.push(text);
          emit({ kind: "module.log", ...named(record), text });
        },
      });
      tellNearLimits(record, outcome, limits, (performance.now() - began) / 1000, emit);
      return outcome;
    } catch (error) {
      return outcomeOf(error);
    }
  }

  /** The tenant's next file may be read; not where its module wants to see the rows of this one. */
  #letNext({ id }: FileRecord, { tenantJson }: DeployedModule): void {
    if (tenantJson.permissions.read.length > 0) return;
    this.#queue.read(id);
    this.#pump();
  }

  #count(outcome: Outcome, again: FileRecord | null): void {
    if (outcome.type === "ingested") this.#sums.ingested++;
    else if (outcome.type === "retry" && again) this.#sums.storageFailed ||= outcome.endless;
    else if (outcome.type !== "released") this.#sums.failed++;
  }
}

function refused(code: string, what: string): Outcome {
  return { type: "refused", reason: { code, message: `Cannot load the file: ${what}` } };
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
