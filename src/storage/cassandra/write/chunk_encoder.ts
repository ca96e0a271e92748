import type { TableSpec } from "../../../batch/column.ts";
import { viewBatch } from "../../../batch/view_batch.ts";
import { writeChunk } from "./chunk.ts";
import { planRequests } from "./plan.ts";
import { RowEncoder } from "./row_encoder.ts";

/**
 * Bytes to collect before the rows of tables with a clustering key become a chunk. With more rows of a
 * partition, those in one request are closer together.
 */
const COLLECTED_BYTES = 8 << 20;

/**
 * Encodes batches into chunks, which then only have to be routed and sent, so that encoding overlaps
 * with parsing. The same batches and timestamps give the same bytes in any process: another one can
 * resume a load whose process was killed.
 */
export class ChunkEncoder {
  readonly #tables: readonly TableSpec[];
  readonly #encoders: Map<TableSpec, RowEncoder>;
  readonly #collectedBytes: number;

  constructor(tables: readonly TableSpec[], collectedBytes = COLLECTED_BYTES) {
    this.#tables = tables;
    this.#encoders = new Map(tables.map((table) => [table, new RowEncoder(table)]));
    this.#collectedBytes = collectedBytes;
  }

  /**
   * Checks and encodes one batch (see `src/batch/batch.ts`); call it in order. Its rows are in one of
   * the chunks that this or a later call returns. Chunks of a table are in the order of its batches.
   *
   * All rows of a chunk have the same timestamp, so of rows with the same key it has only the last one,
   * or the merged one: at equal timestamps Cassandra keeps the greater value, not the later one.
   *
   * @param stamp called once for each chunk; returns microseconds since the epoch
   * @throws {BadBatch} if the bytes are not a batch for one of the tables
   */
  encode(batch: Uint8Array, stamp: () => number): Uint8Array[] {
    const view = viewBatch(batch, this.#tables);
    const encoder = this.#encoders.get(view.table)!;
    encoder.add(view);
    if (view.table.clusteringKey.length === 0) return [this.#chunkOf(view.table, encoder, stamp)];
    let collected = 0;
    for (const { length } of this.#encoders.values()) collected += length;
    return collected < this.#collectedBytes ? [] : this.finish(stamp);
  }

  /** Returns the chunks of the rows that are in no chunk yet. */
  finish(stamp: () => number): Uint8Array[] {
    return [...this.#encoders].filter(([, { length }]) => length > 0)
      .map(([table, encoder]) => this.#chunkOf(table, encoder, stamp));
  }

  #chunkOf(table: TableSpec, encoder: RowEncoder, stamp: () => number): Uint8Array {
    const encoded = encoder.take();
    const header = { table: this.#tables.indexOf(table), timestamp: BigInt(stamp()) };
    return writeChunk(header, encoded, planRequests(encoded, table));
  }
}
