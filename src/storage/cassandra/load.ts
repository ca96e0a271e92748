import { Failure } from "../../base/failure.ts";
import type { Load, LoadReceipt } from "../contract.ts";
import { rowsOf } from "../../batch/batch.ts";
import { BadBatch } from "../../batch/batch_bytes.ts";
import { type LoadRecord, type LoadRecords, TIMES_A_GENERATION } from "./load_records.ts";
import { Spool } from "./spool.ts";
import { ChunkEncoder } from "./write/chunk_encoder.ts";
import type { ChunkSender } from "./write/chunk_sender.ts";
import { openSender, type SenderOptions } from "./write/open_sender.ts";

/** Milliseconds between two notes of how far a load has come. */
const NOTE_MS = 1_000;

export interface LoadParts {
  tenant: string;
  fileId: string;
  record: LoadRecord;
  records: LoadRecords;
  /** What the connection needs that rows go through. */
  sender: SenderOptions;
  spoolFolder: string;
  /** Told when the load has ended, whichever way. */
  onEnd: () => void;
  /** Told when rows could not be sent: the tables may be others than they were. */
  onFailure: () => void;
}

/**
 * One attempt to load one file. Cassandra can take nothing back without harm to what lies below, so
 * nothing is sent before the file is known to be good: rows are encoded while they come and wait
 * in a spool. With the commit the decision is written down, then the rows are sent; a process that
 * dies there leaves a load that is gone on with from the first chunk that was not acknowledged.
 */
export class CassandraLoad implements Load {
  readonly #parts: LoadParts;
  readonly #encoder: ChunkEncoder;
  readonly #spool: Spool;
  #written = 0;
  #stamped = 0;
  #failed: unknown = null;
  #ended = false;
  /** Begun with the first rows: logging in and preparing take as long as reading a small file. */
  #sender: Promise<ChunkSender> | null = null;

  constructor(parts: LoadParts) {
    this.#parts = parts;
    this.#encoder = new ChunkEncoder(parts.sender.tables);
    this.#spool = new Spool(parts.spoolFolder);
  }

  async write(batch: Uint8Array): Promise<void> {
    this.#refuseIfOver();
    this.#connect();
    try {
      const chunks = this.#encoder.encode(batch, () => this.#stamp());
      this.#refuseIfOver();
      this.#written += rowsOf(batch);
      for (const chunk of chunks) await this.#spool.add(chunk);
    } catch (thrown) {
      this.#failed ??= thrown instanceof BadBatch
        ? new Failure("refused", thrown.code, thrown.message)
        : thrown;
      throw this.#failed;
    }
  }

  flush(): Promise<{ written: number; replaced: number }> {
    this.#refuseIfOver();
    return Promise.resolve({ written: this.#written, replaced: 0 });
  }

  async commit({ rows, moduleVersion }: LoadReceipt, decided = () => {}): Promise<void> {
    this.#refuseIfOver();
    const { records, record, tenant, fileId } = this.#parts;
    try {
      for (const chunk of this.#encoder.finish(() => this.#stamp())) await this.#spool.add(chunk);
      const decision = { rows, moduleVersion, digest: this.#spool.digest() };
      const from = record.decided?.digest === decision.digest ? record.acknowledged : 0;
      if (from === 0) await records.decide(tenant, fileId, record.generation, decision);
      decided();
      await this.#send(from);
      this.#refuseIfOver();
      await records.commit(tenant, fileId, record.generation);
    } catch (thrown) {
      this.#failed ??= onlyStorage(thrown);
      this.#parts.onFailure();
      throw this.#failed;
    }
    await this.#end();
  }

  async abort(): Promise<void> {
    await this.#end();
  }

  /** The next chunk's write timestamp, in microseconds: later chunks replace the rows of earlier ones. */
  #stamp(): number {
    const { writeTime, generation } = this.#parts.record;
    const offset = Math.min(this.#stamped++, TIMES_A_GENERATION - 1);
    return writeTime + generation * TIMES_A_GENERATION + offset;
  }

  async #send(from: number): Promise<void> {
    if (from >= this.#spool.length) return;
    const sender = await this.#connect();
    const { records, record, tenant, fileId } = this.#parts;
    const progress = new Progress(
      from,
      (chunks) => records.acknowledge(tenant, fileId, record.generation, chunks),
    );
    try {
      for (let index = from; index < this.#spool.length; index++) {
        this.#refuseIfOver();
        const chunk = await this.#spool.get(index);
        await sender.send(chunk, () => progress.acknowledged(index));
      }
      await sender.drain();
    } finally {
      await progress.settled();
    }
  }

  #connect(): Promise<ChunkSender> {
    if (this.#sender) return this.#sender;
    const sender = this.#sender = openSender(this.#parts.sender);
    // Who waits for it hears of it; when its rows are to be sent, it is tried once more.
    sender.catch(() => {
      if (this.#sender === sender) this.#sender = null;
    });
    return sender;
  }

  #refuseIfOver(): void {
    if (this.#failed !== null) throw this.#failed;
    if (this.#ended) {
      throw new Failure("internal", "load-ended", "Cannot use a load: it was ended before");
    }
  }

  async #end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#sender?.then((sender) => sender.close(), () => undefined);
    this.#spool.close();
    this.#parts.onEnd();
  }
}

/** Once it is decided that a file is good, nothing can be its own fault any more. */
function onlyStorage(thrown: unknown): unknown {
  if (!(thrown instanceof Failure) || thrown.kind !== "refused") return thrown;
  const { code, message, hint } = thrown;
  return new Failure("storage", code, message, { ...(hint && { hint }), cause: thrown });
}

/** Notes from time to time how many of the first chunks are acknowledged. */
class Progress {
  readonly #note: (chunks: number) => Promise<void>;
  readonly #early = new Set<number>();
  #first: number;
  #noted: number;
  #notedAt = performance.now();
  #noting: Promise<void> = Promise.resolve();

  constructor(from: number, note: (chunks: number) => Promise<void>) {
    this.#first = this.#noted = from;
    this.#note = note;
  }

  acknowledged(index: number): void {
    this.#early.add(index);
    while (this.#early.delete(this.#first)) this.#first++;
    if (performance.now() - this.#notedAt < NOTE_MS) return;
    this.#notedAt = performance.now();
    this.#noteNow();
  }

  /** What was acknowledged last is noted too: another attempt may have to go on from there. */
  settled(): Promise<void> {
    if (this.#first > this.#noted) this.#noteNow();
    return this.#noting;
  }

  #noteNow(): void {
    const chunks = this.#first;
    this.#noted = chunks;
    // Without the note some rows are sent once more, which changes nothing.
    this.#noting = this.#noting.then(() => this.#note(chunks)).catch(() => undefined);
  }
}
