import { FILE_STATES, type FileState, type RejectView } from "../../protocol/file_view.ts";
import type { FileRecord } from "../contract.ts";
import { columnOf, columnsOf, recordOf as recordOfColumns } from "../ledger_columns.ts";
import type { Parameter, Row } from "./session.ts";

/** Rejects in one partition: up to about 4 MB. */
export const REJECTS_A_PARTITION = 1_000;

/** The tables of the ledger's keyspace and the indexes for its queries: name → statement. */
export function ledgerSchema(keyspace: string): Record<string, string> {
  return {
    // owner and beat: who runs a file and whether that process lives. stamp: the last update.
    files: `CREATE TABLE IF NOT EXISTS ${keyspace}.files (
      tenant text, id text, name text, version int, size bigint, sha256 text, batch_id text,
      state text, attempts int, received_at timestamp, next_try_at timestamp,
      started_at timestamp, finished_at timestamp, rows_read bigint, rows_stored bigint,
      rows_rejected bigint, rows_skipped bigint, rows_written bigint, rows_replaced bigint,
      seconds double, module_version text, reason_code text, reason_message text,
      notices text, replaced_by text, replay text, owner text, beat int, stamp text, PRIMARY KEY ((tenant), id)
    ) WITH CLUSTERING ORDER BY (id DESC)`,
    file_tenants:
      `CREATE TABLE IF NOT EXISTS ${keyspace}.file_tenants (id text PRIMARY KEY, tenant text)`,
    rejects: `CREATE TABLE IF NOT EXISTS ${keyspace}.rejects (
      file_id text, part int, n int, line bigint, column_name text, column_number int, reason text,
      raw text, PRIMARY KEY ((file_id, part), n)
    )`,
    loads: `CREATE TABLE IF NOT EXISTS ${keyspace}.loads (
      tenant text, file_id text, generation int, write_time bigint, module_version text,
      digest text, rows text, acknowledged int, committed_at timestamp,
      name text, replaced_files text, refused text, epochs text, replay text,
      PRIMARY KEY ((tenant, file_id), generation)
    ) WITH CLUSTERING ORDER BY (generation DESC)`,
    file_claims: `CREATE TABLE IF NOT EXISTS ${keyspace}.file_claims (
      tenant text, name text, claim text, newest text, earlier text, PRIMARY KEY ((tenant, name))
    )`,
    load_keys: `CREATE TABLE IF NOT EXISTS ${keyspace}.load_keys (
      claim text, chunk int, piece int, content blob, PRIMARY KEY ((claim, chunk), piece)
    )`,
    ...Object.fromEntries(["state", "name", "sha256"].map((column) => [
      `files_${column}`,
      `CREATE INDEX IF NOT EXISTS files_${column} ON ${keyspace}.files (${column}) USING 'sai'`,
    ])),
  };
}

/** The values of a record by column. @param owner null if no process runs the file */
export function fileColumns(
  record: FileRecord,
  owner: string | null,
  stamp: string,
): Record<string, Parameter> {
  const { batch, ...columns } = columnsOf(record);
  const values = Object.entries(columns).map(([name, value]) => [name, parameterOf(name, value)]);
  return { ...Object.fromEntries(values), batch_id: batch, owner, beat: 0, stamp };
}

function parameterOf(column: string, value: string | number | null): Parameter {
  if (typeof value !== "number") return value;
  if (column.endsWith("_at")) return new Date(value);
  return column === "size" || column.startsWith("rows_") ? BigInt(value) : value;
}

export function recordOf(row: Row): FileRecord {
  return recordOfColumns({ ...row, batch: row["batch_id"], state: stateOf(row) });
}

/** The name of `refused` in earlier versions, which {@link Keyspaces} migrates. */
export const EARLIER_REFUSED = "rejected";

export function stateOf(row: Row): FileState {
  if (row["state"] === EARLIER_REFUSED) return "refused";
  const state = FILE_STATES.find((known) => known === row["state"]);
  if (state === undefined) throw new Error(`the ledger has an unknown state "${row["state"]}"`);
  return state;
}

export function insertReject(keyspace: string): string {
  return `INSERT INTO ${keyspace}.rejects
    (file_id, part, n, line, column_name, column_number, reason, raw)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
}

/** The parameters of {@link insertReject}; `n` counts a file's rejects from 0. */
export function rejectValues(id: string, n: number, reject: RejectView): Parameter[] {
  const part = Math.floor(n / REJECTS_A_PARTITION);
  const { line, reason, raw } = reject;
  return [id, part, n, BigInt(line), ...columnOf(reject), reason, raw];
}
