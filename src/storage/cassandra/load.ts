import { Failure } from "../../base/failure.ts";
import type { Load, LoadReceipt, LoadResult, ReadBack } from "../contract.ts";
import { rowsOf } from "../../batch/batch.ts";
import { BadBatch } from "../../batch/batch_bytes.ts";
import { loadEnded } from "../failures.ts";
import { cassandraFailure, isRefusedRow } from "./errors.ts";
import {
  type LoadRecord,
  type LoadRecords,
  ownTime,
  type Refusal,
  TIMES_A_GENERATION,
} from "./load_records.ts";
import { readBack } from "./read_back.ts";
import type { Replacement } from "./replacement.ts";
import { Spool } from "./spool.ts";
import { areSameTables, type TableEpochs } from "./table_epochs.ts";
import { removedFailure, removeWritten, type WrittenKeys } from "./undo.ts";
import { requestCount } from "./write/chunk.ts";
import { ChunkEncoder } from "./write/chunk_encoder.ts";
import { keysOf } from "./write/key_chunk.ts";
import { type ChunkSender, openSender, type SenderOptions } from "./write/sender.ts";

/** Minimum milliseconds between two writes of a load's progress. */
const PROGRESS_MS = 1_000;

export interface LoadDeps {
  record: LoadRecord;
  records: LoadRecords;
  /** Null if the rows do not replace those of earlier versions. */
  replacement: Replacement | null;
  sender: SenderOptions;
  /** The epochs of the tables now. */
  epochs: () => Promise<TableEpochs>;
  /** The keys of the tenant's tables, as `keyText` writes them. */
  storedKeys: () => Promise<ReadonlyMap<string, string>>;
  spoolFolder: string;
  /** Bytes of its disk that stay free. */
  reserveBytes: number;
  /** Called at the end of the load, successful or not. */
  onEnd: () => void;
  /** Called if rows could not be sent: the tables may have changed. */
  onFailure: () => void;
}

/**
 * One attempt to load one file. Cassandra cannot roll back writes without harm to older rows, so
 * nothing is sent before the file is known to be good: rows are encoded as they come and wait in a
 * spool. The commit first stores the decision, then sends the rows. If the process dies in between,
 * another one resumes the load at the first chunk that was not acknowledged. If the cluster refuses a
 * row, that is stored too, and from then on the load can only remove what it has written.
 */
export class CassandraLoad implements Load {
  readonly #deps: LoadDeps;
  readonly #encoder: ChunkEncoder;
  readonly #spool: Spool;
  #written = 0;
  #stamped = 0;
  /** How many chunks from the first on may have been sent. */
  #sent = 0;
  #failed: Failure | null = null;
  #ended = false;
  #aborting: Promise<void> | null = null;
  /** Opened with the first rows: to log in and prepare takes as long as to read a small file. */
  #sender: Promise<ChunkSender> | null = null;

  constructor(deps: LoadDeps) {
    this.#deps = deps;
    this.#encoder = new ChunkEncoder(deps.sender.tables);
    this.#spool = new Spool(deps.spoolFolder, deps.reserveBytes);
  }

  async write(batch: Uint8Array): Promise<void> {
    this.#refuseIfOver();
    this.#connect();
    try {
      const chunks = this.#encoder.encode(batch, () => this.#stamp());
      this.#written += rowsOf(batch);
      for (const chunk of chunks) await this.#spool.add(chunk);
    } catch (error) {
      throw this.#failed ??= this.#failureOf(error);
    }
  }

