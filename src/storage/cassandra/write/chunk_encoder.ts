import type { TableSpec } from "../../../rows/column.ts";
import { viewBatch } from "../../../rows/view_batch.ts";
import { writeChunk } from "./chunk.ts";
import type { Chunk, ChunkEncoder } from "./contract.ts";
import { planRequests } from "./plan.ts";
import { RowEncoder } from "./row_encoder.ts";

/** Turns batches into chunks that only have to be addressed and sent. */
export class CqlChunkEncoder implements ChunkEncoder {
  readonly #tables: readonly TableSpec[];
  readonly #encoders: Map<TableSpec, RowEncoder>;

  constructor(tables: readonly TableSpec[]) {
    this.#tables = tables;
    this.#encoders = new Map(tables.map((table) => [table, new RowEncoder(table)]));
  }

  // The work is done before the promise is there; what throws has to be a rejection all the same.
  // deno-lint-ignore require-await
  async encode(batch: Uint8Array, timestamp: number): Promise<Chunk> {
    const view = viewBatch(batch, this.#tables);
    const encoded = this.#encoders.get(view.table)!.encode(view);
    const requests = planRequests(encoded, view.table);
    const table = this.#tables.indexOf(view.table);
    const bytes = writeChunk({ table, timestamp: BigInt(timestamp) }, encoded, requests);
    return { bytes, rows: view.rows };
  }
}
