/**
 * Requests that are encoded before the driver sees them.
 *
 * `Client.batch` copies each value into two buffers and joins them all again. With it, loads of
 * 1,000,000 rows were 1.32 times slower with one row in each partition, and 1.40 times slower in 8
 * partitions. The driver can send any request object that writes itself, so rows are encoded directly
 * as frames of the native protocol, version 4. The driver still does the rest: connections,
 * authentication, TLS, stream ids, choice of a node, timeouts, and preparing statements again.
 *
 * @module
 */
import { types } from "cassandra-driver";
import type { Client, QueryOptions } from "cassandra-driver";
// @ts-types="./driver/execution_options.d.ts"
import executionOptions from "cassandra-driver/lib/execution-options.js";
// @ts-types="./driver/prepare_handler.d.ts"
import prepareHandler from "cassandra-driver/lib/prepare-handler.js";
// @ts-types="./driver/request_handler.d.ts"
import requestHandler from "cassandra-driver/lib/request-handler.js";
// @ts-types="./driver/requests.d.ts"
import requests from "cassandra-driver/lib/requests.js";
import { Failure } from "../../../base/failure.ts";
import type { Prepared, PreparedStatements } from "./driver/prepare_handler.d.ts";
import { PROTOCOL_VERSION } from "../session.ts";
import { type ChunkRequest, eachRow } from "./chunk.ts";
import { keyEnd } from "./key_chunk.ts";
import { COUNT_BYTES, REPLACES } from "./encoded_rows.ts";

const HEADER_BYTES = 9;
const TIMESTAMP_BYTES = 8;
const BATCH = 0x0d;
const UNLOGGED = 1;
const PREPARED = 1;
const WITH_TIMESTAMP = 0x20;
const { localQuorum } = types.consistencies;

/** A BATCH request; it can be sent several times. */
export class EncodedRequest extends requests.Request {
  readonly #frame: Uint8Array;

  constructor(frame: Uint8Array) {
    super();
    this.#frame = frame;
    this.length = frame.length - HEADER_BYTES;
    this.consistency = localQuorum;
  }

  override write({ protocolVersion }: { protocolVersion: number }, streamId: number): Uint8Array {
    if (protocolVersion !== PROTOCOL_VERSION) throw otherProtocol(protocolVersion);
    this.#frame[2] = streamId >> 8;
    this.#frame[3] = streamId;
    return this.#frame;
  }

