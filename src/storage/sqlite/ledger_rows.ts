import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { FILE_STATES, type FileState, type RejectView } from "../../protocol/file_view.ts";
import type { FileRecord } from "../contract.ts";

/** The ledger's tables; `n` counts a file's rejects from 1. */
export const LEDGER_TABLES = `
  CREATE TABLE IF NOT EXISTS files (
    id TEXT NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL,
    version INTEGER NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL, batch TEXT,
    state TEXT NOT NULL CHECK (state IN (${FILE_STATES.map((state) => `'${state}'`).join(",")})),
    attempts INTEGER NOT NULL, received_at INTEGER NOT NULL, next_try_at INTEGER,
    started_at INTEGER, finished_at INTEGER,
    rows_read INTEGER NOT NULL, rows_stored INTEGER NOT NULL, rows_rejected INTEGER NOT NULL,
    rows_skipped INTEGER NOT NULL, rows_written INTEGER NOT NULL, rows_replaced INTEGER NOT NULL,
    seconds REAL, module_version TEXT, reason_code TEXT, reason_message TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS files_by_tenant ON files (tenant, id);
  CREATE INDEX IF NOT EXISTS files_by_name ON files (tenant, name);
  CREATE INDEX IF NOT EXISTS files_pending ON files (received_at, id)
    WHERE state IN ('received', 'queued', 'running');
  CREATE TABLE IF NOT EXISTS rejects (
    file_id TEXT NOT NULL, n INTEGER NOT NULL, line INTEGER NOT NULL, column_name TEXT,
    column_number INTEGER, reason TEXT NOT NULL, raw BLOB NOT NULL, PRIMARY KEY (file_id, n)
  ) STRICT, WITHOUT ROWID;`;

type Row = ReturnType<DatabaseSync["prepare"]> extends { get(): infer R } ? NonNullable<R> : never;

/** A record as the columns of `files`. */
export function columnsOf(record: FileRecord): Record<string, SQLInputValue> {
  const { rows } = record;
  return {
    id: record.id,
    tenant: record.tenant,
    name: record.name,
    version: record.version,
    size: record.size,
    sha256: record.sha256,
    batch: record.batch,
    state: record.state,
    attempts: record.attempts,
    received_at: record.receivedAt,
    next_try_at: record.nextTryAt,
    started_at: record.startedAt,
    finished_at: record.finishedAt,
    rows_read: rows.read,
    rows_stored: rows.stored,
    rows_rejected: rows.rejected,
    rows_skipped: rows.skipped,
    rows_written: rows.written,
    rows_replaced: rows.replaced,
    seconds: record.seconds,
    module_version: record.moduleVersion,
    reason_code: record.reason?.code ?? null,
    reason_message: record.reason?.message ?? null,
  };
}

/** The record of a row of `files`, whose columns are of these types by their declaration. */
export function recordOf(row: Row): FileRecord {
  const text = (name: string) => row[name] as string;
  const number = (name: string) => row[name] as number;
  const optionalText = (name: string) => row[name] as string | null;
  const optionalNumber = (name: string) => row[name] as number | null;
  const code = optionalText("reason_code");
  return {
    id: text("id"),
    tenant: text("tenant"),
    name: text("name"),
    version: number("version"),
    size: number("size"),
    sha256: text("sha256"),
    batch: optionalText("batch"),
    state: text("state") as FileState,
    attempts: number("attempts"),
    receivedAt: number("received_at"),
    nextTryAt: optionalNumber("next_try_at"),
    startedAt: optionalNumber("started_at"),
    finishedAt: optionalNumber("finished_at"),
    rows: {
      read: number("rows_read"),
      stored: number("rows_stored"),
      rejected: number("rows_rejected"),
      skipped: number("rows_skipped"),
      written: number("rows_written"),
      replaced: number("rows_replaced"),
    },
    seconds: optionalNumber("seconds"),
    moduleVersion: optionalText("module_version"),
    reason: code === null ? null : { code, message: text("reason_message") },
  };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A reject as the columns of `rejects`. */
export function rejectColumns(id: string, n: number, reject: RejectView): SQLInputValue[] {
  const { column } = reject;
  return [
    id,
    n,
    reject.line,
    typeof column === "string" ? column : null,
    typeof column === "number" ? column : null,
    reject.reason,
    // As bytes: text with a NUL in it would be read back only up to there.
    encoder.encode(reject.raw),
  ];
}

export function rejectOf(row: Row): RejectView {
  return {
    line: row["line"] as number,
    column: row["column_name"] as string | null ?? row["column_number"] as number | null,
    reason: row["reason"] as string,
    raw: decoder.decode(row["raw"] as Uint8Array),
  };
}
