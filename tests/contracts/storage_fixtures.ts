import assert from "node:assert/strict";
import { encodeBatch } from "../../src/batch/batch.ts";
import type { TableSpec, Value } from "../../src/batch/column.ts";
import type { FileRecord, Load, LoadReceipt, Storage } from "../../src/storage/contract.ts";

/** An engine with data of its own, empty at first. */
export interface Backend {
  /** Whether a load says how many rows took the place of others: that takes a look at each. */
  countsReplaced: boolean;
  /** Opens the engine on its data; what was committed before is there again. */
  open(): Promise<Storage>;
  /** All rows of a table in the form that they have in a batch, in no particular order. */
  readRows(tenant: string, table: TableSpec): Promise<Value[][]>;
  /** Takes the data away; every storage is closed by then. */
  remove(): Promise<void>;
}

/** A table with a text and an int column behind its key. */
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

/** A ledger record; only what matters to a test is given. */
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
    ...given,
  };
}

export function receiptFor(rows: number, replaced = 0): LoadReceipt {
  return {
    rows: { ...NO_ROWS, read: rows, stored: rows, written: rows, replaced },
    moduleVersion: "v1",
  };
}

/** One batch for {@link READINGS}, a row each of `days`. */
export function readings(station: string, days: number[], note: string): Uint8Array {
  const columns = [days.map(() => station), days, days.map(() => note)];
  return encodeBatch(0, READINGS, columns, days.length);
}

export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i);

/** How a part of the contract registers its tests. */
export type Register = (
  what: string,
  body: (storage: Storage, backend: Backend) => Promise<void>,
) => void;

/** A predicate for `assert.rejects`. */
export const code = (expected: string) => (thrown: unknown) => {
  assert.equal((thrown as { code?: string }).code, expected, String(thrown));
  return true;
};

/** A load of {@link READINGS} that has begun. */
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
