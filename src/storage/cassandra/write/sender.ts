import type { Buffer } from "node:buffer";
import { Failure } from "../../../base/failure.ts";
import type { TableSpec } from "../../../batch/column.ts";
import { cassandraFailure } from "../errors.ts";
import type { BorrowedClient, TenantClients } from "../tenant_clients.ts";
import { chunkHeader, chunkRequests, singleRows } from "./chunk.ts";
import { batchFrame, type Statements } from "./encoded_request.ts";
import { withKey } from "./refused_row.ts";
import { type Ring, ringOf, routed, type RoutedRequest } from "./replica_sets.ts";
import { type QueuedRequest, RequestQueue } from "./request_queue.ts";
import { prepareFor, type Verb } from "./statement.ts";

export interface SenderOptions {
  clients: TenantClients;
  /** The keyspace, which is also the name of the role: it can write only there. */
  keyspace: string;
  tables: readonly TableSpec[];
  /** The names of the tables that have columns besides those of `tables`. @default none */
  wider?: ReadonlySet<string> | undefined;
  /** What chunks do: write their rows, or delete the rows with their keys. @default "insert" */
  verb?: Verb;
  /** Milliseconds without an acknowledgement after which a sender fails. */
  silenceMs: number;
}

/**
 * Borrows a client of the tenant's role and prepares the statements of its tables.
 * @throws {Failure} kind `storage`
 */
export async function openSender(options: SenderOptions): Promise<ChunkSender> {
  const { clients, keyspace, tables, wider, verb = "insert" } = options;
  for (;;) {
    const borrowed = await clients.borrow(keyspace);
    try {
      const statements = await Promise.all(
        tables.map((table) =>
          prepareFor(verb, borrowed.client, keyspace, table, wider?.has(table.name))
        ),
      );
      return new ChunkSender(borrowed, statements, options);
    } catch (error) {
      await borrowed.giveBack(true);
      // Of a client that was connected before, only a new login shows whether the role still may.
      if (borrowed.isNew) throw cassandraFailure(error, `Cannot write rows of "${keyspace}"`);
    }
  }
}

/** Routes and sends the requests of chunks. Used by one load, from its commit to its end. */
export class ChunkSender {
  readonly #borrowed: BorrowedClient;
  readonly #tables: readonly TableSpec[];
  readonly #statements: readonly Statements[];
  readonly #ring: Ring;
  readonly #queue: RequestQueue;
  #isClosed = false;

  /** @param statements in the order of the tables */
  constructor(
    borrowed: BorrowedClient,
    statements: readonly Statements[],
    options: SenderOptions,
  ) {
    const { keyspace, silenceMs, tables } = options;
    const { client } = borrowed;
    this.#borrowed = borrowed;
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
   * @throws {Failure} kind `storage`; `rows-refused` if the cluster does not accept a row
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
      this.#queue.push(this.#queued(index, timestamp, { request, routingKey }, stored));
      await this.#queue.room();
    }
    stored();
  }

  #queued(
    index: number,
    timestamp: bigint,
    { request, routingKey }: RoutedRequest,
    stored: () => void,
  ): QueuedRequest {
    const table = this.#tables[index]!;
    return {
      frame: batchFrame(this.#statements[index]!, request, timestamp),
      table: table.name,
      routingKey,
      stored,
      rows: () => {
        const rows = singleRows(request);
        let open = rows.length;
        const rowStored = () => {
          if (--open === 0) stored();
        };
        return rows.map((row) =>
          this.#queued(index, timestamp, { request: row, routingKey }, rowStored)
        );
      },
      named: (refusal) => withKey(refusal, request, table),
    };
  }

  /**
   * Resolves when everything is acknowledged.
   * @throws {Failure} like {@link ChunkSender.send}
   */
  async drain(): Promise<void> {
    this.#refuseIfOver();
    await this.#queue.drained();
  }

  /**
   * Reads one row as the tenant's role, at LOCAL_QUORUM.
   * @param key encoded values
   * @returns the values of its columns; null if it does not exist
   */
  async readRow(cql: string, key: readonly Buffer[]): Promise<unknown[] | null> {
    const options = { prepare: true, isIdempotent: true };
    const { rows: [row] } = await this.#borrowed.client.execute(cql, [...key], options);
    return row?.values() ?? null;
  }

  /** Stops sending and gives the client back; can be called twice. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#queue.close();
    await this.#borrowed.giveBack(this.#queue.failure?.kind === "storage");
  }

  #refuseIfOver(): void {
    if (this.#queue.failure !== null) throw this.#queue.failure;
    if (!this.#isClosed) return;
    throw new Failure("internal", "sender-closed", "Cannot send rows: the sender was closed");
  }
}
