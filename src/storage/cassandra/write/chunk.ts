/**
 * The layout of a chunk, big-endian as all of the native protocol. It knows nothing of a connection,
 * so that it may be sent by another process than the one that made it.
 *
 *   u32 magic | u16 table | u16 zero | i64 timestamp in microseconds | u32 requests
 *   request   u16 rows | u16 zero | u32 bytes of its rows
 *   row       u32 length | the count of its values and the values, as they stand in a BATCH
 *
 * @module
 */
import { Failure } from "../../../base/failure.ts";
import type { PlannedRequest } from "./plan.ts";
import type { EncodedRows } from "./row_encoder.ts";

const MAGIC = 0x4351_4c31;
const HEADER_BYTES = 20;
const REQUEST_BYTES = 8;
const LENGTH_BYTES = 4;

/**
 * Rows of one or more batches of the sandbox in the form in which they wait to be sent. Until a file
 * is known to be good nothing of it is sent; it lies in memory or in a file of the host.
 */
export interface Chunk {
  bytes: Uint8Array;
  /** Rows of the batches, also those that are not sent because a later one has their key. */
  rows: number;
}

/** What a chunk says before its requests. */
export interface ChunkHeader {
  /** The table's place in the list that the chunk was made for. */
  table: number;
  timestamp: bigint;
}

/** Rows of a chunk that go out together: each with its length before it. */
export interface ChunkRequest {
  rows: number;
  bytes: Uint8Array;
}

/** Joins encoded rows into a chunk, request by request. */
export function writeChunk(
  { table, timestamp }: ChunkHeader,
  encoded: EncodedRows,
  requests: readonly PlannedRequest[],
): Uint8Array<ArrayBuffer> {
  const { starts } = encoded;
  let size = HEADER_BYTES + requests.length * REQUEST_BYTES;
  for (const { rows } of requests) {
    for (const row of rows) size += LENGTH_BYTES + starts[row + 1]! - starts[row]!;
  }
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC);
  view.setUint16(4, table);
  view.setBigInt64(8, timestamp);
  view.setUint32(16, requests.length);
  let at = HEADER_BYTES;
  for (const { rows } of requests) {
    const begun = at;
    at += REQUEST_BYTES;
    for (const row of rows) {
      const from = starts[row]!;
      const length = starts[row + 1]! - from;
      view.setUint32(at, length);
      bytes.set(encoded.bytes.subarray(from, from + length), at + LENGTH_BYTES);
      at += LENGTH_BYTES + length;
    }
    view.setUint16(begun, rows.length);
    view.setUint32(begun + 4, at - begun - REQUEST_BYTES);
  }
  return bytes;
}

/** Reads a chunk's header. @throws {Failure} `bad-chunk` where the bytes are none */
export function chunkHeader(bytes: Uint8Array): ChunkHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < HEADER_BYTES || view.getUint32(0) !== MAGIC) throw badChunk();
  return { table: view.getUint16(4), timestamp: view.getBigInt64(8) };
}

/** The requests of a chunk; their rows are views. */
export function* chunkRequests(bytes: Uint8Array): Generator<ChunkRequest, void> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = view.getUint32(16);
  let at = HEADER_BYTES;
  for (let i = 0; i < count; i++) {
    if (at + REQUEST_BYTES > bytes.length) throw badChunk();
    const rows = view.getUint16(at);
    const start = at + REQUEST_BYTES;
    at = start + view.getUint32(at + 4);
    if (at > bytes.length) throw badChunk();
    yield { rows, bytes: bytes.subarray(start, at) };
  }
}

/** Calls `visit` with where each row of a request starts and ends, behind its length. */
export function eachRow(
  { bytes }: ChunkRequest,
  visit: (start: number, end: number) => void,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length;) {
    const start = at + LENGTH_BYTES;
    at = start + view.getUint32(at);
    visit(start, at);
  }
}

function badChunk(): Failure {
  return new Failure("internal", "bad-chunk", "Cannot send rows: what was kept of them is damaged");
}
