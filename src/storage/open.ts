import { RESERVE_BYTES } from "../base/disk.ts";
import { Failure } from "../base/failure.ts";
import type { TableSpec } from "../batch/column.ts";
import { parseStorageUrl } from "./cassandra/settings.ts";
import type { Readers } from "./cassandra/readers.ts";
import {
  cassandraHealth,
  cassandraKeyspaces,
  cassandraReaders,
  cassandraRoles,
  CassandraStorage,
  cassandraTombstones,
  openCassandraLedger,
} from "./cassandra/storage.ts";
import { tableNotices as cassandraTableNotices } from "./cassandra/table_notices.ts";
import type { LedgerReader, LoadStates, Storage, StoredRows } from "./contract.ts";
import type { ClusterHealth, RolesHealth, TableTombstones } from "./health.ts";
import { openSqliteStorage } from "./sqlite/storage.ts";
import { openServedReader } from "./sqlite/ledger_thread.ts";
import { openSqliteReader } from "./sqlite/stored_rows.ts";
import { acquireManageLock, type ManageLock } from "./sqlite/manage_lock.ts";

/** The settings that select the engine. */
interface StorageSettings {
  data: string;
  storage: { url: string; replication?: string; lease_seconds?: number };
  disk?: { reserve_mb: number };
}

const DEFAULT_LEASE_SECONDS = 30;

/**
 * Opens the engine that the storage URL names. It connects to a cluster only at the first call.
 *
 * @throws {Failure} `unknown-storage`, `bad-storage-url`, and kind `storage` if it cannot be opened
 */
export function openStorage(settings: StorageSettings): Storage {
  const cluster = clusterOf(settings);
  const reserveBytes = settings.disk ? settings.disk.reserve_mb * 1024 ** 2 : RESERVE_BYTES;
  if (cluster === null) return openSqliteStorage(settings.data, reserveBytes);
  const leaseMs = (settings.storage.lease_seconds ?? DEFAULT_LEASE_SECONDS) * 1000;
  return new CassandraStorage(cluster, settings.data, leaseMs, reserveBytes);
}

/** Opens the ledger and the load receipts read-only. They are empty if the engine was never used. */
export function openLedgerOf(
  settings: StorageSettings,
): LedgerReader & StoredRows & LoadStates {
  const cluster = clusterOf(settings);
  return cluster === null ? openSqliteReader(settings.data) : openCassandraLedger(cluster);
}

/** The same for a server that must not wait: what can take long runs in a second thread. */
export function openServedLedger(
  settings: StorageSettings,
): LedgerReader & StoredRows & LoadStates {
  return clusterOf(settings) === null ? openServedReader(settings.data) : openLedgerOf(settings);
}

/** Whether the engine can load a file again in the order of arrival; see {@link Storage.forget}. */
export function keepsOrder(settings: StorageSettings): boolean {
  return clusterOf(settings) !== null;
}

/** Remarks about tables of a module that the engine may not be able to read; none for SQLite. */
export function tableNotices(settings: StorageSettings, tables: readonly TableSpec[]): string[] {
  return clusterOf(settings) === null ? [] : cassandraTableNotices(tables);
}

/**
 * The health of the cluster that the storage URL names; null for SQLite.
 * @throws {Failure} kind `storage` if no node answers
 */
export async function clusterHealth(settings: StorageSettings): Promise<ClusterHealth | null> {
  const cluster = clusterOf(settings);
  return cluster === null ? null : await cassandraHealth(cluster);
}

/**
 * The state of the roles of these tenants in the cluster; null for SQLite. Changes nothing.
 * @throws {Failure} kind `storage`; `bad-key-file`
 */
export async function tenantRoles(
  settings: StorageSettings,
  tenants: readonly string[],
): Promise<RolesHealth | null> {
  const cluster = clusterOf(settings);
  return cluster === null ? null : await cassandraRoles(cluster, settings.data, tenants);
}

/**
 * The tables of tenants in the cluster that have many tombstones; null for SQLite.
 * @throws {Failure} kind `storage`
 */
export async function tableTombstones(
  settings: StorageSettings,
): Promise<TableTombstones[] | null> {
  const cluster = clusterOf(settings);
  return cluster === null ? null : await cassandraTombstones(cluster);
}

/** The roles with which people read rows in a cluster; null for SQLite. */
export function openReaders(settings: StorageSettings): Readers | null {
  const cluster = clusterOf(settings);
  return cluster === null ? null : cassandraReaders(cluster);
}

/** The cluster's keyspaces for the ledger and for the rows of these tenants; none for SQLite. */
export function clusterKeyspaces(settings: StorageSettings, tenants: readonly string[]): string[] {
  const cluster = clusterOf(settings);
  return cluster === null ? [] : cassandraKeyspaces(cluster, tenants);
}

/**
 * Takes the lock of `manage`; does nothing for a cluster, which several processes can share.
 * @throws {Failure} `manage-running`
 */
export function lockStorage(settings: StorageSettings): ManageLock {
  if (clusterOf(settings) === null) return acquireManageLock(settings.data);
  return { release: () => undefined };
}

/** The cluster in the storage URL; null for SQLite. */
function clusterOf({ storage: { url, replication = "" } }: StorageSettings) {
  if (url.startsWith("sqlite:")) return null;
  if (url.startsWith("cassandra:")) return parseStorageUrl(url, replication);
  // The URL can contain a password, so it is not shown.
  throw new Failure(
    "usage",
    "unknown-storage",
    "Cannot open storage: its URL is of no known kind",
    {
      hint: "Use sqlite: (the embedded engine) or cassandra://user:password@host?datacenter=dc1.",
    },
  );
}
