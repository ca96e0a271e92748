import { type Client, types } from "cassandra-driver";
import { newClient } from "../session.ts";
import type { TableSpec } from "../../../batch/column.ts";
import type { ConnectionSettings } from "../settings.ts";
import { ChunkSender, type Target } from "./chunk_sender.ts";
import { PROTOCOL_VERSION } from "./encoded_request.ts";
import { keyFirst } from "./row_encoder.ts";
import { prepareInsert } from "./statement.ts";

/** One is what a node can be fed by; two keep it fed while one of them is read from. */
const CONNECTIONS = 2;
/** Nodes of the datacenter that the client is in. */
const LOCAL = types.distance.local;

/** What a sender needs to know. */
export interface SenderOptions {
  connection: ConnectionSettings;
  /** The keyspace, which is also the name of the role. */
  keyspace: string;
  /** Of the tenant's role, which may write in its own keyspace only. */
  password: string;
  tables: readonly TableSpec[];
  /** Milliseconds without any acknowledgement after which a sender gives up. */
  patienceMs: number;
}

/**
 * Connects as the tenant's role and prepares the statements of its tables.
 * @throws {Failure} kind `storage`
 */
export async function openSender(options: SenderOptions): Promise<ChunkSender> {
  const { keyspace, tables, patienceMs } = options;
  const client = await tenantClient(options);
  try {
    await client.connect();
    const targets = await Promise.all(tables.map(async (table): Promise<Target> => ({
      table,
      statement: await prepareInsert(client, keyspace, table, keyFirst(table)),
    })));
    return new ChunkSender(client, targets, { keyspace, patienceMs });
  } catch (thrown) {
    await client.shutdown();
    throw thrown;
  }
}

function tenantClient({ connection, keyspace, password }: SenderOptions): Promise<Client> {
  return newClient(connection, { user: keyspace, password }, {
    pooling: { coreConnectionsPerHost: { [LOCAL]: CONNECTIONS } },
    protocolOptions: { maxVersion: PROTOCOL_VERSION },
  });
}
