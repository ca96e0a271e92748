import { Buffer } from "node:buffer";
import type { Client } from "cassandra-driver";
import type { TableSpec } from "../../../batch/column.ts";
import { type ChunkRequest, eachRow } from "./chunk.ts";
import { MAX_SHARED_BYTES, MAX_SHARED_PARTITIONS, rowShape, serverSize } from "./server_limits.ts";

/** A request whose rows have the same replicas. */
export interface RoutedRequest {
  request: ChunkRequest;
  /** The key that selects the node; null if all nodes have the rows. */
  routingKey: Buffer | null;
}

/** The replicas of the partitions of a keyspace. */
export interface Ring {
  /** The addresses of the nodes that have a partition, sorted; null if unknown. */
  replicasOf(routingKey: Buffer): readonly string[] | null;
  /** The number of nodes. */
  readonly size: number;
}

/** The ring according to the driver. */
export function ringOf(client: Client, keyspace: string): Ring {
  return {
    replicasOf(routingKey) {
      const hosts = client.getReplicas(keyspace, routingKey) as
        | ReturnType<Client["getReplicas"]>
        | null;
      return hosts === null || hosts.length === 0 ? null : hosts.map((host) => host.address).sort();
    },
    get size() {
      return client.hosts.length;
    },
  };
}

/** Partitions with the same replicas that share a request. */
interface Shared {
  /** The key of the first partition. */
  key: Buffer;
  pieces: Uint8Array[];
  rows: number;
  /** In the server. */
  size: number;
}

/**
 * Groups the partitions of a chunk by their replicas, unless every node has all partitions: a node would
 * have to forward the rows of a request that it does not have.
 */
export function* routed(
  requests: Iterable<ChunkRequest>,
  ring: Ring,
  table: TableSpec,
): Generator<RoutedRequest, void> {
  const open = new Map<string, Shared>();
  const partitionColumns = table.partitionKey.length;
  const shape = rowShape(table);
  let isEverywhere: boolean | null = null;
  for (const request of requests) {
    isEverywhere ??= isFullyReplicated(ring, routingKeyOf(request.bytes, 4, partitionColumns));
    if (isEverywhere) {
      yield { request, routingKey: null };
      continue;
    }
    const partitions = partitionsOf(request, partitionColumns);
    if (partitions.length === 1) {
      yield { request, routingKey: partitions[0]!.key };
      continue;
    }
    for (const { key, rows, from, to } of partitions) {
      const set = (ring.replicasOf(key) ?? []).join();
      const size = serverSize(to - from, rows, shape);
      let shared = open.get(set);
      if (
        shared === undefined || shared.pieces.length === MAX_SHARED_PARTITIONS ||
        shared.size + size > MAX_SHARED_BYTES
      ) {
        if (shared) yield routedRequest(shared);
        shared = { key, pieces: [], rows: 0, size: 0 };
        open.set(set, shared);
      }
      shared.pieces.push(request.bytes.subarray(from, to));
      shared.rows += rows;
      shared.size += size;
    }
  }
  for (const shared of open.values()) yield routedRequest(shared);
}

function routedRequest({ key, pieces, rows }: Shared): RoutedRequest {
  return { request: { rows, bytes: Buffer.concat(pieces) }, routingKey: key };
}

/** Whether every node has all partitions; true if the replicas are unknown. */
function isFullyReplicated(ring: Ring, someKey: Buffer): boolean {
  const replicas = ring.replicasOf(someKey);
  return replicas === null || replicas.length === ring.size;
}

/** The consecutive rows of each partition, from the length of the first row on. */
function partitionsOf(request: ChunkRequest, partitionColumns: number) {
  const found: { key: Buffer; rows: number; from: number; to: number }[] = [];
  eachRow(request, (start, end) => {
    const key = routingKeyOf(request.bytes, start, partitionColumns);
    let last = found.at(-1);
    if (last === undefined || !key.equals(last.key)) {
      last = { key, rows: 0, from: start - 4, to: end };
      found.push(last);
    }
    last.rows++;
    last.to = end;
  });
  return found;
}

/** The partition key of the row at `start`, in the form from which its token is computed. */
function routingKeyOf(bytes: Uint8Array, start: number, partitionColumns: number): Buffer {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = start + 2;
  if (partitionColumns === 1) return Buffer.from(bytes.slice(at + 4, at + 4 + view.getInt32(at)));
  // With several columns, each has a length of two bytes, the value and a zero.
  const parts: Uint8Array[] = [];
  for (let c = 0; c < partitionColumns; c++) {
    const length = view.getInt32(at);
    parts.push(Uint8Array.of(length >> 8, length), bytes.subarray(at + 4, at + 4 + length));
    parts.push(Uint8Array.of(0));
    at += 4 + length;
  }
  return Buffer.concat(parts);
}
