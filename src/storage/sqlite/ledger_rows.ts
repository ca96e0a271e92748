import type { SQLInputValue } from "node:sqlite";
import { FILE_STATES, type RejectView } from "../../protocol/file_view.ts";
import { columnOf } from "../ledger_columns.ts";

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
    seconds REAL, module_version TEXT, reason_code TEXT, reason_message TEXT,
    notices TEXT, replaced_by TEXT, replay TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS files_by_tenant ON files (tenant, id);
  CREATE INDEX IF NOT EXISTS files_of_name ON files (tenant, name, id);
  CREATE INDEX IF NOT EXISTS files_pending ON files (received_at, id)
    WHERE state IN ('received', 'queued', 'running');
  CREATE TABLE IF NOT EXISTS rejects (
    file_id TEXT NOT NULL, n INTEGER NOT NULL, line INTEGER NOT NULL, column_name TEXT,
    column_number INTEGER, reason TEXT NOT NULL, raw BLOB NOT NULL, PRIMARY KEY (file_id, n)
  ) STRICT, WITHOUT ROWID;`;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A reject as the columns of `rejects`. */
export function rejectColumns(id: string, n: number, reject: RejectView): SQLInputValue[] {
  // As bytes, because SQLite returns text only up to the first NUL.
  return [id, n, reject.line, ...columnOf(reject), reject.reason, encoder.encode(reject.raw)];
}

export function rawOf(row: Record<string, unknown>): string {
  return decoder.decode(row["raw"] as Uint8Array<ArrayBuffer>);
}
