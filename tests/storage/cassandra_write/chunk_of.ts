import type { Chunk } from "../../../src/storage/cassandra/write/chunk.ts";
import type { ChunkEncoder } from "../../../src/storage/cassandra/write/chunk_encoder.ts";

/** The chunk of one batch, with which the load ends. */
export function chunkOf(
  encoder: ChunkEncoder,
  batch: Uint8Array,
  timestamp: number,
): Chunk {
  const stamp = () => timestamp;
  const chunks = [...encoder.encode(batch, stamp), ...encoder.finish(stamp)];
  if (chunks.length !== 1) throw new Error(`${chunks.length} chunks of one batch`);
  return chunks[0]!;
}
