import type { Client } from "cassandra-driver";
import {
  type Collection,
  collectionOf,
  type ColumnType,
  physicalOf,
  type TableSpec,
  type Value,
} from "../../src/batch/column.ts";
import { ledgerKeyspace, tenantKeyspace } from "../../src/storage/cassandra/names.ts";
import { newClient } from "../../src/storage/cassandra/session.ts";
import { type CassandraSettings, parseStorageUrl } from "../../src/storage/cassandra/settings.ts";
import { CassandraStorage } from "../../src/storage/cassandra/storage.ts";
import type { Backend } from "../contracts/storage_fixtures.ts";
import { dropNamespace } from "../harness/cassandra_platform.ts";
import { newNamespace, storageUrl, testCluster } from "../harness/cassandra.ts";

const LEASE_MS = 2_000;

export interface CassandraBackend extends Backend {
  settings: CassandraSettings;
  dir: string;
  /** Connected as the superuser of the cluster. */
  client: Client;
}

/** Creating keyspaces takes seconds, so the tests of one process share them and clear them. */
const NAMESPACE = newNamespace();
/** Contains the key of the roles, which all tests share. */
const DIR = await Deno.makeTempDir();

/** A storage in the namespace of this process, empty at first. */
export async function cassandraBackend(): Promise<CassandraBackend> {
  const cluster = await testCluster();
  const url = storageUrl(cluster, NAMESPACE);
  const settings = parseStorageUrl(url, "");
  const client = await newClient(settings.connection, cluster);
  return {
    settings,
    dir: DIR,
    client,
    open: () => Promise.resolve(new CassandraStorage(settings, DIR, LEASE_MS)),
    readRows: (tenant, table) =>
      readRows(client, tenantKeyspace(settings.namespace, tenant), table),
    remove: async () => {
      await clearNamespace(client, settings.namespace);
      await client.shutdown();
    },
  };
}

/** Empties the ledger and drops the tenants' tables. */
async function clearNamespace(client: Client, namespace: string): Promise<void> {
  const { rows } = await client.execute(
    "SELECT keyspace_name, table_name FROM system_schema.tables",
  );
  for (const row of rows) {
    const [keyspace, table] = [row["keyspace_name"] as string, row["table_name"] as string];
    const name = `"${keyspace}"."${table}"`;
    if (keyspace === ledgerKeyspace(namespace)) await client.execute(`TRUNCATE ${name}`);
    else if (keyspace.startsWith(`${namespace}_`)) await client.execute(`DROP TABLE ${name}`);
  }
}

/** Drops all keyspaces and roles of the namespace. */
export async function dropAll(): Promise<void> {
  const cluster = await testCluster();
  const { connection } = parseStorageUrl(storageUrl(cluster, NAMESPACE), "");
  const client = await newClient(connection, cluster);
  await dropNamespace(client, NAMESPACE);
  await client.shutdown();
  await Deno.remove(DIR, { recursive: true });
}

async function readRows(client: Client, keyspace: string, table: TableSpec): Promise<Value[][]> {
  const columns = table.columns.map(({ name }) => `"${name}"`).join(", ");
  const query = `SELECT ${columns} FROM "${keyspace}"."${table.name}"`;
  const rows: Record<string, unknown>[] = [];
  let pageState: string | undefined;
  do {
    const options = { fetchSize: 5_000, ...(pageState && { pageState }) };
    const page = await client.execute(query, [], options);
    rows.push(...page.rows);
    pageState = page.pageState;
  } while (pageState);
  return rows.map((row) => table.columns.map(({ name, type }) => valueOf(row[name], type)));
}

/** Converts a value from the driver to its form in a batch. */
function valueOf(read: unknown, type: ColumnType): Value {
  if (read === null) return null;
  const collection = collectionOf(type);
  if (collection !== null) return JSON.stringify(itemsOf(read, collection));
  if (type === "boolean") return read ? 1 : 0;
  if (type === "timestamp") return (read as Date).toISOString();
  const physical = physicalOf(type);
  if (physical === "number") return Number(read);
  return physical === "bytes" ? new Uint8Array(read as Uint8Array) : String(read);
}

function itemsOf(read: unknown, { kind, elements }: Collection): unknown[] {
  const [first = "text", second = "text"] = elements;
  const item = (value: unknown, type: ColumnType) =>
    type === "boolean" ? value : valueOf(value, type);
  if (kind !== "map") return (read as unknown[]).map((value) => item(value, first));
  return Object.entries(read as object)
    .map(([key, value]) => [item(key, first), item(value, second)]);
}
