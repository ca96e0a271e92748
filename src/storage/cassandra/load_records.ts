import { rowCountsSchema } from "../../protocol/file_view.ts";
import type { LoadReceipt } from "../contract.ts";
import type { Row, Session } from "./session.ts";

/** The timestamps of a load's batches: one microsecond each, so that later rows win. */
export const TIMES_A_GENERATION = 10_000;

/** What is kept of a file's loads. A replay is a new generation. */
export interface LoadRecord {
  generation: number;
  /** Microseconds since the epoch, fixed at the file's first attempt; the same in all generations. */
  writeTime: number;
  /**
   * Set once the file is known to be good: from then on its rows are being written, and it can only
   * end by being ingested with this module version.
   */
  decided: { moduleVersion: string; digest: string; rows: LoadReceipt["rows"] } | null;
  /** So many of the first chunks are acknowledged. */
  acknowledged: number;
  committed: boolean;
}

/**
 * The table `loads`. Only who holds a file's claim writes here; who lost it without knowing writes
 * the same values.
 */
export class LoadRecords {
  readonly #session: Session;
  readonly #table: string;

  constructor(session: Session, keyspace: string) {
    this.#session = session;
    this.#table = `${keyspace}.loads`;
  }

  async latest(tenant: string, fileId: string): Promise<LoadRecord | null> {
    const { rows } = await this.#session.run(
      `SELECT * FROM ${this.#table} WHERE tenant = ? AND file_id = ? LIMIT 1`,
      [tenant, fileId],
    );
    return rows[0] === undefined ? null : recordOf(rows[0]);
  }

  /** The record of the load that is to be done; made with this write time if it is the first. */
  async open(tenant: string, fileId: string, writeTime: number): Promise<LoadRecord> {
    const found = await this.latest(tenant, fileId);
    if (found !== null) return found;
    await this.#insert(tenant, fileId, 0, writeTime);
    return { generation: 0, writeTime, decided: null, acknowledged: 0, committed: false };
  }

  async decide(
    tenant: string,
    fileId: string,
    generation: number,
    { moduleVersion, digest, rows }: NonNullable<LoadRecord["decided"]>,
  ): Promise<void> {
    await this.#session.run(
      `UPDATE ${this.#table} SET module_version = ?, digest = ?, rows = ?, acknowledged = 0
       WHERE tenant = ? AND file_id = ? AND generation = ?`,
      [moduleVersion, digest, JSON.stringify(rows), tenant, fileId, generation],
    );
  }

  async acknowledge(
    tenant: string,
    fileId: string,
    generation: number,
    chunks: number,
  ): Promise<void> {
    await this.#session.run(
      `UPDATE ${this.#table} SET acknowledged = ? WHERE tenant = ? AND file_id = ? AND generation = ?`,
      [chunks, tenant, fileId, generation],
    );
  }

  async commit(tenant: string, fileId: string, generation: number): Promise<void> {
    await this.#session.run(
      `UPDATE ${this.#table} SET committed_at = ? WHERE tenant = ? AND file_id = ? AND generation = ?`,
      [new Date(), tenant, fileId, generation],
    );
  }

  /** Opens the next generation, if the latest one is committed. */
  async forget(tenant: string, fileId: string): Promise<void> {
    const found = await this.latest(tenant, fileId);
    if (!found?.committed) return;
    await this.#insert(tenant, fileId, found.generation + 1, found.writeTime);
  }

  async #insert(tenant: string, fileId: string, generation: number, time: number): Promise<void> {
    await this.#session.run(
      `INSERT INTO ${this.#table} (tenant, file_id, generation, write_time, acknowledged)
       VALUES (?, ?, ?, ?, 0)`,
      [tenant, fileId, generation, BigInt(time)],
    );
  }
}

function recordOf(row: Row): LoadRecord {
  const moduleVersion = row["module_version"] as string | null;
  return {
    generation: row["generation"] as number,
    writeTime: Number(row["write_time"]),
    decided: moduleVersion === null ? null : {
      moduleVersion,
      digest: row["digest"] as string,
      rows: rowCountsSchema.parse(JSON.parse(row["rows"] as string)),
    },
    acknowledged: row["acknowledged"] as number | null ?? 0,
    committed: row["committed_at"] !== null,
  };
}
