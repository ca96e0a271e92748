import type { Client } from "cassandra-driver";
import { ledgerKeyspace, tenantKeyspace } from "../../src/storage/cassandra/names.ts";
import { newClient, Session } from "../../src/storage/cassandra/session.ts";
import { parseStorageUrl } from "../../src/storage/cassandra/settings.ts";
import { tableEpochs } from "../../src/storage/cassandra/table_epochs.ts";
import { newNamespace, storageUrl, type TestCluster, testCluster } from "./cassandra.ts";
import { Platform } from "./platform.ts";

/** A platform with its own namespace on the test cluster for rows and ledger. */
export class CassandraPlatform implements AsyncDisposable {
  readonly platform: Platform;
  readonly cluster: TestCluster;
  readonly namespace: string;
  readonly url: string;
  /** Connected to the cluster as its superuser. */
  readonly client: Client;

  private constructor(
    platform: Platform,
    cluster: TestCluster,
    namespace: string,
    url: string,
    client: Client,
  ) {
    this.platform = platform;
    this.cluster = cluster;
    this.namespace = namespace;
    this.url = url;
    this.client = client;
  }

  /** @param given the default is the one that all test files share */
  static async create(config = "", given?: TestCluster): Promise<CassandraPlatform> {
    const cluster = given ?? await testCluster();
    const namespace = newNamespace();
    const { connection } = parseStorageUrl(storageUrl(cluster, namespace), "");
    const client = await newClient(connection, cluster);
    const login = { user: `${namespace}_operator`, password: "operator" };
    // Only the permissions that docs/cassandra.md lists.
    for (
      const cql of [
        `CREATE ROLE ${login.user} WITH PASSWORD = '${login.password}' AND LOGIN = true`,
        `GRANT CREATE ON ALL KEYSPACES TO ${login.user}`,
        `GRANT CREATE ON ALL ROLES TO ${login.user}`,
      ]
    ) await client.execute(cql);
    const url = storageUrl({ ...cluster, ...login }, namespace);
    const platform = await Platform.create(config, undefined, url);
    return new CassandraPlatform(platform, cluster, namespace, url, client);
  }

  /** The name of a tenant's keyspace, and of its role. */
  keyspace(tenant: string): string {
    return tenantKeyspace(this.namespace, tenant);
  }

  /** All rows of a table, with these columns. */
  async rows(tenant: string, table: string, columns: string): Promise<Record<string, unknown>[]> {
    const query = `SELECT ${columns} FROM "${this.keyspace(tenant)}"."${table}"`;
    const found: Record<string, unknown>[] = [];
    let page = await this.client.execute(query, [], { fetchSize: 5_000 });
    found.push(...page.rows);
    while (page.pageState) {
      page = await this.client.execute(query, [], { fetchSize: 5_000, pageState: page.pageState });
      found.push(...page.rows);
    }
    return found;
  }

  /** Lets the tenant's only load believe that its table has just been as it is now. */
  async keepEpochs(tenant: string, table: string): Promise<void> {
    const session = new Session(() => Promise.resolve(this.client));
    const epochs = await tableEpochs(session, this.keyspace(tenant), [{ name: table }]);
    const loads = `${ledgerKeyspace(this.namespace)}.loads`;
    const { rows: [load] } = await this.client.execute(`SELECT * FROM ${loads}`);
    await this.client.execute(
      `UPDATE ${loads} SET epochs = ? WHERE tenant = ? AND file_id = ? AND generation = ?`,
      [JSON.stringify(epochs), tenant, load?.["file_id"], load?.["generation"]],
      { prepare: true },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.platform[Symbol.asyncDispose]();
    await dropNamespace(this.client, this.namespace);
    await this.client.shutdown();
  }
}

/** Drops every keyspace and role of a namespace. */
export async function dropNamespace(client: Client, namespace: string): Promise<void> {
  const isOurs = (name: string) =>
    name.startsWith(`${namespace}_`) || name === ledgerKeyspace(namespace);
  const keyspaces = await client.execute("SELECT keyspace_name FROM system_schema.keyspaces");
  for (const row of keyspaces.rows) {
    const name = row["keyspace_name"] as string;
    if (isOurs(name)) await client.execute(`DROP KEYSPACE IF EXISTS "${name}"`);
  }
  const roles = await client.execute("SELECT role FROM system_auth.roles");
  for (const row of roles.rows) {
    const name = row["role"] as string;
    if (isOurs(name)) await client.execute(`DROP ROLE IF EXISTS "${name}"`);
  }
}
