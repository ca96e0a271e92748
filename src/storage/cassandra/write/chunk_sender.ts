import type { Client } from "cassandra-driver";
import { Failure } from "../../../base/failure.ts";
import type { TableSpec } from "../../../batch/column.ts";
import { chunkHeader, chunkRequests } from "./chunk.ts";
import type { Chunk, ChunkSender } from "./contract.ts";
import { batchFrame } from "./encoded_request.ts";
import { type Ring, ringOf, routed } from "./replica_sets.ts";
import { RequestQueue } from "./request_queue.ts";

/** What the sender knows of a table. */
export interface Target {
  table: TableSpec;
  /** The id of its prepared INSERT. */
  statement: Uint8Array;
}

/** Addresses the requests of chunks and sends them. */
export class CqlChunkSender implements ChunkSender {
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

  async drain(): Promise<void> {
    this.#refuseIfOver();
    await this.#queue.drained();
  }

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
