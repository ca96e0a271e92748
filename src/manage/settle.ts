import type { Config } from "../config/schema.ts";
import { adviceOf, Failure } from "../base/failure.ts";
import { backoffMs } from "../base/retry.ts";
import type { FileReason } from "../protocol/file_view.ts";
import type { Layout } from "../data/layout.ts";
import type { StagedFile } from "../staging/sidecar.ts";
import { archiveFile, quarantineFile } from "../staging/staged.ts";
import type { FileRecord, Ledger, LoadReceipt, Storage } from "../storage/contract.ts";
import type { Emit, TelemetryEvent } from "../telemetry/events.ts";
import { type LedgerEvent, NO_ROWS, transition } from "./ledger.ts";
import type { Outcome } from "./outcome.ts";

interface SettleDeps {
  layout: Layout;
  storage: Pick<Storage, "ledger">;
  emit: Emit;
  config: () => Config;
}

const FIRST_RETRY_MS = 1_000;

/**
 * Writes the outcome of an attempt to the ledger, then moves the file, then reports it. If the
 * process is killed in between, the next scan of staging does the rest.
 *
 * @param seconds how long the attempt took
 * @param now returns milliseconds since the epoch
 * @param failures the number of attempts in a row that failed, counted or not
 * @returns the record to be queued again; null when the file is finished
 */
export async function settle(
  deps: SettleDeps,
  record: FileRecord,
  outcome: Outcome,
  seconds: number,
  now: () => number,
  failures = record.attempts,
): Promise<FileRecord | null> {
  const { layout, emit, config, storage: { ledger } } = deps;
  const file = eventFields(record);
  switch (outcome.type) {
    case "ingested": {
      const { rows, replacedFiles, readBack } = outcome;
      await settleLoaded(layout, ledger, record, { ...outcome, seconds }, now());
      emit({
        kind: "file.ingested",
        ...file,
        ...{ size: record.size, rows, seconds, finishedAt: now(), replacedFiles },
      });
      if (record.replay && readBack?.hidden) {
        emit({ kind: "file.rows_hidden", ...file, ...readBack, order: record.replay.order });
      }
      return null;
    }
    case "refused":
    case "quarantined": {
      const { reason } = outcome;
      const detail = outcome.type === "quarantined" ? outcome.detail : undefined;
      const rows = outcome.type === "quarantined" ? outcome.rows ?? NO_ROWS : NO_ROWS;
      const event: LedgerEvent = outcome.type === "refused"
        ? { type: "refuse", reason, replacedBy: outcome.replacedBy }
        : { type: "quarantine", reason, rows, notices: outcome.notices };
      await moveOut(layout, await advance(ledger, record, event, now()));
      reportKill(deps, record, reason);
      emit({
        kind: `file.${outcome.type}`,
        ...file,
        reason,
        ...(detail && { detail }),
        rows,
        seconds,
      });
      return null;
    }
    case "cancelled": {
      const { reason } = outcome;
      await moveOut(layout, await advance(ledger, record, { type: "cancel", reason }, now()));
      emit({ kind: "file.cancelled", ...file, reason });
      return null;
    }
    case "released": {
      const next = await advance(ledger, record, { type: "release" }, now());
      emit({ kind: "file.released", ...file });
      return next;
    }
    case "retry": {
      const { reason, lastReason, detail, rows, endless } = outcome;
      const { attempts } = record;
      const { max_attempts, retry_seconds } = config().manage;
      if (attempts >= max_attempts && !endless) {
        const last = { type: "quarantined" as const, reason: lastReason, detail, rows };
        return await settle(deps, record, last, seconds, now);
      }
      const delays = { firstDelay: FIRST_RETRY_MS, longestDelay: retry_seconds * 1000 };
      const nextTryAt = now() + Math.round(backoffMs(Math.max(attempts, failures), delays));
      const event = { type: "retry" as const, reason, at: nextTryAt, counted: !endless };
      const next = await advance(ledger, record, event, now());
      const attempt = { reason, detail, attempt: attempts, nextTryAt, endless };
      emit({ kind: "file.retry", ...file, ...attempt });
      return next;
    }
  }
}

/** Ends a running file as loaded: its load receipt proves that its rows are stored. */
export async function settleLoaded(
  layout: Layout,
  ledger: Ledger,
  record: FileRecord,
  loaded: LoadReceipt & { seconds: number; notices?: string[] },
  now: number,
): Promise<void> {
  const { rows, seconds, moduleVersion, notices, replacedFiles } = loaded;
  // Before the file is final: after a kill in between, the receipt still names them.
  if (replacedFiles.length > 0) {
    await ledger.markReplaced(record.tenant, replacedFiles, record.id);
  }
  const event = { type: "ingested" as const, rows, seconds, moduleVersion, notices };
  await moveOut(layout, await advance(ledger, record, event, now));
}

/** Applies an event to a file's record, also in the ledger. @param now ms since the epoch */
export async function advance(
  ledger: Ledger,
  record: FileRecord,
  event: LedgerEvent,
  now: number,
): Promise<FileRecord> {
  const next = transition(record, event, now);
  await ledger.update(next, record.state);
  return next;
}

/** Whether another process has changed the file's record since it was read. */
export function isLedgerConflict(error: unknown): boolean {
  return error instanceof Failure && error.code === "ledger-conflict";
}

/** Another `manage` may move the same file at the same time. */
const MOVES = 3;

/** Moves a finished file out of staging. Can be repeated. */
export async function moveOut(layout: Layout, record: FileRecord): Promise<void> {
  for (let move = 1;; move++) {
    try {
      return await moveOnce(layout, record);
    } catch (error) {
      // Its bytes are gone: there is nothing to move.
      if (error instanceof Failure && error.code === "file-not-found") return;
      if (!(error instanceof Deno.errors.NotFound) || move === MOVES) throw error;
    }
  }
}

async function moveOnce(layout: Layout, record: FileRecord): Promise<void> {
  if (record.state === "ingested") return await archiveFile(layout, record);
  const reason = record.reason ?? { code: "unknown", message: "Unknown reason" };
  const quarantinedAt = new Date(record.finishedAt ?? 0).toISOString();
  await quarantineFile(layout, record, { ...reason, rows: record.rows, quarantinedAt });
}

/** The fields of a file in its events. */
export function eventFields(
  { tenant, id, name }: StagedFile,
): { tenant: string; fileId: string; name: string } {
  return { tenant, fileId: id, name };
}

/** The event for a ledger that could not be read or written, for one file or for a scan. */
export function ledgerFailed(error: unknown, fileId: string | null): TelemetryEvent {
  const code = error instanceof Failure ? error.code : "internal";
  return { kind: "ledger.failed", code, error: adviceOf(error), fileId };
}

function reportKill({ emit }: SettleDeps, record: FileRecord, { code }: FileReason): void {
  const why = /^sandbox-(memory|time)$/.exec(code)?.[1] as "memory" | "time" | undefined;
  if (why) emit({ kind: "sandbox.killed", ...eventFields(record), why });
}