  override clone(): EncodedRequest {
    return new EncodedRequest(this.#frame.slice());
  }
}

function otherProtocol(version: number): Failure {
  return new Failure(
    "storage",
    "storage-protocol",
    `Cannot write rows: the cluster uses version ${version} of the native protocol, not 4`,
    { hint: "Use Apache Cassandra, whose versions from 2.2 on support version 4." },
  );
}

/** The prepared statements for the rows of a table. */
export interface Statements {
  /** The id of the statement that takes the values of a row. */
  row: Uint8Array;
  /** Null if an earlier row with the same key stays where the new one has no value. */
  deletion: Deletion | null;
}

/** The statement that deletes an earlier row. It takes a timestamp, then the key. */
export interface Deletion {
  id: Uint8Array;
  keyColumns: number;
  /** Whether it is needed before each row; otherwise only before those with {@link REPLACES}. */
  forAll: boolean;
}

/**
 * Returns the frame of an unlogged batch. An earlier row is deleted a microsecond before the new one is
 * written: reads do not count that as a tombstone, as long as the new row is there.
 *
 * @param timestamp microseconds since the epoch, for all rows
 */
export function batchFrame(
  { row, deletion }: Statements,
  request: ChunkRequest,
  timestamp: bigint,
): Uint8Array {
  const { bytes, rows } = request;
  const values = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const deletions = deletion === null ? NO_DELETIONS : deletionsOf(request, deletion, values);
  const frame = new Uint8Array(frameSize(request, row.length) + deletions.bytes);
  const view = new DataView(frame.buffer);
  frame[0] = PROTOCOL_VERSION;
  frame[4] = BATCH;
  view.setUint32(5, frame.length - HEADER_BYTES);
  frame[HEADER_BYTES] = UNLOGGED;
  view.setUint16(HEADER_BYTES + 1, rows + deletions.keyEnds.size);
  let at = HEADER_BYTES + 3;
  const copy = (from: Uint8Array) => {
    frame.set(from, at);
    at += from.length;
  };
  const statement = (id: Uint8Array, count: number) => {
    frame[at] = PREPARED;
    view.setUint16(at + 1, id.length);
    at += 3;
    copy(id);
    view.setUint16(at, count);
    at += COUNT_BYTES;
  };
  eachRow(request, (start, end) => {
    const first = start + COUNT_BYTES;
    const keyEnd = deletions.keyEnds.get(start);
    // Next to its row: the node gets both in the order of the keys, and need not sort them.
    if (keyEnd !== undefined) {
      statement(deletion!.id, 1 + deletion!.keyColumns);
      view.setUint32(at, TIMESTAMP_BYTES);
      view.setBigInt64(at + 4, timestamp - 1n);
      at += 4 + TIMESTAMP_BYTES;
      copy(bytes.subarray(first, keyEnd));
    }
    statement(row, values.getUint16(start) & ~REPLACES);
    copy(bytes.subarray(first, end));
  });
  view.setUint16(at, localQuorum);
  frame[at + 2] = WITH_TIMESTAMP;
  view.setBigInt64(at + 3, timestamp);
  return frame;
}

/** The rows of a request before which an earlier row is deleted. */
interface Deletions {
  /** By the start of the row: where its key ends. */
  keyEnds: ReadonlyMap<number, number>;
  /** The bytes that they take in the frame. */
  bytes: number;
}

const NO_DELETIONS: Deletions = { keyEnds: new Map(), bytes: 0 };

function deletionsOf(
  request: ChunkRequest,
  { id, keyColumns, forAll }: Deletion,
  values: DataView,
): Deletions {
  const keyEnds = new Map<number, number>();
  let bytes = 0;
  eachRow(request, (start) => {
    if (!forAll && (values.getUint16(start) & REPLACES) === 0) return;
    const end = keyEnd(values, start, keyColumns);
    keyEnds.set(start, end);
    bytes += 3 + id.length + 4 + TIMESTAMP_BYTES + end - start;
  });
  return { keyEnds, bytes };
}

/** In a frame, three bytes and the statement's id precede a row; in a chunk, its length of four bytes. */
function frameSize({ bytes, rows }: ChunkRequest, idBytes: number): number {
  return HEADER_BYTES + 3 + bytes.length + rows * (idBytes + 3 - 4) + 2 + 1 + 8;
}

/** Sends a request. The driver can repeat it, because it writes the same rows again. */
export function sendEncoded(
  client: Client,
  request: EncodedRequest,
  options: Pick<QueryOptions, "retry" | "routingKey" | "keyspace">,
): Promise<types.ResultSet> {
  const execution = executionOptions.DefaultExecutionOptions.create({
    ...options,
    consistency: localQuorum,
    isIdempotent: true,
  }, client);
  return requestHandler.send(request, execution, client);
}

/**
 * Prepares a statement. It is kept in the driver's cache, so that the driver can prepare it on other nodes,
 * but always requested anew: the table may have changed since an earlier load of this client.
 */
export function prepare(client: Client, query: string): Promise<Prepared> {
  const metadata = client.metadata as unknown as PreparedStatements;
  metadata.getPreparedInfo(client.keyspace, query).queryId = null;
  const execution = executionOptions.DefaultExecutionOptions.create({ prepare: true }, client);
  return prepareHandler.getPrepared(
    client,
    execution.getLoadBalancingPolicy(),
    query,
    client.keyspace,
  );
}
