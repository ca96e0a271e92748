import type { Chunk, ChunkEncoder } from "../../../src/storage/cassandra/write/contract.ts";

/** The chunk of one batch, with which the load ends. */
export async function chunkOf(
  encoder: ChunkEncoder,
  batch: Uint8Array,
  timestamp: number,
): Promise<Chunk> {
  const stamp = () => timestamp;
  const chunks = [...await encoder.encode(batch, stamp), ...await encoder.finish(stamp)];
  if (chunks.length !== 1) throw new Error(`${chunks.length} chunks of one batch`);
  return chunks[0]!;
}