  flush(): Promise<number> {
    this.#refuseIfOver();
    return Promise.resolve(this.#written);
  }

  async commit(
    result: LoadResult,
    decided = () => {},
  ): Promise<LoadReceipt & { readBack?: ReadBack }> {
    this.#refuseIfOver();
    const { records, record, replacement, onFailure } = this.#deps;
    let isDecided = false;
    try {
      for (const chunk of this.#encoder.finish(() => this.#stamp())) await this.#spool.add(chunk);
      if (record.refused !== null) throw await this.#undo(record.refused, result);
      await this.#decideAndSend(result, () => {
        isDecided = true;
        decided();
      });
      this.#refuseIfOver();
      await replacement?.checkHeld();
      await records.commit(record, replacement?.replacedFiles ?? []);
    } catch (error) {
      this.#failed ??= isDecided && isRefusedRow(error)
        ? await this.#refused(error as Failure, result)
        : this.#failureOf(error);
      onFailure();
      throw this.#failed;
    }
    // If this fails, the next version does it.
    await replacement?.finish().catch(() => undefined);
    const read = record.replay && await this.#readBack().catch(() => null);
    await this.abort();
    const receipt = { ...result, replacedFiles: replacement?.replacedFiles ?? [] };
    return { ...receipt, ...(read && { readBack: read }) };
  }

  /** Later changes, such as deletes, may hide the rows of a replay. */
  async #readBack(): Promise<ReadBack> {
    const { sender, replacement } = this.#deps;
    const connected = await this.#connect();
    return await readBack(
      this.#spool,
      replacement?.shift ?? 0,
      sender,
      (cql, key) => connected.readRow(cql, key),
    );
  }

  abort(): Promise<void> {
    this.#ended = true;
    return this.#aborting ??= this.#close();
  }

  async #close(): Promise<void> {
    await this.#sender?.then((sender) => sender.close(), () => undefined);
    this.#spool.close();
    this.#deps.onEnd();
  }

  /** The next chunk's write timestamp, in microseconds: later chunks replace the rows of earlier ones. */
  #stamp(): number {
    const offset = Math.min(this.#stamped++, TIMES_A_GENERATION - 1);
    return ownTime(this.#deps.record) + offset;
  }

  /** Sends again from the first row if a table loses rows meanwhile. */
  async #decideAndSend(result: LoadResult, decided: () => void): Promise<void> {
    const { records, record, replacement } = this.#deps;
    const name = replacement?.name ?? null;
    const digest = replacement === null
      ? this.#spool.digest()
      : await replacement.claim(this.#spool, () => this.#refuseIfOver());
    const decide = (epochs: TableEpochs | null) =>
      records.decide(record, { ...result, digest, epochs }, name);
    if (await this.#isOneRequest()) {
      await decide(null);
      decided();
      return await this.#send(0);
    }
    let before = await this.#deps.epochs();
    const earlier = record.decided;
    const isSame = earlier?.digest === digest && earlier.epochs !== null &&
      areSameTables(earlier.epochs, before);
    const from = isSame ? record.acknowledged : 0;
    if (from === 0) await decide(before);
    decided();
    await this.#send(from);
    for (;;) {
      const after = await this.#deps.epochs();
      if (areSameTables(before, after)) return;
      await decide(before = after);
      await this.#send(0);
    }
  }

  /** With one request, all rows are acknowledged or none, so a table cannot lose some in between. */
  async #isOneRequest(): Promise<boolean> {
    if (this.#spool.length > 1) return false;
    return this.#spool.length === 0 || requestCount(await this.#spool.get(0)) === 1;
  }

  /** Removes the rows of a load that the cluster has refused. @returns the failure of the load */
  async #refused({ code, message, hint }: Failure, result: LoadResult): Promise<Failure> {
    const { records, record } = this.#deps;
    // How far an earlier attempt came is not known.
    const chunks = record.decided === null ? this.#sent : this.#spool.length;
    const refusal: Refusal = { code, message, ...(hint && { hint }), chunks };
    try {
      await records.refuse(record, refusal);
      return await this.#undo(refusal, result);
    } catch (error) {
      return isRefusedRow(error) ? storageFailureOf(error as Failure) : this.#failureOf(error);
    }
  }

  /**
   * Removes all rows that the load has written, and opens the next generation. Can be repeated.
   * @throws {Failure} kind `storage`
   */
  async #undo(refusal: Refusal, { rows }: LoadResult): Promise<Failure> {
    const { records, record, replacement, sender, storedKeys } = this.#deps;
    // This waits for the answers to all requests.
    await this.#sender?.then((open) => open.close(), () => undefined);
    const claimed = await replacement?.written() ?? null;
    const isKnown = claimed !== null || record.decided === null ||
      record.decided.digest === this.#spool.digest();
    const written: WrittenKeys = claimed ?? {
      tables: sender.tables,
      chunks: this.#spool.length,
      get: async (chunk) => keysOf(await this.#spool.get(chunk), sender.tables, 0),
    };
    const keys = await storedKeys();
    await removeWritten(written, refusal.chunks, sender, keys, () => this.#refuseIfOver());
    await replacement?.dropWritten();
    await records.openNext(record);
    return removedFailure(refusal, rows.read, isKnown);
  }

  async #send(from: number): Promise<void> {
    const { records, record, replacement } = this.#deps;
    const progress = new Progress(from, (chunks) => records.acknowledge(record, chunks));
    try {
      await this.#sendRows(from, progress);
      const rows = this.#spool.length;
      await replacement?.removeEarlier(
        Math.max(0, from - rows),
        this.#spool,
        (step) => progress.acknowledged(rows + step),
        () => this.#refuseIfOver(),
      );
    } catch (error) {
      progress.store();
      throw error;
    } finally {
      // Not stored at the end of a load that succeeds: the commit follows.
      await progress.settled();
    }
  }

  async #sendRows(from: number, progress: Progress): Promise<void> {
    if (from >= this.#spool.length) return;
    const sender = await this.#connect();
    const shift = this.#deps.replacement?.shift;
    for (let index = from; index < this.#spool.length; index++) {
      this.#refuseIfOver();
      const bytes = await this.#spool.get(index);
      this.#sent = Math.max(this.#sent, index + 1);
      await sender.send(bytes, () => progress.acknowledged(index), shift);
    }
    await sender.drain();
  }

  #connect(): Promise<ChunkSender> {
    if (this.#sender) return this.#sender;
    const sender = this.#sender = openSender(this.#deps.sender);
    // Callers that wait for it get the failure; the commit connects once more.
    sender.catch(() => {
      if (this.#sender === sender) this.#sender = null;
    });
    return sender;
  }

  #failureOf(error: unknown): Failure {
    const { fileId } = this.#deps.record;
    return error instanceof BadBatch
      ? new Failure("refused", error.code, error.message)
      : cassandraFailure(error, `Cannot load file "${fileId}"`);
  }

  #refuseIfOver(): void {
    if (this.#failed !== null) throw this.#failed;
    if (this.#ended) throw loadEnded();
  }
}

