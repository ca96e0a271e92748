/**
 * The columns that the table `files` and the table `rejects` have in every engine.
 *
 * @module
 */
import type { FileState, RejectView } from "../protocol/file_view.ts";
import { replaySchema } from "../protocol/replay.ts";
import type { FileQuery, FileRecord } from "./contract.ts";

export const DEFAULT_LIMIT = 100;

/** The values of a record by column; times are milliseconds since the epoch. */
export function columnsOf(record: FileRecord) {
  const { rows, reason } = record;
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
    reason_code: reason?.code ?? null,
    reason_message: reason?.message ?? null,
    notices: record.notices.length === 0 ? null : JSON.stringify(record.notices),
    replaced_by: record.replacedBy,
    replay: record.replay ? JSON.stringify(record.replay) : null,
  };
}

/** The record in a row of `files`. The table guarantees the types; numbers can be bigints or Dates. */
export function recordOf(row: Record<string, unknown>): FileRecord {
  const text = (name: string) => row[name] as string;
  const textOrNull = (name: string) => row[name] as string | null;
  const number = (name: string) => Number(row[name]);
  const numberOrNull = (name: string) => row[name] === null ? null : number(name);
  const code = textOrNull("reason_code");
  const replay = textOrNull("replay") ?? null;
  return {
    id: text("id"),
    tenant: text("tenant"),
    name: text("name"),
    version: number("version"),
    size: number("size"),
    sha256: text("sha256"),
    batch: textOrNull("batch"),
    state: text("state") as FileState,
    attempts: number("attempts"),
    receivedAt: number("received_at"),
    nextTryAt: numberOrNull("next_try_at"),
    startedAt: numberOrNull("started_at"),
    finishedAt: numberOrNull("finished_at"),
    rows: {
      read: number("rows_read"),
      stored: number("rows_stored"),
      rejected: number("rows_rejected"),
      skipped: number("rows_skipped"),
      written: number("rows_written"),
      replaced: number("rows_replaced"),
    },
    seconds: numberOrNull("seconds"),
    moduleVersion: textOrNull("module_version"),
    reason: code === null ? null : { code, message: text("reason_message") },
    // A ledger that is not upgraded yet lacks these columns.
    notices: JSON.parse(textOrNull("notices") ?? "[]"),
    replacedBy: textOrNull("replaced_by") ?? null,
    ...(replay !== null && { replay: replaySchema.parse(JSON.parse(replay)) }),
  };
}

/** The conditions of a query, each with one `?`, and their values. */
export function conditionsOf(query: FileQuery): { conditions: string[]; values: string[] } {
  const { tenant, state, name, sha256, after } = query;
  // Ids grow with time, so their order is that of the list.
  const wanted = {
    "tenant =": tenant,
    "state =": state,
    "name =": name,
    "sha256 =": sha256,
    "id <": after,
  };
  const given = Object.entries(wanted).filter((entry): entry is [string, string] =>
    entry[1] !== undefined
  );
  return {
    conditions: given.map(([condition]) => `${condition} ?`),
    values: given.map(([, value]) => value),
  };
}

/** Where a reject is: the column by its name or by its number. */
export function columnOf({ column }: RejectView): [name: string | null, number: number | null] {
  return [typeof column === "string" ? column : null, typeof column === "number" ? column : null];
}

/** The reject in a row of `rejects`. */
export function rejectOf(row: Record<string, unknown>, raw: string): RejectView {
  return {
    line: Number(row["line"]),
    column: (row["column_name"] ?? row["column_number"] ?? null) as string | number | null,
    reason: row["reason"] as string,
    raw,
  };
}
