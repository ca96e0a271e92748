import { Failure } from "../../base/failure.ts";
import type { TableSpec } from "../../batch/column.ts";
import type { Refusal } from "./load_records.ts";
import { RowRemover } from "./row_remover.ts";
import type { SenderOptions } from "./write/sender.ts";

/** The keys of the rows that a load has written, or would have. */
export interface WrittenKeys {
  tables: readonly TableSpec[];
  chunks: number;
  /** The keys of a chunk, with its timestamp; null if they were dropped. */
  get(chunk: number): Promise<Uint8Array | null>;
}

/**
 * Deletes rows at the timestamps with which they were written. Can be repeated.
 *
 * @param chunks how many from the first on may have been sent
 * @throws {Failure} kind `storage`
 */
export async function removeWritten(
  written: WrittenKeys,
  chunks: number,
  options: SenderOptions,
  storedKeys: ReadonlyMap<string, string>,
  refuseIfOver: () => void,
): Promise<void> {
  await using remover = await RowRemover.open([written], options, storedKeys);
  for (let chunk = 0; chunk < Math.min(chunks, written.chunks); chunk++) {
    refuseIfOver();
    await remover.remove(written, await written.get(chunk), () => {});
  }
  await remover.drain();
}

/**
 * The failure of a load whose rows were removed.
 *
 * @param read the number of records that the file has
 * @param isWhole false if the rows of an earlier attempt are unknown
 */
export function removedFailure(refusal: Refusal, read: number, isWhole: boolean): Failure {
  const { code, message, hint } = refusal;
  const removed = isWhole
    ? "All rows of this file were removed again"
    : "The rows of this file were removed again, but its module returned others the first time, " +
      "which may remain";
  const text = `${message}. ${removed}. Earlier rows with the same keys do not come back: ` +
    "replay their files to restore them";
  return new Failure("refused", code, text, { ...(hint && { hint }), details: { read } });
}
