import { join } from "node:path";
import { systemClock } from "../base/clock.ts";
import { Failure, messageOf } from "../base/failure.ts";
import type { Config } from "../config/schema.ts";
import { listFolder, statIfThere } from "../data/durable.ts";
import type { DiskState } from "../data/disk_state.ts";
import type { Layout } from "../data/layout.ts";
import { UploadReceipts } from "../staging/upload_receipts.ts";
import type { FileRecord, Storage } from "../storage/contract.ts";
import type { Emit } from "../telemetry/events.ts";
import { compareFile, compareTenant, type Found } from "../upkeep/files/compare.ts";
import { DISAGREEMENTS } from "../upkeep/files/disagreement.ts";
import { tenantsWithFiles } from "../upkeep/files/facts.ts";
import { repair } from "./repair.ts";
import { isLedgerConflict } from "./settle.ts";

interface ReconcilerDeps {
  layout: Layout;
  storage: Pick<Storage, "ledger" | "receipt" | "stored">;
  emit: Emit;
  config: () => Config;
  disk: Pick<DiskState, "shortage">;
  /** Whether this process is loading a file. */
  isRunning: (id: string) => boolean;
  /** Milliseconds since the epoch. @default Date.now */
  now?: () => number;
}

/** A comparison of all files takes at most one twentieth of the time. */
const REST_FACTOR = 20;
/** Repairs of one file in a row: after one step another may be due. */
const MAX_STEPS = 3;
/** Milliseconds of a check; more files are compared in the next one. */
const CHECK_MS = 1_000;

/**
 * Compares ledger, upload receipts, load receipts and folders, and makes them agree again: files that
 * wait at every check, all others in slices, so that a check of a million files costs no more.
 */
