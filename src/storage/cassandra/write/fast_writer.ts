import { CqlChunkEncoder } from "./chunk_encoder.ts";
import type { RowWriter } from "./contract.ts";
import { openSender } from "./open_sender.ts";

/** Rows as frames of the native protocol, encoded beforehand. */
export const fastWriter: RowWriter = {
  encoder: (_keyspace, tables) => new CqlChunkEncoder(tables),
  sender: openSender,
};
