import { Failure, messageOf } from "../base/failure.ts";
import type { Config } from "../config/schema.ts";
import { isFinal } from "../protocol/file_view.ts";
import type { StagedFile } from "../staging/sidecar.ts";
import { byTurns } from "../staging/turns.ts";
import type { Layout } from "../data/layout.ts";
import type { StagingScan } from "../staging/scan.ts";
import type { FileRecord, Storage } from "../storage/contract.ts";
import type { Emit } from "../telemetry/events.ts";
import { transition, UNTRIED } from "./ledger.ts";
import type { ModuleStore } from "../modules/store.ts";
import { answerCancelRequests } from "./cancel.ts";
import { outcomeOf } from "./outcome.ts";
import { answerReplayRequests } from "./replay.ts";
import { StagingWatch } from "./staging_watch.ts";
import { advance, eventFields, isLedgerConflict, ledgerFailed, moveOut } from "./settle.ts";
import { takeOver } from "./take_over.ts";

interface ArrivalsDeps {
  layout: Layout;
  storage: Storage;
  modules: ModuleStore;
  emit: Emit;
  config: () => Config;
  /** Whether a file is queued or running; a scan skips it. */
  isKnown: (id: string) => boolean;
  isRunning: (id: string) => boolean;
  enqueue: (record: FileRecord) => void;
  /** Called when some files were enqueued, and the scan goes on. */
  onEnqueued: () => void;
}

interface ScanResult {
  /** Ids of the queued and running files that are in staging. */
  known: readonly string[];
  /** Files that stay in staging, for example without a module. */
  waiting: number;
  /** Files that may still be written: scan again when they no longer change. */
  arriving: StagingScan["arriving"];
  /** Files that another process is loading, or was loading when it was killed. */
  elsewhere: number;
  storageFailed: boolean;
}

/** Milliseconds for which files are enqueued before staging is looked at again. */
const ADMIT_MS = 500;
/** Why a file waits that another process is loading. */
const ELSEWHERE = "another manage is loading it";

/** Queues the files in staging as their records in the ledger require. */
export class Arrivals {
  readonly #deps: ArrivalsDeps;
  readonly #staging: StagingWatch;
  /** Ids of the waiting files that were already reported. */
  readonly #reported = new Set<string>();

  constructor(deps: ArrivalsDeps) {
    this.#deps = deps;
    this.#staging = new StagingWatch(deps);
  }

  /** Takes over the files that an earlier process was loading when it was killed. */
  async recover(): Promise<void> {
    const { storage: { ledger } } = this.#deps;
    for (const record of await ledger.pending()) {
      // Another manage may be loading it.
      if (record.state !== "running" || !await ledger.isAbandoned(record)) continue;
      await takeOver(this.#deps, record).catch((error) => {
        // Another process has changed the record first.
        if (!isLedgerConflict(error)) throw error;
      });
    }
  }

  /**
   * Scans staging. While many files are enqueued, tenants take turns, and those whose files arrive
   * meanwhile are next.
   *
   * @param isStopping asked between files: true ends the scan
   */
  async scan(isStopping: () => boolean): Promise<ScanResult> {
    const { layout, emit } = this.#deps;
    const dir = layout.folder("staging");
    const scan: ScanResult = {
      ...{ known: [], arriving: [], waiting: 0, elsewhere: 0, storageFailed: false },
    };
    try {
      await answerCancelRequests(this.#deps);
      await answerReplayRequests(this.#deps);
      const seen = new Set<string>();
      while (await this.#scanPart(scan, seen, isStopping)) this.#deps.onEnqueued();
      emit({ kind: "problem.ended", problem: "ledger.failed", key: "scan" });
      emit({ kind: "problem.ended", problem: "scan.failed", key: dir });
    } catch (error) {
      const isStorage = error instanceof Failure && error.kind === "storage";
      if (isStorage) emit(ledgerFailed(error, null));
      else emit({ kind: "scan.failed", dir, error: messageOf(error) });
      scan.storageFailed = outcomeOf(error).type === "retry";
    }
    return scan;
  }

  /**
   * @param seen the ids of the files that this scan has handled
   * @returns whether there is more to handle
   */
  async #scanPart(
    scan: ScanResult,
    seen: Set<string>,
    isStopping: () => boolean,
  ): Promise<boolean> {
    const { files, known, arriving, isCutShort = false } = await this.#staging.scan();
    Object.assign(scan, { known, arriving });
    const until = performance.now() + ADMIT_MS;
    for (const file of byTurns(files)) {
      if (isStopping()) return false;
      if (seen.has(file.id)) continue;
      if (performance.now() >= until) return true;
      seen.add(file.id);
      const why = await this.#admitSafely(file);
      if (why === ELSEWHERE) scan.elsewhere++;
      else if (why !== null) {
        scan.waiting++;
        this.#reportWaiting(file, why);
      }
    }
    return isCutShort;
  }

  #reportWaiting(file: StagedFile, why: string): void {
    if (this.#reported.has(file.id)) return;
    this.#reported.add(file.id);
    this.#deps.emit({ kind: "file.waiting", ...eventFields(file), why });
  }

  /** A failure for one tenant must not hold up the others; only a failing storage ends the scan. */
  async #admitSafely(file: StagedFile): Promise<string | null> {
    try {
      return await this.#admit(file);
    } catch (error) {
      if (error instanceof Failure && error.kind === "storage") throw error;
      return isLedgerConflict(error) ? ELSEWHERE : messageOf(error);
    }
  }

  /**
   * Handles a file in staging: new, waiting for its module, left by a killed process, or replayed.
   * @returns why it has to wait; null when it does not
   */
  async #admit(file: StagedFile): Promise<string | null> {
    const { storage: { ledger }, layout, modules, enqueue } = this.#deps;
    let record = await ledger.get(file.id);
    if (!record) {
      record = await this.#firstRecord(file);
      await ledger.insert(record);
    }
    if (isFinal(record.state)) {
      await moveOut(layout, record);
      return null;
    }
    // Running, but not in this process: the outcome of an attempt could not be written.
    if (record.state === "running") {
      if (!await ledger.isAbandoned(record)) return ELSEWHERE;
      const queued = await takeOver(this.#deps, record);
      if (queued === null) return null;
      record = queued;
    }
    if (record.state === "received") {
      if (await modules.current(record.tenant) === null) return "no module is deployed";
      record = await advance(ledger, record, { type: "queue" }, Date.now());
    }
    this.#reported.delete(record.id);
    enqueue(record);
    return null;
  }

  /** Queued at once if its tenant has a module: one change of the ledger instead of two. */
  async #firstRecord(file: StagedFile): Promise<FileRecord> {
    const record: FileRecord = { ...file, ...UNTRIED, state: "received", attempts: 0 };
    const module = await this.#deps.modules.current(file.tenant).catch(() => null);
    return module === null ? record : transition(record, { type: "queue" }, Date.now());
  }
}
