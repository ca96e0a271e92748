import cassandra from "cassandra-driver";
import { readFileSync } from "node:fs";
import { down, places, SUPERUSER, up } from "../../../scripts/cassandra/cluster.ts";
import { logOf } from "../../../scripts/cassandra/node.ts";
import { whatIsMissing } from "../../../scripts/cassandra/release.ts";
import { CQL_PORT, DATACENTER } from "../../../scripts/cassandra/settings.ts";
import { encodeBatch } from "../../../src/batch/batch.ts";
import type { TableSpec, Value } from "../../../src/batch/column.ts";
import { newTenantClient } from "../../../src/storage/cassandra/session.ts";
import { TenantClients } from "../../../src/storage/cassandra/tenant_clients.ts";
import { type ChunkSender, openSender } from "../../../src/storage/cassandra/write/sender.ts";

/** Why no node can be started; null if one can. */
export const missing = await whatIsMissing();

/** A node only for these tests, which break its connections. */
const ADDRESS = "127.0.0.71";
const HEAP_MB = 512;

/** A new keyspace on a real node, with a role like that of a tenant. */
export class Rig implements AsyncDisposable {
  readonly client: cassandra.Client;
  readonly keyspace = `write_${Deno.pid}`;
  readonly address: string;
  readonly #senders: ChunkSender[] = [];
  readonly #clients: TenantClients[] = [];

  private constructor(client: cassandra.Client, address: string) {
    this.client = client;
    this.address = address;
  }

  /** @param address of a running node; without it a node is started, and stopped at the end */
  static async open(address?: string): Promise<Rig> {
    if (address === undefined) {
      await up({ nodes: 1, base: ADDRESS, heapMb: HEAP_MB, quick: true, forgetful: true });
    }
    const client = new cassandra.Client({
      contactPoints: [`${address ?? ADDRESS}:${CQL_PORT}`],
      localDataCenter: DATACENTER,
      credentials: { username: SUPERUSER.user, password: SUPERUSER.password },
    });
    await client.connect();
    const rig = new Rig(client, address ?? ADDRESS);
    const { keyspace } = rig;
    // With one replica, only one of several nodes has a row.
    await client.execute(
      `CREATE KEYSPACE ${keyspace} WITH replication = ` +
        `{'class': 'NetworkTopologyStrategy', '${DATACENTER}': 1}`,
    );
    await client.execute(`CREATE ROLE ${keyspace} WITH PASSWORD = 'secret' AND LOGIN = true`);
    await client.execute(`GRANT MODIFY, SELECT ON KEYSPACE ${keyspace} TO ${keyspace}`);
    return rig;
  }

  async createTable({ name, columns, partitionKey, clusteringKey }: TableSpec): Promise<void> {
    const types = columns.map((column) => `${column.name} ${column.type}`).join(", ");
    const key = `(${[`(${partitionKey.join(", ")})`, ...clusteringKey].join(", ")})`;
    await this.client.execute(
      `CREATE TABLE ${this.keyspace}.${name} (${types}, PRIMARY KEY ${key})`,
    );
  }

  /** @param port of a proxy between the sender and the node */
  async sender(tables: TableSpec[], silenceMs = 30_000, port = CQL_PORT): Promise<ChunkSender> {
    const contactPoints = [`${this.address}:${port}`];
    const connection = { contactPoints, datacenter: DATACENTER, tls: null };
    const open = (user: string) => newTenantClient(connection, { user, password: "secret" });
    const clients = new TenantClients({ open });
    this.#clients.push(clients);
    const sender = await openSender({ clients, keyspace: this.keyspace, tables, silenceMs });
    this.#senders.push(sender);
    return sender;
  }

  async rows(query: string): Promise<cassandra.types.Row[]> {
    const text = query.replace("FROM ", `FROM ${this.keyspace}.`);
    const options = { prepare: true, fetchSize: 100_000, readTimeout: 60_000 };
    return (await this.client.execute(text, [], options)).rows;
  }

  async count(table: string): Promise<number> {
    return Number((await this.rows(`SELECT count(*) AS n FROM ${table}`))[0]!["n"]);
  }

  /** The warnings about large batches in the log of the node of these tests. */
  warnings(): string[] {
    const [place] = places({ nodes: 1, base: this.address });
    return readFileSync(logOf(place!), "utf8").split("\n")
      .filter((line) => /\b(WARN|ERROR) /.test(line) && /batch/i.test(line));
  }

  /** Closes all senders and drops the tables. */
  async clear(): Promise<void> {
    await this.#closeSenders();
    for (const table of ["readings", "all_types"]) {
      await this.client.execute(`DROP TABLE IF EXISTS ${this.keyspace}.${table}`);
    }
    await this.client.execute(`GRANT MODIFY ON KEYSPACE ${this.keyspace} TO ${this.keyspace}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#closeSenders();
    await this.client.execute(`DROP KEYSPACE ${this.keyspace}`);
    await this.client.execute(`DROP ROLE ${this.keyspace}`);
    await this.client.shutdown();
    if (this.address === ADDRESS) await down(ADDRESS, true);
  }

  async #closeSenders(): Promise<void> {
    for (const sender of this.#senders.splice(0)) await sender.close();
    for (const clients of this.#clients.splice(0)) await clients.close();
  }
}

/** A batch of rows, each an array in the order of the columns. */
export function batchOf(spec: TableSpec, rows: Value[][]): Uint8Array {
  return encodeBatch(0, spec, spec.columns.map((_, c) => rows.map((row) => row[c]!)), rows.length);
}
