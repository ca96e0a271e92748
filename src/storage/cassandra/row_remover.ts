import type { TableSpec } from "../../batch/column.ts";
import { keyOf } from "../table_rules.ts";
import type { Spool } from "./spool.ts";
import { keyText } from "./tables.ts";
import { chunkHeader } from "./write/chunk.ts";
import { eachKey, remainingKeys } from "./write/key_chunk.ts";
import { KeySet } from "./write/key_set.ts";
import { type ChunkSender, openSender, type SenderOptions } from "./write/sender.ts";

/** Bytes of keys that are compared. Rows beyond them are deleted although newer ones have their keys. */
const COMPARED_BYTES = 64 << 20;

/** Rows by the tables of their chunks. */
interface Written {
  tables: readonly TableSpec[];
}

/** Deletes rows by their keys, except those that a new load has written again. */
export class RowRemover implements AsyncDisposable {
  readonly #sender: ChunkSender;
  /** The tables to delete from. */
  readonly #tables: readonly TableSpec[];
  readonly #loaded: readonly TableSpec[];
  /** The keys of the new load by table; deleting their rows again would only cost tombstones. */
  readonly #kept = new Map<string, KeySet>();

  private constructor(
    sender: ChunkSender,
    tables: readonly TableSpec[],
    loaded: readonly TableSpec[],
  ) {
    this.#sender = sender;
    this.#tables = tables;
    this.#loaded = loaded;
  }

  /**
   * @param claims the tables of the rows
   * @param options of the new load
   * @param storedKeys the keys of the tenant's tables now: a table that was dropped, or made again with
   *   another key, has no rows of these claims
   * @throws {Failure} kind `storage`
   */
  static async open(
    claims: readonly Written[],
    options: SenderOptions,
    storedKeys: ReadonlyMap<string, string>,
  ): Promise<RowRemover> {
    const tables = new Map<string, TableSpec>();
    for (const table of claims.flatMap((claim) => claim.tables)) {
      if (storedKeys.get(table.name) === keyText(table)) tables.set(table.name, keyColumns(table));
    }
    const list = [...tables.values()];
    const sender = await openSender({ ...options, tables: list, verb: "delete" });
    return new RowRemover(sender, list, options.tables);
  }

  /** Keeps the rows of a load. */
  async keep(spool: Spool): Promise<void> {
    for (let index = 0; index < spool.length; index++) {
      const chunk = await spool.get(index);
      const table = this.#loaded[chunkHeader(chunk).table]!;
      const kept = this.#kept.get(table.name) ?? new KeySet(COMPARED_BYTES / this.#loaded.length);
      this.#kept.set(table.name, kept);
      eachKey(chunk, keyOf(table).length, (bytes, start, end) => kept.add(bytes, start, end));
    }
  }

  /** Deletes the rows of a chunk. @param keys null if they were dropped, which is done last */
  async remove(
    claim: Written,
    keys: Uint8Array | null,
    acknowledged: () => void,
  ): Promise<void> {
    const remaining = keys && this.#remaining(claim, keys);
    if (remaining === null) acknowledged();
    else await this.#sender.send(remaining, acknowledged);
  }

  async drain(): Promise<void> {
    await this.#sender.drain();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sender.close();
  }

  #remaining(claim: Written, keys: Uint8Array): Uint8Array | null {
    const { table: index, timestamp } = chunkHeader(keys);
    const written = claim.tables[index]!;
    const table = this.#tables.findIndex(({ name }) => name === written.name);
    if (table === -1) return null;
    const kept = this.#overwrites(written) ? this.#kept.get(written.name) : undefined;
    const isKept = (bytes: Uint8Array, start: number, end: number) =>
      kept?.has(bytes, start, end) ?? false;
    return remainingKeys(keys, { table, timestamp }, isKept);
  }

  /** Whether a new row leaves no value of an old one: it has all of its columns. */
  #overwrites({ name, columns }: TableSpec): boolean {
    const now = this.#loaded.find((table) => table.name === name)?.columns ?? [];
    return columns.every((column) => now.some((each) => each.name === column.name));
  }
}

/** A table with the columns of its key only. */
function keyColumns(table: TableSpec): TableSpec {
  const key = keyOf(table);
  return { ...table, columns: table.columns.filter(({ name }) => key.includes(name)) };
}
