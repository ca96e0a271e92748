import { join } from "node:path";
import type { Registry } from "prom-client";
import { diskCauseOf } from "../base/disk.ts";
import { systemClock } from "../base/clock.ts";
import { messageOf } from "../base/failure.ts";
import type { Config } from "../config/schema.ts";
import type { DiskChange, DiskState } from "../data/disk_state.ts";
import type { Layout } from "../data/layout.ts";
import { sweep, sweepFolder } from "../data/leftovers.ts";
import { TrustedClock } from "../data/trusted_clock.ts";
import type { Storage } from "../storage/contract.ts";
import { type DiskWatch, watchDisk } from "../telemetry/disk_watch.ts";
import { clockJumped, type Emit } from "../telemetry/events.ts";
import type { ManageStateFile } from "../telemetry/manage_state.ts";
import { METRICS_FOLDER, MetricsFile } from "../telemetry/snapshot.ts";
import { Retention } from "./retention.ts";

const RETENTION_MS = 3_600_000;
const REPORT_MS = 5_000;

interface HousekeepingDeps {
  layout: Layout;
  storage: Storage;
  registry: Registry;
  state: ManageStateFile;
  emit: Emit;
  config: () => Config;
  disk: DiskState;
  /** Called when the disk becomes full, or has room again. */
  onDisk: (change: DiskChange) => void;
}

/** What `manage` does besides loading files: retention, disk warnings, metrics. */
export class Housekeeping {
  readonly #deps: HousekeepingDeps;
  readonly #retention: Retention;
  readonly #clock: TrustedClock;
  readonly #metrics: MetricsFile;
  readonly #diskWatch: DiskWatch;
  #reporting: Promise<void> = Promise.resolve();

  constructor(deps: HousekeepingDeps) {
    this.#deps = deps;
    this.#retention = new Retention(deps);
    this.#clock = new TrustedClock(deps.layout.manageClock, systemClock);
    this.#metrics = new MetricsFile(deps.layout.root, deps.registry);
    const { disk, emit, layout } = deps;
    this.#diskWatch = watchDisk({ disk, folder: layout.root, emit, onChange: this.#onDisk });
  }

  /** Removes half-written files of an earlier process that was killed. */
  async sweep(): Promise<void> {
    const { layout } = this.#deps;
    const now = Date.now();
    for (const folder of ["archive", "quarantine"] as const) {
      await sweepFolder(layout, folder, now);
    }
    await sweep(join(layout.root, METRICS_FOLDER), now);
  }

  /** Runs retention, now and periodically. @returns a function that stops it */
  async start(): Promise<() => void> {
    const timer = setInterval(() => void this.#runRetention(), RETENTION_MS);
    await this.#runRetention();
    return () => clearInterval(timer);
  }

  /** Reports whether the disk is full, if that has changed. */
  checkDisk(): Promise<void> {
    return this.#diskWatch.check();
  }

  /** Ends the watch of the disk. */
  close(): void {
    this.#diskWatch.stop();
  }

  readonly #onDisk = (change: DiskChange): void => {
    void this.#reclaim().then(() => this.#deps.onDisk(change));
  };

  /** Writes metrics and state for `serve`, periodically. @returns a function that does it once more */
  async startReports(): Promise<() => Promise<void>> {
    const timer = setInterval(() => void this.report(), REPORT_MS);
    await this.report();
    return async () => {
      clearInterval(timer);
      await this.report(false);
    };
  }

  /** Writes metrics and state for `serve` now. @param running false when it is the last time */
  report(running = true): Promise<void> {
    // One after another, so that the last one stays.
    return this.#reporting = this.#reporting.then(() => this.#report(running));
  }

  async #report(running: boolean): Promise<void> {
    const { emit, state, disk } = this.#deps;
    if (disk.isGone) return;
    try {
      await state.write(running);
      await this.#metrics.write();
      emit({ kind: "problem.ended", problem: "metrics.lost", key: "" });
    } catch (error) {
      // A full disk is reported once, as `disk.full`.
      if (diskCauseOf(error) !== null) {
        await state.touch();
        return this.#metrics.touch();
      }
      emit({ kind: "metrics.lost", error: messageOf(error) });
    }
  }

  /** Makes room, and uses the room that there is to shorten the logs. */
  async #reclaim(): Promise<void> {
    await this.#deps.storage.reclaim().catch(() => {});
    await this.#runRetention();
  }

  async #runRetention(): Promise<void> {
    const { config, emit, disk } = this.#deps;
    if (disk.isGone) return;
    try {
      const jump = await this.#clock.jump();
      if (jump) return emit(clockJumped(jump));
      emit({ kind: "problem.ended", problem: "clock.jumped", key: "" });
      await this.#retention.run(config().manage, Date.now());
      emit({ kind: "problem.ended", problem: "retention.failed", key: "" });
    } catch (error) {
      emit({ kind: "retention.failed", error: messageOf(error) });
    }
  }
}
