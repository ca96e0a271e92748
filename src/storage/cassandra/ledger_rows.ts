import { FILE_STATES, type FileState, type RejectView } from "../../protocol/file_view.ts";
import type { FileRecord } from "../contract.ts";
import type { Parameter, Row } from "./session.ts";

/** Rejects in one partition: at most some 4 MB. */
export const REJECTS_A_PARTITION = 1_000;

/** The tables of the ledger's keyspace, and the indexes that its questions need. */
export const LEDGER_SCHEMA: readonly { table: string; index?: string; cql: string }[] = [
  {
    table: "files",
    // owner, beat and stamp: who runs it, whether they live, and which update was the last.
    cql: `CREATE TABLE IF NOT EXISTS files (
      tenant text, id text, name text, version int, size bigint, sha256 text, batch_id text,
      state text, attempts int, received_at timestamp, next_try_at timestamp,
      started_at timestamp, finished_at timestamp, rows_read bigint, rows_stored bigint,
      rows_rejected bigint, rows_skipped bigint, rows_written bigint, rows_replaced bigint,
      seconds double, module_version text, reason_code text, reason_message text,
      owner text, beat int, stamp text, PRIMARY KEY ((tenant), id)
    ) WITH CLUSTERING ORDER BY (id DESC)`,
  },
  {
    table: "file_tenants",
    cql: "CREATE TABLE IF NOT EXISTS file_tenants (id text PRIMARY KEY, tenant text)",
  },
  {
    table: "rejects",
    cql: `CREATE TABLE IF NOT EXISTS rejects (
      file_id text, part int, n int, line bigint, column_name text, column_number int, reason text,
      raw text, PRIMARY KEY ((file_id, part), n)
    )`,
  },
  {
    table: "loads",
    cql: `CREATE TABLE IF NOT EXISTS loads (
      tenant text, file_id text, generation int, write_time bigint, module_version text,
      digest text, rows text, acknowledged int, committed_at timestamp,
      PRIMARY KEY ((tenant, file_id), generation)
    ) WITH CLUSTERING ORDER BY (generation DESC)`,
  },
  ...["state", "name", "sha256"].map((column) => ({
    table: "files",
    index: `files_${column}`,
    cql: `CREATE INDEX IF NOT EXISTS files_${column} ON files (${column}) USING 'sai'`,
  })),
];

/** The columns of `files` that an update sets, in their order. */
const SET_COLUMNS = [
  "name",
  "version",
  "size",
  "sha256",
  "batch_id",
  "state",
  "attempts",
  "received_at",
  "next_try_at",
  "started_at",
  "finished_at",
  "rows_read",
  "rows_stored",
  "rows_rejected",
  "rows_skipped",
  "rows_written",
  "rows_replaced",
  "seconds",
  "module_version",
  "reason_code",
  "reason_message",
  "owner",
  "beat",
  "stamp",
] as const;

export const INSERT_FILE = `INSERT INTO files (${SET_COLUMNS.join(", ")}, tenant, id) VALUES (${
  Array.from({ length: SET_COLUMNS.length + 2 }, () => "?").join(", ")
}) IF NOT EXISTS`;
export const UPDATE_FILE = `UPDATE files SET ${
  SET_COLUMNS.map((column) => `${column} = ?`).join(", ")
} WHERE tenant = ? AND id = ? IF state = ?`;

/** What {@link INSERT_FILE} and {@link UPDATE_FILE} are bound to. @param owner null where nobody runs it */
export function fileValues(record: FileRecord, owner: string | null, stamp: string): Parameter[] {
  const { rows, reason } = record;
  return [
    record.name,
    record.version,
    BigInt(record.size),
    record.sha256,
    record.batch,
    record.state,
    record.attempts,
    new Date(record.receivedAt),
    dateOrNull(record.nextTryAt),
    dateOrNull(record.startedAt),
    dateOrNull(record.finishedAt),
    ...[rows.read, rows.stored, rows.rejected, rows.skipped, rows.written, rows.replaced]
      .map(BigInt),
    record.seconds,
    record.moduleVersion,
    reason?.code ?? null,
    reason?.message ?? null,
    owner,
    0,
    stamp,
    record.tenant,
    record.id,
  ];
}

function dateOrNull(milliseconds: number | null): Date | null {
  return milliseconds === null ? null : new Date(milliseconds);
}

/** The record of a row of `files`, whose columns are of these types by their declaration. */
export function recordOf(row: Row): FileRecord {
  const text = (name: string) => row[name] as string;
  const number = (name: string) => Number(row[name]);
  const time = (name: string) => (row[name] as Date | null)?.getTime() ?? null;
  const code = row["reason_code"] as string | null;
  return {
    id: text("id"),
    tenant: text("tenant"),
    name: text("name"),
    version: number("version"),
    size: number("size"),
    sha256: text("sha256"),
    batch: row["batch_id"] as string | null,
    state: stateOf(row),
    attempts: number("attempts"),
    receivedAt: time("received_at") ?? 0,
    nextTryAt: time("next_try_at"),
    startedAt: time("started_at"),
    finishedAt: time("finished_at"),
    rows: {
      read: number("rows_read"),
      stored: number("rows_stored"),
      rejected: number("rows_rejected"),
      skipped: number("rows_skipped"),
      written: number("rows_written"),
      replaced: number("rows_replaced"),
    },
    seconds: row["seconds"] as number | null,
    moduleVersion: row["module_version"] as string | null,
    reason: code === null ? null : { code, message: text("reason_message") },
  };
}

/** What earlier versions called `refused`; {@link Keyspaces} renames it where it finds it. */
export const EARLIER_REFUSED = "rejected";

export function stateOf(row: Row): FileState {
  if (row["state"] === EARLIER_REFUSED) return "refused";
  const state = FILE_STATES.find((known) => known === row["state"]);
  if (state === undefined) throw new Error(`the ledger has an unknown state "${row["state"]}"`);
  return state;
}

export const INSERT_REJECT =
  `INSERT INTO rejects (file_id, part, n, line, column_name, column_number, reason, raw)
   VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;

/** What {@link INSERT_REJECT} is bound to; `n` counts a file's rejects from 0. */
export function rejectValues(id: string, n: number, reject: RejectView): Parameter[] {
  const { column } = reject;
  return [
    id,
    Math.floor(n / REJECTS_A_PARTITION),
    n,
    BigInt(reject.line),
    typeof column === "string" ? column : null,
    typeof column === "number" ? column : null,
    reject.reason,
    reject.raw,
  ];
}

export function rejectOf(row: Row): RejectView {
  return {
    line: Number(row["line"]),
    column: (row["column_name"] ?? row["column_number"] ?? null) as string | number | null,
    reason: row["reason"] as string,
    raw: row["raw"] as string,
  };
}
