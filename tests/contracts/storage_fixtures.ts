import assert from "node:assert/strict";
import { encodeBatch } from "../../src/batch/batch.ts";
import type { TableSpec, Value } from "../../src/batch/column.ts";
import type { FileRecord, Load, LoadReceipt, Storage } from "../../src/storage/contract.ts";

/** An engine with its own data, empty at first. */
export interface Backend {
  /** Opens the engine with its data. */
  open(): Promise<Storage>;
  /** All rows of a table in their form in a batch, in any order. */
  readRows(tenant: string, table: TableSpec): Promise<Value[][]>;
  /** Removes the data; all storages must be closed. */
  remove(): Promise<void>;
}

/** A table whose key has a text and an int column. */
export const READINGS: TableSpec = {
  name: "readings",
  columns: [
    { name: "station", type: "text" },
    { name: "day", type: "int" },
    { name: "note", type: "text" },
  ],
  partitionKey: ["station"],
  clusteringKey: ["day"],
};

export const NO_ROWS = { read: 0, stored: 0, rejected: 0, skipped: 0, written: 0, replaced: 0 };

/** A ledger record with defaults. */
export function fileRecord(given: Partial<FileRecord> = {}): FileRecord {
  return {
    id: "01k0000000000000000000000a",
    tenant: "customer-1",
    name: "a.csv",
    version: 1,
    size: 10,
    sha256: "ab".repeat(32),
    batch: null,
    state: "received",
    attempts: 0,
    receivedAt: 1_000,
    nextTryAt: null,
    startedAt: null,
    finishedAt: null,
    rows: NO_ROWS,
    seconds: null,
    moduleVersion: null,
    reason: null,
    notices: [],
    replacedBy: null,
    ...given,
  };
}

export function receiptFor(rows: number, replaced = 0): LoadReceipt {
  return {
    rows: { ...NO_ROWS, read: rows, stored: rows, written: rows, replaced },
    moduleVersion: "v1",
    replacedFiles: [],
  };
}

/** One batch for {@link READINGS}, with a row for each of `days`. */
export function readings(station: string, days: number[], note: string): Uint8Array {
  const columns = [days.map(() => station), days, days.map(() => note)];
  return encodeBatch(0, READINGS, columns, days.length);
}

export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i);

/** Registers one test of the contract. */
export type Register = (
  what: string,
  body: (storage: Storage, backend: Backend) => Promise<void>,
) => void;

/** A predicate for `assert.rejects`. */
export const code = (expected: string) => (error: unknown) => {
  assert.equal((error as { code?: string }).code, expected, String(error));
  return true;
};

/** Begins a load of {@link READINGS}. */
export async function started(
  storage: Storage,
  fileId = "f1",
  tenant = "customer-1",
): Promise<Load> {
  await storage.ensureKeyspace(tenant);
  await storage.ensureTables(tenant, [READINGS]);
  return await storage.begin(tenant, fileId, [READINGS]);
}

/** Rows in {@link READINGS}. */
export async function rowsIn(storage: Storage, tenant = "customer-1"): Promise<number> {
  const counted = await storage.countRows(tenant);
  return counted.find(({ table }) => table === READINGS.name)?.rows ?? 0;
}
