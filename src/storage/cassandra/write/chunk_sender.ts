import type { Client } from "cassandra-driver";
import { Failure } from "../../../base/failure.ts";
import type { TableSpec } from "../../../batch/column.ts";
import { type Chunk, chunkHeader, chunkRequests } from "./chunk.ts";
import { batchFrame } from "./encoded_request.ts";
import { type Ring, ringOf, routed } from "./replica_sets.ts";
import { RequestQueue } from "./request_queue.ts";

/** What the sender knows of a table. */
export interface Target {
  table: TableSpec;
  /** The id of its prepared INSERT. */
  statement: Uint8Array;
}

/** Addresses the requests of chunks and sends them. Used by one load, from its commit to its end. */
export class ChunkSender {
  readonly #client: Client;
  readonly #targets: readonly Target[];
  readonly #ring: Ring;
  readonly #queue: RequestQueue;
  #isClosed = false;

  /** @param targets in the order of the tables that the chunks were made for */
  constructor(
    client: Client,
    targets: readonly Target[],
    { keyspace, patienceMs }: { keyspace: string; patienceMs: number },
  ) {
    this.#client = client;
    this.#targets = targets;
    this.#ring = ringOf(client, keyspace);
    this.#queue = new RequestQueue({ client, patienceMs, keyspace });
  }

  /**
   * Takes a chunk and resolves when there is room for the next: what is in flight is bounded in
   * bytes, and concurrency adapts to latency and to overload.
   *
   * Time-outs, overload and missing replicas are tried again, for all that is written is
   * idempotent; when that has lasted longer than `patienceMs`, this and every later call throw.
   *
   * @param acknowledged called once when every row of this chunk is acknowledged at LOCAL_QUORUM
   * @throws {Failure} kind `storage`
   */
  async send({ bytes }: Chunk, acknowledged: () => void): Promise<void> {
    this.#refuseIfOver();
    const { table: index, timestamp } = chunkHeader(bytes);
    const { table, statement } = this.#targets[index]!;
    // One more than there are, until all are known.
    let open = 1;
    const stored = () => {
      if (--open === 0) acknowledged();
    };
    for (const { request, routingKey } of routed(chunkRequests(bytes), this.#ring, table)) {
      open++;
      const frame = batchFrame(statement, request, timestamp);
      this.#queue.push({ frame, table: table.name, routingKey, stored });
      await this.#queue.room();
    }
    stored();
  }

  /**
   * Resolves when all that was sent is acknowledged.
   * @throws {Failure} kind `storage`
   */
  async drain(): Promise<void> {
    this.#refuseIfOver();
    await this.#queue.drained();
  }

  /** Stops sending and lets connections go; again does nothing. */
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
