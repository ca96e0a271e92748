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

const HEADER_BYTES = 9;
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

/**
 * Returns the frame of an unlogged batch.
 *
 * @param statement the id of the prepared statement
 * @param timestamp microseconds since the epoch, for all rows
 */
export function batchFrame(
  statement: Uint8Array,
  request: ChunkRequest,
  timestamp: bigint,
): Uint8Array {
  const { bytes, rows } = request;
  const before = 3 + statement.length;
  const frame = new Uint8Array(frameSize(request, statement.length));
  const view = new DataView(frame.buffer);
  frame[0] = PROTOCOL_VERSION;
  frame[4] = BATCH;
  view.setUint32(5, frame.length - HEADER_BYTES);
  frame[HEADER_BYTES] = UNLOGGED;
  view.setUint16(HEADER_BYTES + 1, rows);
  let at = HEADER_BYTES + 3;
  eachRow(request, (start, end) => {
    frame[at] = PREPARED;
    view.setUint16(at + 1, statement.length);
    frame.set(statement, at + 3);
    frame.set(bytes.subarray(start, end), at + before);
    at += before + end - start;
  });
  view.setUint16(at, localQuorum);
  frame[at + 2] = WITH_TIMESTAMP;
  view.setBigInt64(at + 3, timestamp);
  return frame;
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
