import { Failure } from "../base/failure.ts";
import {
  FILE_STATES,
  type FileReason,
  type FileState,
  isFinal,
  type RowCounts,
} from "../protocol/file_view.ts";
import type { Replay } from "../protocol/replay.ts";
import type { FileRecord } from "../storage/contract.ts";

/** What can happen to a file. */
export type LedgerEvent =
  /** Its tenant has a module, so it can be loaded. */
  | { type: "queue" }
  /** An attempt starts, and counts. */
  | { type: "start"; moduleVersion?: string | null }
  /** Its rows are committed. */
  | {
    type: "ingested";
    rows: RowCounts;
    seconds: number;
    moduleVersion: string;
    notices?: string[];
  }
  /** It was refused before a record was read. */
  | { type: "refuse"; reason: FileReason; replacedBy?: string | undefined }
  /** Its bytes are gone, so it cannot be loaded. */
  | { type: "lose"; reason: FileReason }
  /** It or its module has a fault; none of its rows are stored. */
  | { type: "quarantine"; reason: FileReason; rows: RowCounts | null; notices?: string[] }
  /** An operator does not want it loaded. */
  | { type: "cancel"; reason: FileReason }
  /**
   * Something else failed; the next attempt is at `at`, in milliseconds since the epoch. If the storage
   * failed, the attempt is not `counted`.
   */
  | { type: "retry"; reason: FileReason; at: number; counted?: boolean }
  /** The service shuts down; the attempt does not count. */
  | { type: "release" }
  /** The service was killed while it ran; the attempt counts. */
  | { type: "recover" }
  /** An operator wants it loaded again. */
  | { type: "replay"; replay: Replay };

const TRANSITIONS: Record<LedgerEvent["type"], { from: readonly FileState[]; to: FileState }> = {
  queue: { from: ["received"], to: "queued" },
  start: { from: ["queued"], to: "running" },
  ingested: { from: ["running"], to: "ingested" },
  refuse: { from: ["running"], to: "refused" },
  lose: { from: FILE_STATES.filter((state) => !isFinal(state)), to: "refused" },
  quarantine: { from: ["running"], to: "quarantined" },
  cancel: { from: FILE_STATES.filter((state) => !isFinal(state)), to: "quarantined" },
  retry: { from: ["running"], to: "queued" },
  release: { from: ["running"], to: "queued" },
  recover: { from: ["running"], to: "queued" },
  replay: { from: FILE_STATES.filter(isFinal), to: "queued" },
};

/** The counts of a file of which nothing was read. */
export const NO_ROWS: Readonly<RowCounts> = {
  read: 0,
  stored: 0,
  rejected: 0,
  skipped: 0,
  written: 0,
  replaced: 0,
};

/** The fields that an attempt sets, as they are before it. */
export const UNTRIED = {
  nextTryAt: null,
  startedAt: null,
  finishedAt: null,
  rows: NO_ROWS,
  seconds: null,
  moduleVersion: null,
  reason: null,
  notices: [],
  replacedBy: null,
} as const;

/**
 * Returns the record after an event. It writes nothing; that is `Ledger.update(next, record.state)`.
 *
 * ```
 * received → queued → running → ingested | refused | quarantined
 *              ↑ ←────── retry, release, recover      │
 *              └──────────────────────────── replay ←─┘
 * ```
 *
 * @param now milliseconds since the epoch
 * @throws {Failure} `illegal-transition`; `rows-do-not-add-up` unless
 *   `read = stored + replaced + rejected + skipped`
 * @example
 * ```ts
 * import { transition } from "./ledger.ts";
 * import type { FileRecord } from "../storage/contract.ts";
 * const start = (queued: FileRecord) => transition(queued, { type: "start" }, Date.now());
 * ```
 */
export function transition(record: FileRecord, event: LedgerEvent, now: number): FileRecord {
  const { from, to } = TRANSITIONS[event.type];
  if (from.includes(record.state)) return { ...record, ...changes(record, event, now), state: to };
  const text = `Cannot ${event.type} file "${record.id}": it is ${record.state}`;
  throw new Failure("internal", "illegal-transition", text);
}

function changes(record: FileRecord, event: LedgerEvent, now: number): Partial<FileRecord> {
  const { attempts, startedAt } = record;
  // A clock that was set back must not give a negative time.
  const seconds = Math.max(0, now - (startedAt ?? now)) / 1000;
  switch (event.type) {
    case "queue":
      return {};
    case "start": {
      const moduleVersion = event.moduleVersion ?? null;
      return { ...UNTRIED, attempts: attempts + 1, startedAt: now, moduleVersion };
    }
    case "ingested": {
      const { seconds, moduleVersion, notices = [] } = event;
      const rows = checkRows(record, event.rows);
      return { finishedAt: now, rows, seconds, moduleVersion, notices };
    }
    case "refuse":
      return {
        ...{ reason: event.reason, seconds, finishedAt: now },
        replacedBy: event.replacedBy ?? null,
      };
    case "lose":
    case "cancel":
      return { ...UNTRIED, reason: event.reason, finishedAt: now };
    case "quarantine": {
      const rows = checkRows(record, event.rows ?? NO_ROWS);
      const { reason, notices = [] } = event;
      return { reason, seconds, finishedAt: now, rows, notices };
    }
    case "retry": {
      const counted = event.counted ?? true;
      const { reason, at: nextTryAt } = event;
      return { reason, seconds, nextTryAt, attempts: counted ? attempts : attempts - 1 };
    }
    case "release":
      // The version stays, so that the next attempt looks for what this one has begun.
      return { ...UNTRIED, attempts: attempts - 1, moduleVersion: record.moduleVersion };
    case "recover":
      return UNTRIED;
    case "replay":
      return { ...UNTRIED, attempts: 0, replay: event.replay };
  }
}

function checkRows(record: FileRecord, rows: RowCounts): RowCounts {
  const { read, stored, replaced, rejected, skipped } = rows;
  const others = read - stored - rejected - skipped;
  if (others === replaced) return { ...rows };
  // The receipt of an earlier version, in which `replaced` counted rows of any file.
  if (others === 0) return { ...rows, replaced: 0 };
  throw new Failure(
    "internal",
    "rows-do-not-add-up",
    `Cannot settle file "${record.id}": of ${read} records, ${stored} were stored, ` +
      `${replaced} replaced, ${rejected} rejected and ${skipped} skipped`,
  );
}
