import { Failure } from "../../base/failure.ts";
import type { Load, LoadReceipt, LoadResult } from "../contract.ts";
import { rowsOf } from "../../batch/batch.ts";
import { BadBatch } from "../../batch/batch_bytes.ts";
import { loadEnded } from "../failures.ts";
import { type LoadRecord, type LoadRecords, TIMES_A_GENERATION } from "./load_records.ts";
import type { Replacement } from "./replacement.ts";
import { Spool } from "./spool.ts";
import { ChunkEncoder } from "./write/chunk_encoder.ts";
import { type ChunkSender, openSender, type SenderOptions } from "./write/sender.ts";

/** Minimum milliseconds between two writes of a load's progress. */
const PROGRESS_MS = 1_000;

export interface LoadDeps {
  record: LoadRecord;
  records: LoadRecords;
  /** Null if the rows do not replace those of earlier versions. */
  replacement: Replacement | null;
  sender: SenderOptions;
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
 * another one resumes the load at the first chunk that was not acknowledged.
 */
export class CassandraLoad implements Load {
  readonly #deps: LoadDeps;
  readonly #encoder: ChunkEncoder;
  readonly #spool: Spool;
  #written = 0;
  #stamped = 0;
  #failed: unknown = null;
  #ended = false;
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
      this.#failed ??= error instanceof BadBatch
        ? new Failure("refused", error.code, error.message)
        : error;
      throw this.#failed;
    }
  }

  flush(): Promise<number> {
    this.#refuseIfOver();
    return Promise.resolve(this.#written);
  }

  async commit({ rows, moduleVersion }: LoadResult, decided = () => {}): Promise<LoadReceipt> {
    this.#refuseIfOver();
    const { records, record, replacement, onFailure } = this.#deps;
    let isDecided = false;
    try {
      for (const chunk of this.#encoder.finish(() => this.#stamp())) await this.#spool.add(chunk);
      const digest = replacement === null
        ? this.#spool.digest()
        : await replacement.claim(this.#spool, () => this.#refuseIfOver());
      const from = record.decided?.digest === digest ? record.acknowledged : 0;
      if (from === 0) {
        await records.decide(record, { rows, moduleVersion, digest }, replacement?.name ?? null);
      }
      isDecided = true;
      decided();
      await this.#send(from);
      this.#refuseIfOver();
      await replacement?.checkHeld();
      await records.commit(record, replacement?.replacedFiles ?? []);
    } catch (error) {
      this.#failed ??= isDecided ? storageFailureOf(error) : error;
      onFailure();
      throw this.#failed;
    }
    // If this fails, the next version does it.
    await replacement?.finish().catch(() => undefined);
    await this.abort();
    return { rows, moduleVersion, replacedFiles: replacement?.replacedFiles ?? [] };
  }

  async abort(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#sender?.then((sender) => sender.close(), () => undefined);
    this.#spool.close();
    this.#deps.onEnd();
  }

  /** The next chunk's write timestamp, in microseconds: later chunks replace the rows of earlier ones. */
  #stamp(): number {
    const { writeTime, generation } = this.#deps.record;
    const offset = Math.min(this.#stamped++, TIMES_A_GENERATION - 1);
    return writeTime + generation * TIMES_A_GENERATION + offset;
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
    } finally {
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

  #refuseIfOver(): void {
    if (this.#failed !== null) throw this.#failed;
    if (this.#ended) throw loadEnded();
  }
}

/** After the decision that a file is good, no failure can be the file's fault. */
function storageFailureOf(error: unknown): unknown {
  if (!(error instanceof Failure) || error.kind !== "refused") return error;
  const { code, message, hint } = error;
  return new Failure("storage", code, message, { ...(hint && { hint }), cause: error });
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
    this.#storeNow();
  }

  /** Stores the last acknowledgements too, so that another attempt can resume there. */
  settled(): Promise<void> {
    if (this.#first > this.#stored) this.#storeNow();
    return this.#storing;
  }

  #storeNow(): void {
    const chunks = this.#first;
    this.#stored = chunks;
    // If this fails, a resumed load sends some rows again, which changes nothing.
    this.#storing = this.#storing.then(() => this.#store(chunks)).catch(() => undefined);
  }
}
