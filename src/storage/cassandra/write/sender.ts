import { type Client, types } from "cassandra-driver";
import { Failure } from "../../../base/failure.ts";
import type { TableSpec } from "../../../batch/column.ts";
import { newClient } from "../session.ts";
import type { ConnectionSettings } from "../settings.ts";
import { chunkHeader, chunkRequests } from "./chunk.ts";
import { batchFrame, PROTOCOL_VERSION } from "./encoded_request.ts";
import { type Ring, ringOf, routed } from "./replica_sets.ts";
import { RequestQueue } from "./request_queue.ts";
import { prepareFor, type Verb } from "./statement.ts";

/** Connections to each node: one can be written to while the other is read. */
const CONNECTIONS = 2;

export interface SenderOptions {
  connection: ConnectionSettings;
  /** The keyspace, which is also the name of the role. */
  keyspace: string;
  /** The password of the tenant's role, which can write only in its keyspace. */
  password: string;
  tables: readonly TableSpec[];
  /** What chunks do: write their rows, or delete the rows with their keys. @default "insert" */
  verb?: Verb;
  /** Milliseconds without an acknowledgement after which a sender fails. */
  silenceMs: number;
}

/**
 * Connects as the tenant's role and prepares the statements of its tables.
 * @throws {Failure} kind `storage`
 */
export async function openSender(options: SenderOptions): Promise<ChunkSender> {
  const { connection, keyspace, password, tables, verb = "insert" } = options;
  const client = await newClient(connection, { user: keyspace, password }, {
    pooling: { coreConnectionsPerHost: { [types.distance.local]: CONNECTIONS } },
    protocolOptions: { maxVersion: PROTOCOL_VERSION },
  });
  try {
    await client.connect();
    const statements = await Promise.all(
      tables.map((table) => prepareFor(verb, client, keyspace, table)),
    );
    return new ChunkSender(client, statements, options);
  } catch (error) {
    await client.shutdown();
    throw error;
  }
}

/** Routes and sends the requests of chunks. Used by one load, from its commit to its end. */
export class ChunkSender {
  readonly #client: Client;
  readonly #tables: readonly TableSpec[];
  readonly #statements: readonly Uint8Array[];
  readonly #ring: Ring;
  readonly #queue: RequestQueue;
  #isClosed = false;

  /** @param statements the ids of the prepared statements, in the order of the tables */
  constructor(client: Client, statements: readonly Uint8Array[], options: SenderOptions) {
    const { keyspace, silenceMs, tables } = options;
    this.#client = client;
    this.#tables = tables;
    this.#statements = statements;
    this.#ring = ringOf(client, keyspace);
    this.#queue = new RequestQueue({ client, silenceMs, keyspace });
  }

  /**
   * Sends a chunk. Resolves when there is room for the next one: the bytes in flight are limited, and
   * concurrency adapts to latency and overload.
   *
   * Requests are repeated after timeouts, overload and missing replicas, because they are idempotent.
   * When no request has succeeded for `silenceMs`, this call and all later ones throw.
   *
   * @param acknowledged called once when all rows of this chunk are acknowledged at LOCAL_QUORUM
   * @param shift is added to the chunk's timestamp, in microseconds
   * @throws {Failure} kind `storage`
   */
  async send(chunk: Uint8Array, acknowledged: () => void, shift = 0): Promise<void> {
    this.#refuseIfOver();
    const { table: index, timestamp: encoded } = chunkHeader(chunk);
    const timestamp = encoded + BigInt(shift);
    const table = this.#tables[index]!;
    // One more than the requests so far, until the last one is in the queue.
    let open = 1;
    const stored = () => {
      if (--open === 0) acknowledged();
    };
    for (const { request, routingKey } of routed(chunkRequests(chunk), this.#ring, table)) {
      open++;
      const frame = batchFrame(this.#statements[index]!, request, timestamp);
      this.#queue.push({ frame, table: table.name, routingKey, stored });
      await this.#queue.room();
    }
    stored();
  }

  /**
   * Resolves when everything is acknowledged.
   * @throws {Failure} kind `storage`
   */
  async drain(): Promise<void> {
    this.#refuseIfOver();
    await this.#queue.drained();
  }

  /** Stops sending and closes the connections; can be called twice. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#queue.close();
    await this.#client.shutdown();
  }

  #refuseIfOver(): void {
    if (this.#queue.failure !== null) throw this.#queue.failure;
    if (!this.#isClosed) return;
    throw new Failure("internal", "sender-closed", "Cannot send rows: the sender was closed");
  }
}