/** Rows that the cluster does not let go are no fault of the file. */
function storageFailureOf({ code, message, hint, cause }: Failure): Failure {
  return new Failure("storage", code, message, { ...(hint && { hint }), cause });
}

/** Stores from time to time how many chunks from the first on are acknowledged. */
class Progress {
  readonly #store: (chunks: number) => Promise<void>;
  /** Acknowledged chunks that follow one that is not. */
  readonly #early = new Set<number>();
  #first: number;
  #stored: number;
  #storedAt = performance.now();
  #storing: Promise<void> = Promise.resolve();

  constructor(from: number, store: (chunks: number) => Promise<void>) {
    this.#first = this.#stored = from;
    this.#store = store;
  }

  acknowledged(index: number): void {
    this.#early.add(index);
    while (this.#early.delete(this.#first)) this.#first++;
    if (performance.now() - this.#storedAt < PROGRESS_MS) return;
    this.#storedAt = performance.now();
    this.store();
  }

  /** Resolves when nothing is being stored. */
  settled(): Promise<void> {
    return this.#storing;
  }

  /** Stores the acknowledgements until now, so that another attempt can resume there. */
  store(): void {
    const chunks = this.#first;
    if (chunks === this.#stored) return;
    this.#stored = chunks;
    // If this fails, a resumed load sends some rows again, which changes nothing.
    this.#storing = this.#storing.then(() => this.#store(chunks)).catch(() => undefined);
  }
}
