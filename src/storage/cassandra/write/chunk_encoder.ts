import type { TableSpec } from "../../../batch/column.ts";
import { viewBatch } from "../../../batch/view_batch.ts";
import { type Chunk, writeChunk } from "./chunk.ts";
import { planRequests } from "./plan.ts";
import { RowEncoder } from "./row_encoder.ts";

/**
 * Encoded bytes that are gathered of tables with a clustering key: the more rows of a partition there
 * are, the closer together lie those that share a request.
 */
const GATHERED_BYTES = 8 << 20;

/**
 * Turns batches into chunks that only have to be addressed and sent, so that the work of encoding
 * overlaps with parsing. The same batches and timestamps give the same bytes, in any process: a load
 * that was killed is resumed by another one.
 */
export class ChunkEncoder {
  readonly #tables: readonly TableSpec[];
  readonly #encoders: Map<TableSpec, RowEncoder>;
  readonly #gatheredBytes: number;

  /** @param gatheredBytes see above */
  constructor(tables: readonly TableSpec[], gatheredBytes = GATHERED_BYTES) {
    this.#tables = tables;
    this.#encoders = new Map(tables.map((table) => [table, new RowEncoder(table)]));
    this.#gatheredBytes = gatheredBytes;
  }

  /**
   * Checks and encodes one batch (see `src/batch/batch.ts`); called in order, one at a time. Its rows
   * are in one of the chunks that this or a later call gives; chunks of a table come in the order of
   * its batches.
   *
   * All rows of a chunk get one timestamp, so of rows with the same key only the last may go into
   * it: at equal timestamps Cassandra keeps the greater value, not the later one. A null is written
   * as null, or a row that is replaced would keep its old value there.
   *
   * @param stamp asked once for each chunk: microseconds since the epoch, for `USING TIMESTAMP`
   * @throws {BadBatch} when the bytes are anything but a batch for one of the tables
   */
  encode(batch: Uint8Array, stamp: () => number): Chunk[] {
    const view = viewBatch(batch, this.#tables);
    const encoder = this.#encoders.get(view.table)!;
    encoder.add(view);
    if (view.table.clusteringKey.length === 0) return [this.#chunkOf(view.table, encoder, stamp)];
    let gathered = 0;
    for (const { length } of this.#encoders.values()) gathered += length;
    return gathered < this.#gatheredBytes ? [] : this.#takeAll(stamp);
  }

  /** Gives the rows that are in no chunk yet. */
  finish(stamp: () => number): Chunk[] {
    return this.#takeAll(stamp);
  }

  #takeAll(stamp: () => number): Chunk[] {
    return [...this.#encoders].filter(([, { length }]) => length > 0)
      .map(([table, encoder]) => this.#chunkOf(table, encoder, stamp));
  }

  #chunkOf(table: TableSpec, encoder: RowEncoder, stamp: () => number): Chunk {
    const encoded = encoder.take();
    const header = { table: this.#tables.indexOf(table), timestamp: BigInt(stamp()) };
    const bytes = writeChunk(header, encoded, planRequests(encoded, table));
    return { bytes, rows: encoded.rows };
  }
}
