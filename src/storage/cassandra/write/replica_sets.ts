import { Buffer } from "node:buffer";
import type { Client } from "cassandra-driver";
import type { TableSpec } from "../../../batch/column.ts";
import { type ChunkRequest, eachRow } from "./chunk.ts";
import { MAX_SHARED_BYTES, MAX_SHARED_PARTITIONS, rowShape, serverSize } from "./server_limits.ts";

/** A request whose rows have the same replicas, and the key that leads to them. */
export interface RoutedRequest {
  request: ChunkRequest;
  /** Null where it does not matter which node is asked. */
  routingKey: Buffer | null;
}

/** Where the partitions of a keyspace are. */
export interface Ring {
  /** The names of the nodes that hold a partition, always in the same order; null where unknown. */
  replicasOf(routingKey: Buffer): readonly string[] | null;
  /** How many nodes there are. */
  readonly size: number;
}

/** The ring as the driver knows it. */
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

/** Partitions with the same replicas, gathered for one request. */
class Gathered {
  readonly key: Buffer;
  readonly #pieces: Uint8Array[] = [];
  #rows = 0;
  #size = 0;

  constructor(key: Buffer) {
    this.key = key;
  }

  fits(size: number): boolean {
    return this.#pieces.length < MAX_SHARED_PARTITIONS && this.#size + size <= MAX_SHARED_BYTES;
  }

  add(piece: Uint8Array, rows: number, size: number): void {
    this.#pieces.push(piece);
    this.#rows += rows;
    this.#size += size;
  }

  take(): RoutedRequest {
    return {
      request: { rows: this.#rows, bytes: Buffer.concat(this.#pieces) },
      routingKey: this.key,
    };
  }
}

/**
 * Gathers the partitions of a chunk by the nodes that hold them, where not every node holds all: a
 * node that has half of a request's rows only has to pass the other half on.
 */
export function* routed(
  requests: Iterable<ChunkRequest>,
  ring: Ring,
  table: TableSpec,
): Generator<RoutedRequest, void> {
  const open = new Map<string, Gathered>();
  const partitionColumns = table.partitionKey.length;
  const shape = rowShape(table);
  let isEverywhere: boolean | null = null;
  for (const request of requests) {
    isEverywhere ??= holdsAll(ring, routingKeyOf(request.bytes, 4, partitionColumns));
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
      let gathered = open.get(set);
      if (gathered !== undefined && !gathered.fits(size)) {
        yield gathered.take();
        gathered = undefined;
      }
      if (gathered === undefined) {
        gathered = new Gathered(key);
        open.set(set, gathered);
      }
      gathered.add(request.bytes.subarray(from, to), rows, size);
    }
  }
  for (const gathered of open.values()) yield gathered.take();
}

/** Whether every node has all partitions; also where nobody knows. */
function holdsAll(ring: Ring, someKey: Buffer): boolean {
  const replicas = ring.replicasOf(someKey);
  return replicas === null || replicas.length === ring.size;
}

/** The runs of rows that lie in one partition, each from before the length of its first row. */
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

/** The bytes from which the cluster computes where the row that starts at `start` is. */
function routingKeyOf(bytes: Uint8Array, start: number, partitionColumns: number): Buffer {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = start + 2;
  if (partitionColumns === 1) return Buffer.from(bytes.slice(at + 4, at + 4 + view.getInt32(at)));
  // Of several columns: for each a length of two bytes, the value, a zero.
  const parts: Uint8Array[] = [];
  for (let c = 0; c < partitionColumns; c++) {
    const length = view.getInt32(at);
    parts.push(Uint8Array.of(length >> 8, length), bytes.subarray(at + 4, at + 4 + length));
    parts.push(Uint8Array.of(0));
    at += 4 + length;
  }
  return Buffer.concat(parts);
}
