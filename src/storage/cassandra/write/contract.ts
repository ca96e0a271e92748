import type { TableSpec } from "../../../batch/column.ts";

/**
 * Rows of one or more batches of the sandbox in the form in which they wait to be sent. Until a file
 * is known to be good nothing of it is sent; it lies in memory or in a file of the host.
 */
export interface Chunk {
  bytes: Uint8Array;
  /** Rows of the batches, also those that are not sent because a later one has their key. */
  rows: number;
}

/**
 * Turns batches into chunks while the file is still being read, so that the work of encoding
 * overlaps with parsing. The same batches and timestamps give the same bytes, in any process: a load
 * that was killed is gone on with by another one.
 */
export interface ChunkEncoder {
  /**
   * Checks and encodes one batch (see `src/batch/batch.ts`); called in order, one at a time. Its rows
   * are in one of the chunks that this or a later call gives; chunks of a table come in the order of
   * its batches.
   *
   * All rows of a chunk get one timestamp, so of rows with the same key only the last may go into
   * it: at equal timestamps Cassandra keeps the greater value, not the later one. A null is written
   * as null, or a row that is replaced would keep its old value there.
   *
   * @param stamp asked once for each chunk: microseconds since the epoch, for `USING TIMESTAMP`
   * @throws {BadBatch} when the bytes are anything but a batch for one of the tables
   */
  encode(batch: Uint8Array, stamp: () => number): Promise<Chunk[]>;
  /** Gives the rows that are in no chunk yet. */
  finish(stamp: () => number): Promise<Chunk[]>;
}

/** Sends chunks to one tenant's keyspace. Used by one load, from its commit to its end. */
export interface ChunkSender {
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
  send(chunk: Chunk, acknowledged: () => void): Promise<void>;
  /**
   * Resolves when all that was sent is acknowledged.
   * @throws {Failure} kind `storage`
   */
  drain(): Promise<void>;
  /** Stops sending and lets connections go; again does nothing. */
  close(): Promise<void>;
}

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

/** How the cluster is reached: the storage URL without its user. */
export interface ConnectionSettings {
  /** Each with its port. */
  contactPoints: readonly string[];
  datacenter: string;
  /** PEM texts, the name in certificates, whether they are checked; null for plain connections. */
  tls: { ca?: string; cert?: string; key?: string; name?: string; verify: boolean } | null;
}

/** A way to write rows: the two halves fit each other. */
export interface RowWriter {
  encoder(keyspace: string, tables: readonly TableSpec[]): ChunkEncoder;
  sender(options: SenderOptions): Promise<ChunkSender>;
}
