import type { TableSpec } from "../../../batch/column.ts";
import { viewBatch } from "../../../batch/view_batch.ts";
import { writeChunk } from "./chunk.ts";
import type { Chunk, ChunkEncoder } from "./contract.ts";
import { planRequests } from "./plan.ts";
import { RowEncoder } from "./row_encoder.ts";

/**
 * Encoded bytes that are gathered of tables with a clustering key: the more rows of a partition there
 * are, the closer together lie those that share a request.
 */
const GATHERED_BYTES = 8 << 20;

/** Turns batches into chunks that only have to be addressed and sent. */
export class CqlChunkEncoder implements ChunkEncoder {
  readonly #tables: readonly TableSpec[];
  readonly #encoders: Map<TableSpec, RowEncoder>;
  readonly #gatheredBytes: number;

  /** @param gatheredBytes see above */
  constructor(tables: readonly TableSpec[], gatheredBytes = GATHERED_BYTES) {
    this.#tables = tables;
    this.#encoders = new Map(tables.map((table) => [table, new RowEncoder(table)]));
    this.#gatheredBytes = gatheredBytes;
  }

  // The work is done before the promise is there; what throws has to be a rejection all the same.
  // deno-lint-ignore require-await
  async encode(batch: Uint8Array, stamp: () => number): Promise<Chunk[]> {
    const view = viewBatch(batch, this.#tables);
    const encoder = this.#encoders.get(view.table)!;
    encoder.add(view);
    if (view.table.clusteringKey.length === 0) return [this.#chunkOf(view.table, encoder, stamp)];
    let gathered = 0;
    for (const { length } of this.#encoders.values()) gathered += length;
    return gathered < this.#gatheredBytes ? [] : this.#takeAll(stamp);
  }

  // deno-lint-ignore require-await -- as above
  async finish(stamp: () => number): Promise<Chunk[]> {
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
