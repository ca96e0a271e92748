import { Buffer } from "node:buffer";
import type { Claim } from "./claims.ts";
import type { Session } from "./session.ts";

/** Bytes of a chunk's keys in one row of the table, far below the limit of a mutation. */
const PIECE_BYTES = 512 << 10;
/** Pieces in one page of a result. */
const PAGE_ROWS = 4;
/** Maximum number of unanswered statements. */
const IN_FLIGHT = 8;

/**
 * The table `load_keys`: the keys of all rows of a load that replaces others, by the chunks in which they
 * were sent. They are stored before the first row is sent, so that every row can be removed later.
 */
export class RowKeys {
  readonly #session: Session;
  readonly #table: string;

  constructor(session: Session, keyspace: string) {
    this.#session = session;
    this.#table = `${keyspace}.load_keys`;
  }

  /** @param keysOf returns the keys of a chunk by its number, as a chunk */
  async store(
    { id, chunks }: Claim,
    keysOf: (chunk: number) => Promise<Uint8Array>,
  ): Promise<void> {
    const cql = `INSERT INTO ${this.#table} (claim, chunk, piece, content) VALUES (?, ?, ?, ?)`;
    await eachChunk(chunks, async (chunk) => {
      const keys = await keysOf(chunk);
      for (let at = 0, piece = 0; at < keys.length; at += PIECE_BYTES, piece++) {
        const bytes = Buffer.from(keys.subarray(at, at + PIECE_BYTES));
        await this.#session.run(cql, [id, chunk, piece, bytes]);
      }
    });
  }

  /** The keys of one chunk; null if they were dropped. */
  async get({ id }: Claim, chunk: number): Promise<Uint8Array | null> {
    const pieces: Uint8Array[] = [];
    const query = `SELECT content FROM ${this.#table} WHERE claim = ? AND chunk = ?`;
    for await (const row of this.#session.rows(query, [id, chunk], PAGE_ROWS)) {
      pieces.push(row["content"] as Uint8Array);
    }
    return pieces.length === 0 ? null : Buffer.concat(pieces);
  }

  async drop({ id, chunks }: Claim): Promise<void> {
    const cql = `DELETE FROM ${this.#table} WHERE claim = ? AND chunk = ?`;
    await eachChunk(chunks, async (chunk) => void await this.#session.run(cql, [id, chunk]));
  }
}

/** Runs work for each number below `chunks`, several at a time. */
async function eachChunk(chunks: number, work: (chunk: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, chunks) }, async () => {
    while (next < chunks) await work(next++);
  }));
}
