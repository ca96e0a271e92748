import { Failure } from "../base/failure.ts";
import type { Span } from "../base/tracing.ts";
import type { Config } from "../config/schema.ts";
import type { DiskState } from "../data/disk_state.ts";
import { shortageHint, shortageText } from "../data/free_space.ts";
import type { Layout } from "../data/layout.ts";
import { ModuleLog } from "../modules/module_log.ts";
import { Probation } from "../modules/probation.ts";
import { TenantSecrets } from "../modules/secrets.ts";
import type { DeployedModule, ModuleStore } from "../modules/store.ts";
import { runPolicy } from "../sandbox/host/policy.ts";
import type { SandboxPool } from "../sandbox/host/sandbox_pool.ts";
import { takesFile } from "../sandbox/wire/file_patterns.ts";
import type { FileRecord, Storage } from "../storage/contract.ts";
import type { Emit } from "../telemetry/events.ts";
import { ingestFile } from "./ingest_file.ts";
import { type ReportDeps, reportToAuthor } from "./module_report.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { reportNearLimits } from "./near_limits.ts";
import { advance, eventFields, settle } from "./settle.ts";
import { endSpan } from "./trace.ts";

export interface LoadDeps {
  layout: Layout;
  storage: Storage;
  modules: ModuleStore;
  sandboxes: SandboxPool;
  emit: Emit;
  /** Asked for each file, so that a reload applies from the next file on. */
  config: () => Config;
  disk: DiskState;
}

/** What an attempt and the one who started it have to know of each other. */
interface AttemptControl {
  /** Ends the attempt when aborted. */
  signal: AbortSignal;
  /** Whether it starts in the slow lane. */
  isSlow: boolean;
  /** Receives the memory limit of the file's sandbox. */
  onLimit: (bytes: number) => void;
  /** Called when the whole file is read and valid; only its rows remain to be written. */
  onRead: (module: DeployedModule) => void;
}

/** How an attempt ended, and the record to be queued again; null when the file is finished. */
interface AttemptEnd {
  outcome: Outcome;
  again: FileRecord | null;
}

/** Runs attempts to load files, and keeps what the next attempt has to know. */
export class LoadAttempts {
  readonly #deps: LoadDeps;
  readonly #reportDeps: ReportDeps;
  readonly #secrets: TenantSecrets;
  /** Bytes that must be free for a file whose load found too little room. */
  readonly #needs = new Map<string, number>();
  /** How many attempts in a row have failed; the ledger counts only some of them. */
  readonly #failures = new Map<string, number>();

  constructor(deps: LoadDeps) {
    this.#deps = deps;
    this.#secrets = new TenantSecrets(deps.layout.secrets);
    const log = new ModuleLog(deps.modules);
    const probation = new Probation({ ...deps, log, now: Date.now });
    this.#reportDeps = { log, probation, ledger: deps.storage.ledger };
  }

  /** Bytes that must be free before a file is tried again; undefined if that is not known. */
  neededBytes(id: string): number | undefined {
    return this.#needs.get(id);
  }

  /** Makes one attempt. @throws {Failure} of the ledger */
  async run(queued: FileRecord, control: AttemptControl, span: Span): Promise<AttemptEnd> {
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
    const loaded = await this.#load({ record, module, begun: begun !== null }, control, {
      console,
      span,
    });
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
    return { outcome, again };
  }

  /** @param into `console` collects the module's console output */
  async #load(
    { record, module, begun }: {
      record: FileRecord;
      module: DeployedModule | null;
      begun: boolean;
    },
    { signal, isSlow, onLimit, onRead }: AttemptControl,
    { console, span }: { console: string[]; span: Span },
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
      onLimit(limits.memoryBytes);
      const started = performance.now();
      const outcome = await ingestFile({ record, path, module, limits, begun }, {
        ...{ storage, sandboxes, span, signal, isSlow },
        requireRoom: () => this.#requireRoom(),
        onDecided: () => onRead(module),
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
