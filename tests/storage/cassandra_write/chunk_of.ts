import type { ChunkEncoder } from "../../../src/storage/cassandra/write/chunk_encoder.ts";

/** The chunk of the last batch of a load. */
export function chunkOf(
  encoder: ChunkEncoder,
  batch: Uint8Array,
  timestamp: number,
): Uint8Array {
  const stamp = () => timestamp;
  const chunks = [...encoder.encode(batch, stamp), ...encoder.finish(stamp)];
  if (chunks.length !== 1) throw new Error(`one batch gave ${chunks.length} chunks`);
  return chunks[0]!;
}
