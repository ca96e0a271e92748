import type { Config } from "../config/schema.ts";
import { Failure, messageOf } from "../base/failure.ts";
import type { FileReason } from "../protocol/file_view.ts";
import type { Layout } from "../data/layout.ts";
import type { StagedFile } from "../staging/contract.ts";
import { archiveFile, quarantineFile } from "../staging/staged.ts";
import type { FileRecord, Ledger, Storage } from "../storage/contract.ts";
import type { Emit, TelemetryEvent } from "../telemetry/events.ts";
import { backoffMs } from "./backoff.ts";
import { type LedgerEvent, NO_ROWS, transition } from "./ledger.ts";
import type { Outcome } from "./outcome.ts";

/** What settling an attempt works with. */
interface SettleParts {
  layout: Layout;
  storage: Pick<Storage, "ledger">;
  emit: Emit;
  config: () => Config;
}

/**
 * Writes how an attempt ended to the ledger, then moves the file to where it belongs, then tells.
 * Killed in between, the next scan of staging makes up for what is missing.
 *
 * @param seconds how long the attempt took
 * @param now milliseconds since the epoch
 * @returns the record to be queued again; null when the file is done or given back
 */
export async function settle(
  parts: SettleParts,
  record: FileRecord,
  outcome: Outcome,
  seconds: number,
  now: () => number,
): Promise<FileRecord | null> {
  const { layout, emit, config, storage: { ledger } } = parts;
  const base = named(record);
  switch (outcome.type) {
    case "ingested": {
      const { rows, moduleVersion } = outcome;
      const event = { type: "ingested" as const, rows, seconds, moduleVersion };
      await moveOut(layout, await advance(ledger, record, event, now()));
      emit({ kind: "file.ingested", ...base, size: record.size, rows, seconds, finishedAt: now() });
      return null;
    }
    case "refused":
    case "quarantined": {
      const { reason } = outcome;
      const rows = outcome.type === "quarantined" ? outcome.rows ?? NO_ROWS : NO_ROWS;
      const event: LedgerEvent = outcome.type === "refused"
        ? { type: "refuse", reason }
        : { type: "quarantine", reason, rows };
      await moveOut(layout, await advance(ledger, record, event, now()));
      tellKill(parts, record, reason);
      emit({ kind: `file.${outcome.type}`, ...base, reason, rows, seconds });
      return null;
    }
    case "released":
      await advance(ledger, record, { type: "release" }, now());
      emit({ kind: "file.released", ...base });
      return null;
    case "retry": {
      const { reason } = outcome;
      const { max_attempts, retry_seconds } = config().manage;
      if (record.attempts >= max_attempts && !outcome.endless) {
        return await settle(
          parts,
          record,
          { type: "quarantined", reason, rows: outcome.rows },
          seconds,
          now,
        );
      }
      const at = now() + backoffMs(record.attempts, { capMs: retry_seconds * 1000 });
      const next = await advance(ledger, record, { type: "retry", reason, at }, now());
      emit({
        kind: "file.retry",
        ...base,
        reason,
        attempt: record.attempts,
        nextTryAt: at,
        endless: outcome.endless,
      });
      return next;
    }
  }
}

/** Takes a file through one event of its life, in the ledger too. @param now ms since the epoch */
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

/** Whether another process has moved a file on in the ledger since it was read. */
export function isTaken(error: unknown): boolean {
  return error instanceof Failure && error.code === "ledger-conflict";
}

/** Others that share the work may move the same file at the same moment. */
const MOVES = 3;

/** Moves a file that has come to its end out of staging. Doing it twice is doing it once. */
export async function moveOut(layout: Layout, record: FileRecord): Promise<void> {
  for (let move = 1;; move++) {
    try {
      return await moveOnce(layout, record);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound) || move === MOVES) throw error;
    }
  }
}

async function moveOnce(layout: Layout, record: FileRecord): Promise<void> {
  if (record.state === "ingested") return await archiveFile(layout, record);
  const reason = record.reason ?? { code: "unknown", message: "The reason is not known" };
  const quarantinedAt = new Date(record.finishedAt ?? 0).toISOString();
  await quarantineFile(layout, record, { ...reason, rows: record.rows, quarantinedAt });
}

/** A file as events name it. */
export function named(
  { tenant, id, name }: StagedFile,
): { tenant: string; fileId: string; name: string } {
  return { tenant, fileId: id, name };
}

/** The event of a ledger that could not be read or written, for one file or for a scan. */
export function ledgerFailed(error: unknown, fileId: string | null): TelemetryEvent {
  const code = error instanceof Failure ? error.code : "internal";
  return { kind: "ledger.failed", code, error: messageOf(error), fileId };
}

function tellKill({ emit }: SettleParts, record: FileRecord, { code }: FileReason): void {
  const why = /^sandbox-(memory|time)$/.exec(code)?.[1] as "memory" | "time" | undefined;
  if (why) emit({ kind: "sandbox.killed", ...named(record), why });
}
