/**
 * Chunks that have only the keys of rows: the same layout as `chunk.ts`, to delete the rows that a chunk
 * has written.
 *
 * @module
 */
import type { TableSpec } from "../../../batch/column.ts";
import { keyOf } from "../../table_rules.ts";
import {
  type ChunkHeader,
  chunkHeader,
  type ChunkRequest,
  chunkRequests,
  eachRow,
  joinRequests,
} from "./chunk.ts";
import { COUNT_BYTES } from "./encoded_rows.ts";

const LENGTH_BYTES = 4;

/**
 * Returns the keys of a chunk's rows.
 * @param shift is added to the chunk's timestamp, in microseconds
 */
export function keysOf(chunk: Uint8Array, tables: readonly TableSpec[], shift: number): Uint8Array {
  const { table, timestamp } = chunkHeader(chunk);
  const columns = keyOf(tables[table]!).length;
  const requests = Array.from(chunkRequests(chunk), (request): ChunkRequest => {
    const bytes = new Uint8Array(request.bytes.length);
    const from = new DataView(request.bytes.buffer, request.bytes.byteOffset);
    const to = new DataView(bytes.buffer);
    let at = 0;
    eachRow(request, (start) => {
      const end = keyEnd(from, start, columns);
      to.setUint32(at, end - start);
      bytes.set(request.bytes.subarray(start, end), at + LENGTH_BYTES);
      to.setUint16(at + LENGTH_BYTES, columns);
      at += LENGTH_BYTES + end - start;
    });
    return { rows: request.rows, bytes: bytes.subarray(0, at) };
  });
  return joinRequests({ table, timestamp: timestamp + BigInt(shift) }, requests);
}

/** Calls `visit` with the bytes of each row's key, without the count of its values. */
export function eachKey(
  chunk: Uint8Array,
  columns: number,
  visit: (bytes: Uint8Array, start: number, end: number) => void,
): void {
  for (const request of chunkRequests(chunk)) {
    const view = new DataView(request.bytes.buffer, request.bytes.byteOffset);
    eachRow(request, (start) => {
      visit(request.bytes, start + COUNT_BYTES, keyEnd(view, start, columns));
    });
  }
}

/**
 * Returns a chunk of keys with another header, without the keys for which `drops` is true; null if it
 * is empty.
 */
export function remainingKeys(
  keys: Uint8Array,
  header: ChunkHeader,
  drops: (bytes: Uint8Array, start: number, end: number) => boolean,
): Uint8Array | null {
  const requests: ChunkRequest[] = [];
  for (const request of chunkRequests(keys)) {
    const kept: Uint8Array[] = [];
    eachRow(request, (start, end) => {
      if (drops(request.bytes, start + COUNT_BYTES, end)) return;
      kept.push(request.bytes.subarray(start - LENGTH_BYTES, end));
    });
    if (kept.length > 0) requests.push({ rows: kept.length, bytes: joined(kept) });
  }
  return requests.length === 0 ? null : joinRequests(header, requests);
}

/** Where the key of the row at `start` ends: after its first values. */
export function keyEnd(view: DataView, start: number, columns: number): number {
  let at = start + COUNT_BYTES;
  for (let c = 0; c < columns; c++) at += LENGTH_BYTES + Math.max(0, view.getInt32(at));
  return at;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
