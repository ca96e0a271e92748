import { Failure } from "../base/failure.ts";
import { type FileReason, type FileState, isFinal, type RowCounts } from "../protocol/file_view.ts";
import type { FileRecord } from "../storage/contract.ts";

/** What may happen to a file. */
export type LedgerEvent =
  /** It may be run. received → queued */
  | { type: "queue" }
  /** An attempt begins, and counts. queued → running */
  | { type: "start"; moduleVersion?: string | null }
  /** Its rows are committed. running → ingested */
  | { type: "ingested"; rows: RowCounts; seconds: number; moduleVersion: string }
  /** It was refused before a record of it was read. running → refused */
  | { type: "refuse"; reason: FileReason }
  /** It or its module is at fault; none of its rows stay. running → quarantined */
  | { type: "quarantine"; reason: FileReason; rows: RowCounts | null }
  /** Something else was at fault; try again from `at`, ms since the epoch. running → queued */
  | { type: "retry"; reason: FileReason; at: number }
  /** The service ends in good order: the attempt does not count. running → queued */
  | { type: "release" }
  /** Found running when the service started: it had been killed; the attempt counts. running → queued */
  | { type: "recover" }
  /** An operator wants it done again, as if it were new. ingested, refused, quarantined → queued */
  | { type: "replay" };

const FROM: Record<LedgerEvent["type"], (state: FileState) => boolean> = {
  queue: (state) => state === "received",
  start: (state) => state === "queued",
  ingested: (state) => state === "running",
  refuse: (state) => state === "running",
  quarantine: (state) => state === "running",
  retry: (state) => state === "running",
  release: (state) => state === "running",
  recover: (state) => state === "running",
  replay: isFinal,
};

/** The counts of a file of which nothing has been read. */
export const NO_ROWS: Readonly<RowCounts> = {
  read: 0,
  stored: 0,
  rejected: 0,
  skipped: 0,
  written: 0,
  replaced: 0,
};

/** What an attempt sets, before it has begun. */
const UNTRIED = {
  nextTryAt: null,
  startedAt: null,
  finishedAt: null,
  rows: NO_ROWS,
  seconds: null,
  moduleVersion: null,
  reason: null,
} as const;

/**
 * The life of a file: the record that follows from `record` by what has happened. Nothing is
 * written; that is `Ledger.update(next, record.state)`.
 *
 * ```
 * received → queued → running → ingested | refused | quarantined
 *              ↑ ←────── retry, release, recover      │
 *              └──────────────────────────── replay ←─┘
 * ```
 *
 * @param now milliseconds since the epoch
 * @throws {Failure} `illegal-transition`; `rows-do-not-add-up` when rows are not
 *   `read = stored + rejected + skipped`
 * @example
 * ```ts
 * import { transition } from "./ledger.ts";
 * import type { FileRecord } from "../storage/contract.ts";
 * const begin = (queued: FileRecord) => transition(queued, { type: "start" }, Date.now());
 * ```
 */
export function transition(record: FileRecord, event: LedgerEvent, now: number): FileRecord {
  if (!FROM[event.type](record.state)) {
    throw new Failure(
      "internal",
      "illegal-transition",
      `Cannot ${event.type} file "${record.id}": it is ${record.state}`,
    );
  }
  const { attempts } = record;
  switch (event.type) {
    case "queue":
      return { ...record, state: "queued" };
    case "start":
      return {
        ...record,
        ...UNTRIED,
        state: "running",
        attempts: attempts + 1,
        startedAt: now,
        moduleVersion: event.moduleVersion ?? null,
      };
    case "ingested": {
      const { rows, seconds, moduleVersion } = event;
      const ended = { finishedAt: now, rows: wholeRows(record, rows), seconds, moduleVersion };
      return { ...record, ...ended, state: "ingested" };
    }
    case "refuse":
      return { ...record, ...ended(record, event.reason, now), state: "refused", finishedAt: now };
    case "quarantine": {
      const rows = wholeRows(record, event.rows ?? NO_ROWS);
      const end = { ...ended(record, event.reason, now), rows, finishedAt: now };
      return { ...record, ...end, state: "quarantined" };
    }
    case "retry":
      return {
        ...record,
        ...ended(record, event.reason, now),
        state: "queued",
        nextTryAt: event.at,
      };
    case "release":
      return { ...record, ...UNTRIED, state: "queued", attempts: attempts - 1 };
    case "recover":
      return { ...record, ...UNTRIED, state: "queued" };
    case "replay":
      return { ...record, ...UNTRIED, state: "queued", attempts: 0 };
  }
}

function ended(record: FileRecord, reason: FileReason, now: number) {
  // A clock that was set back must not give a negative time.
  return { reason, seconds: Math.max(0, now - (record.startedAt ?? now)) / 1000 };
}

function wholeRows(record: FileRecord, rows: RowCounts): RowCounts {
  const { read, stored, rejected, skipped } = rows;
  if (read === stored + rejected + skipped) return { ...rows };
  throw new Failure(
    "internal",
    "rows-do-not-add-up",
    `Cannot account for file "${record.id}": ${read} records were read, but ` +
      `${stored} stored, ${rejected} rejected and ${skipped} skipped`,
  );
}