export class Reconciler {
  readonly #deps: ReconcilerDeps;
  readonly #now: () => number;
  #pass: AsyncGenerator<void> | null = null;
  #passMs = 0;
  /** When the next pass over all files may begin, by the monotonic clock. */
  #restUntil = 0;
  #isStopping = false;
  #repaired = 0;
  /** The check that runs could not compare the files of a tenant. */
  #hasFailed = false;

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps;
    this.#now = deps.now ?? Date.now;
  }

  /**
   * Checks every `manage.reconcile_seconds`.
   * @param onChange called after a check that changed something
   * @returns a function that ends the checks and waits for one that is running
   */
  start(onChange: () => void): () => Promise<void> {
    const { config } = this.#deps;
    const stop = new AbortController();
    const checking = (async () => {
      while (!stop.signal.aborted) {
        const pause = config().manage.reconcile_seconds * 1000;
        await systemClock.sleep(pause, stop.signal).catch(() => {});
        if (!stop.signal.aborted && await this.check()) onChange();
      }
    })();
    return () => {
      this.#isStopping = true;
      stop.abort();
      return checking;
    };
  }

  /** Ends the comparison of all files. */
  async close(): Promise<void> {
    await this.#pass?.return(undefined);
    this.#pass = null;
  }

  /**
   * Compares the files that wait, and others for about `budgetMs` milliseconds. A failure is reported.
   * @returns whether something was changed: there may be files in staging
   */
  async check(budgetMs = CHECK_MS): Promise<boolean> {
    const { layout, emit, disk } = this.#deps;
    // Nothing could be written.
    if (disk.shortage() !== null) return false;
    const before = this.#repaired;
    this.#hasFailed = false;
    try {
      // Without the file, another disk is mounted here, or none.
      if (await statIfThere(join(layout.root, "version")) === null) {
        throw new Error(`"${layout.root}" is not a data directory`);
      }
      await this.#comparePending();
      await this.#compareOthers(performance.now() + budgetMs);
      if (!this.#hasFailed) emit({ kind: "problem.ended", problem: "reconcile.failed", key: "" });
    } catch (error) {
      // A generator that has thrown is over.
      this.#pass = null;
      emit({ kind: "reconcile.failed", error: messageOf(error) });
    }
    return this.#repaired > before;
  }

  async #comparePending(): Promise<void> {
    const { layout, storage: { ledger }, isRunning } = this.#deps;
    using receipts = UploadReceipts.openToRead(layout.receipts);
    const staged = new Map<string, Set<string>>();
    for (const { tenant, id } of await ledger.pending()) {
      if (this.#isStopping) return;
      if (isRunning(id)) continue;
      await this.#apart(tenant, async () => {
        let names = staged.get(tenant);
        if (names === undefined) {
          const entries = await listFolder(layout.tenantFolder("staging", tenant));
          names = new Set(entries.filter(({ isFile }) => isFile).map(({ name }) => name));
          staged.set(tenant, names);
        }
        if (!names.has(id)) await this.#reconcileFile(receipts, tenant, id);
      });
    }
  }

  /** A folder that cannot be read or written, of one tenant, must not hold up the others. */
  async #apart(tenant: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
      this.#deps.emit({ kind: "reconcile.failed", error: `${tenant}: ${error.message}` });
      this.#hasFailed = true;
    }
  }

  async #compareOthers(until: number): Promise<void> {
    if (this.#pass === null && performance.now() < this.#restUntil) return;
    this.#pass ??= this.#all();
    while (!this.#isStopping) {
      const started = performance.now();
      const { done } = await this.#pass.next();
      this.#passMs += performance.now() - started;
      if (done) {
        this.#restUntil = performance.now() + this.#passMs * REST_FACTOR;
        this.#pass = null;
        this.#passMs = 0;
        return;
      }
      if (performance.now() >= until) return;
    }
  }

  /** Compares all files once; yields after each page. */
  async *#all(): AsyncGenerator<void> {
    const { layout } = this.#deps;
    using receipts = UploadReceipts.openToRead(layout.receipts);
    const tenants = await tenantsWithFiles(layout);
    // Short runs, which end before the last tenant, begin with another one each time.
    const first = Math.floor(Math.random() * tenants.length);
    for (const tenant of [...tenants.slice(first), ...tenants.slice(0, first)]) {
      const pages = compareTenant(this.#compareDeps(receipts), tenant);
      const rowsLost: string[] = [];
      for (let isLast = false; !isLast;) {
        await this.#apart(tenant, async () => {
          isLast = true;
          const { done, value: page = [] } = await pages.next();
          for (const { kind, facts: { id } } of page) {
            if (kind === "rows-lost") rowsLost.push(id);
            else await this.#reconcileFile(receipts, tenant, id);
          }
          isLast = done ?? false;
        });
        yield;
      }
      // The oldest first, so that the rows of later files replace theirs.
      await this.#apart(tenant, async () => {
        for (const id of rowsLost.reverse()) await this.#reconcileFile(receipts, tenant, id);
      });
    }
  }

  async #reconcileFile(
    receipts: UploadReceipts | null,
    tenant: string,
    id: string,
  ): Promise<void> {
    for (let step = 0; step < MAX_STEPS; step++) {
      const found = await compareFile(this.#compareDeps(receipts), tenant, id);
      if (found === null || !await this.#repair(found)) return;
    }
  }

  /** @returns whether something was changed */
  async #repair(found: Found): Promise<boolean> {
    const { layout, storage, emit, isRunning, disk } = this.#deps;
    // The data directory may have disappeared since the comparison: nothing in it is lost.
    if (disk.shortage() !== null) return false;
    const { kind, facts: { tenant, id, record, receipt, bytes } } = found;
    if (isRunning(id) || !await this.#mayTake(record)) return false;
    if (kind === "unknown") {
      emit({ kind: "file.unknown", path: layout.file(bytes[0]!, tenant, id) });
      return false;
    }
    try {
      const done = await repair({ layout, storage, now: this.#now }, found);
      const name = (record ?? receipt)?.name ?? id;
      const { found: what, hint } = DISAGREEMENTS[kind];
      emit({
        kind: "file.reconciled",
        ...{ tenant, fileId: id, name, disagreement: kind, found: what, done, hint },
      });
      this.#repaired++;
      return true;
    } catch (error) {
      // Another process was faster, or the file moved: the next check looks again.
      const isPassing = isLedgerConflict(error) || error instanceof Deno.errors.NotFound ||
        (error instanceof Failure && error.code === "file-not-found");
      if (!isPassing) throw error;
      return false;
    }
  }

  /** A file that another process is loading is left to it. */
  async #mayTake(record: FileRecord | null): Promise<boolean> {
    return record?.state !== "running" || await this.#deps.storage.ledger.isAbandoned(record);
  }

  #compareDeps(receipts: UploadReceipts | null) {
    const { layout, storage, config } = this.#deps;
    return {
      layout,
      ledger: storage.ledger,
      receipts,
      loads: storage,
      now: this.#now,
      ledgerDays: () => config().manage.ledger_days,
    };
  }
}
