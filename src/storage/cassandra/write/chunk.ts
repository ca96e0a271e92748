/**
 * The layout of a chunk: encoded rows of one or more batches that wait to be sent. It is big-endian,
 * like the native protocol. It does not depend on a connection, so any process can send it.
 *
 *   u32 magic | u16 table | u16 zero | i64 timestamp in microseconds | u32 requests
 *   request   u16 rows | u16 zero | u32 bytes of its rows
 *   row       u32 length | the count of its values and the values, as in a BATCH
 *
 * @module
 */
import { Failure } from "../../../base/failure.ts";
import type { PlannedRequest } from "./plan.ts";
import type { EncodedRows } from "./encoded_rows.ts";

const MAGIC = 0x4351_4c31;
const HEADER_BYTES = 20;
const REQUEST_BYTES = 8;
const LENGTH_BYTES = 4;

/** The header of a chunk, before its requests. */
export interface ChunkHeader {
  /** The index of the table in the list of the encoder. */
  table: number;
  timestamp: bigint;
}

/** Rows of a chunk that are sent together, each after its length. */
export interface ChunkRequest {
  rows: number;
  bytes: Uint8Array;
}

/** Copies encoded rows into a chunk, request by request. */
export function writeChunk(
  header: ChunkHeader,
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
  writeHeader(view, header, requests.length);
  let at = HEADER_BYTES;
  for (const { rows } of requests) {
    const start = at;
    at += REQUEST_BYTES;
    for (const row of rows) {
      const from = starts[row]!;
      const length = starts[row + 1]! - from;
      view.setUint32(at, length);
      bytes.set(encoded.bytes.subarray(from, from + length), at + LENGTH_BYTES);
      at += LENGTH_BYTES + length;
    }
    view.setUint16(start, rows.length);
    view.setUint32(start + 4, at - start - REQUEST_BYTES);
  }
  return bytes;
}

/** Makes a chunk of requests that have their bytes. */
export function joinRequests(
  { table, timestamp }: ChunkHeader,
  requests: readonly ChunkRequest[],
): Uint8Array<ArrayBuffer> {
  const size = requests.reduce(
    (sum, { bytes }) => sum + REQUEST_BYTES + bytes.length,
    HEADER_BYTES,
  );
  const joined = new Uint8Array(size);
  const view = new DataView(joined.buffer);
  writeHeader(view, { table, timestamp }, requests.length);
  let at = HEADER_BYTES;
  for (const { rows, bytes } of requests) {
    view.setUint16(at, rows);
    view.setUint32(at + 4, bytes.length);
    joined.set(bytes, at + REQUEST_BYTES);
    at += REQUEST_BYTES + bytes.length;
  }
  return joined;
}

/** Reads a chunk's header. @throws {Failure} `bad-chunk` if the bytes are not a chunk */
export function chunkHeader(bytes: Uint8Array): ChunkHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < HEADER_BYTES || view.getUint32(0) !== MAGIC) throw badChunk();
  return { table: view.getUint16(4), timestamp: view.getBigInt64(8) };
}

/** The number of requests of a chunk. */
export function requestCount(chunk: Uint8Array): number {
  return new DataView(chunk.buffer, chunk.byteOffset, chunk.length).getUint32(16);
}

/** The requests of a chunk; their rows are views. */
export function* chunkRequests(bytes: Uint8Array): Generator<ChunkRequest, void> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = requestCount(bytes);
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

/** Calls `visit` with the start and the end of each row of a request, without its length. */
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

/** The rows of a request in requests of their own; their bytes are views. */
export function singleRows(request: ChunkRequest): ChunkRequest[] {
  const single: ChunkRequest[] = [];
  eachRow(request, (start, end) => {
    single.push({ rows: 1, bytes: request.bytes.subarray(start - LENGTH_BYTES, end) });
  });
  return single;
}

function writeHeader(view: DataView, { table, timestamp }: ChunkHeader, requests: number): void {
  view.setUint32(0, MAGIC);
  view.setUint16(4, table);
  view.setBigInt64(8, timestamp);
  view.setUint32(16, requests);
}

function badChunk(): Failure {
  return new Failure("internal", "bad-chunk", "Cannot send rows: their chunk is damaged");
}
