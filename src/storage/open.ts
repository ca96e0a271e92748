import { join } from "node:path";
import { Failure } from "../base/failure.ts";
import { parseStorageUrl } from "./cassandra/settings.ts";
import {
  cassandraHealth,
  cassandraKeyspaces,
  openCassandraLedger,
  openCassandraStorage,
} from "./cassandra/storage.ts";
import type { LedgerReader, Storage } from "./contract.ts";
import type { ClusterHealth } from "./health.ts";
import { openLedgerReader } from "./sqlite/ledger_reader.ts";
import { openSqliteStorage } from "./sqlite/storage.ts";
import { acquireManageLock, type ManageLock } from "./sqlite/manage_lock.ts";

/** What decides about the engine: the data directory and the storage settings. */
interface StorageSettings {
  data: string;
  storage: { url: string; replication?: string; lease_seconds?: number };
}

const DEFAULT_LEASE_SECONDS = 30;

/**
 * Opens the engine that the storage URL names. A cluster is not connected to before the first
 * question.
 *
 * @throws {Failure} `unknown-storage`, `bad-storage-url`, and kind `storage` when it cannot be opened
 */
export function openStorage(settings: StorageSettings): Storage {
  const { data, storage } = settings;
  if (engineOf(settings) === "sqlite") return openSqliteStorage(data);
  const cluster = parseStorageUrl(storage.url, storage.replication ?? "");
  const leaseMs = (storage.lease_seconds ?? DEFAULT_LEASE_SECONDS) * 1000;
  return openCassandraStorage(cluster, data, leaseMs);
}

/** Opens only the ledger, for those who read it. An engine that was never used has an empty one. */
export function openLedgerOf(settings: StorageSettings): LedgerReader {
  const { data, storage } = settings;
  if (engineOf(settings) === "sqlite") return openLedgerReader(join(data, "db/ledger.sqlite"));
  return openCassandraLedger(parseStorageUrl(storage.url, storage.replication ?? ""));
}

/**
 * Looks at the cluster that the storage URL names; null where rows are in files.
 * @throws {Failure} kind `storage` when nobody can be asked
 */
export async function clusterHealth(settings: StorageSettings): Promise<ClusterHealth | null> {
  if (engineOf(settings) === "sqlite") return null;
  const { url, replication = "" } = settings.storage;
  return await cassandraHealth(parseStorageUrl(url, replication));
}

/** The keyspaces of a cluster in which ledger and rows of these tenants are; none for files. */
export function clusterKeyspaces(
  settings: StorageSettings,
  tenants: readonly string[],
): string[] {
  if (engineOf(settings) === "sqlite") return [];
  return cassandraKeyspaces(parseStorageUrl(settings.storage.url, ""), tenants);
}

/**
 * Takes the right to ingest into this engine; where several may share the work there is nothing to
 * take.
 * @throws {Failure} `manage-running`
 */
export function lockStorage(settings: StorageSettings): ManageLock {
  if (engineOf(settings) === "sqlite") return acquireManageLock(settings.data);
  return { release: () => undefined };
}

function engineOf({ storage }: StorageSettings): "sqlite" | "cassandra" {
  if (storage.url.startsWith("sqlite:")) return "sqlite";
  if (storage.url.startsWith("cassandra:")) return "cassandra";
  // The URL may hold a password, so it is not shown.
  throw new Failure("usage", "unknown-storage", "Cannot open storage: its kind is not known", {
    hint: "Use sqlite: (the embedded engine) or cassandra://user:password@host?datacenter=dc1.",
  });
}
