import { randomUUID } from "node:crypto";
import { Failure } from "../../base/failure.ts";
import type { FileState, RejectView } from "../../protocol/file_view.ts";
import type { FileRecord, Ledger } from "../contract.ts";
import { guarded, isTimeout } from "./errors.ts";
import { Leases } from "./leases.ts";
import { CassandraLedgerReader } from "./ledger_reader.ts";
import {
  fileValues,
  INSERT_FILE,
  INSERT_REJECT,
  recordOf,
  REJECTS_A_PARTITION,
  rejectValues,
  UPDATE_FILE,
} from "./ledger_rows.ts";
import { LOCAL_SERIAL, type Parameter, type Row, type Session } from "./session.ts";

/** Rejects that are on their way at once. */
const REJECTS_IN_FLIGHT = 64;
const LWT_ATTEMPTS = 8;
const LWT_PAUSE_MS = 200;

/** The one answer to an update whose outcome nobody told. */
type Outcome = "applied" | "refused" | "again";

/** The ledger for those who write it: several may, on several machines. */
export class CassandraLedger extends CassandraLedgerReader implements Ledger {
  readonly #leases: Leases;
  readonly #prepare: () => Promise<void>;
  /** The number of each file's next reject, where it is known. */
  readonly #nextReject = new Map<string, number>();

  /** @param prepare makes keyspace and tables where they are missing */
  constructor(session: Session, keyspace: string, leaseMs: number, prepare: () => Promise<void>) {
    super(session, keyspace);
    this.#leases = new Leases(session, keyspace, leaseMs);
    this.#prepare = prepare;
  }

  insert(record: FileRecord): Promise<void> {
    return guarded(`Cannot add file "${record.id}" to the ledger`, async () => {
      await this.#prepare();
      await this.session.run(
        `INSERT INTO ${this.keyspace}.file_tenants (id, tenant) VALUES (?, ?)`,
        [record.id, record.tenant],
      );
      const stamp = randomUUID();
      const values = fileValues(record, this.#leases.ownerOf(record), stamp);
      await this.#transact(inKeyspace(INSERT_FILE, this.keyspace), values, async () => {
        return await this.#serialRow(record) === null ? "again" : "applied";
      });
    });
  }

  async update(record: FileRecord, from: FileState): Promise<void> {
    const stamp = randomUUID();
    const lease = from === "running" ? this.#leases.conditionFor(record.id) : null;
    const values = [...fileValues(record, this.#leases.ownerOf(record), stamp), from];
    const applied = await guarded(
      `Cannot update file "${record.id}" in the ledger`,
      () =>
        this.#transact(
          inKeyspace(UPDATE_FILE, this.keyspace) + (lease?.cql ?? ""),
          [...values, ...lease?.values ?? []],
          async () => {
            const row = await this.#serialRow(record);
            if (row?.["stamp"] === stamp) return "applied";
            return row?.["state"] === from ? "again" : "refused";
          },
        ),
    );
    if (!applied) throw await this.#conflict(record, from);
    this.#leases.moved(record);
  }

  isAbandoned(record: FileRecord): Promise<boolean> {
    return guarded(`Cannot look after file "${record.id}" in the ledger`, async () => {
      const row = await this.#serialRow(record);
      return row?.["state"] !== "running" || this.#leases.isAbandoned(record.id, row);
    });
  }

  addRejects(id: string, rejects: RejectView[]): Promise<void> {
    return guarded(`Cannot keep the rejects of file "${id}"`, async () => {
      await this.#prepare();
      let n = this.#nextReject.get(id) ?? (await this.#countRejects(id));
      const cql = inKeyspace(INSERT_REJECT, this.keyspace);
      for (let at = 0; at < rejects.length; at += REJECTS_IN_FLIGHT) {
        const some = rejects.slice(at, at + REJECTS_IN_FLIGHT);
        const from = n;
        await Promise.all(
          some.map((reject, i) => this.session.run(cql, rejectValues(id, from + i, reject))),
        );
        n += some.length;
      }
      this.#nextReject.set(id, n);
    });
  }

  clearRejects(id: string): Promise<void> {
    return guarded(`Cannot clear the rejects of file "${id}"`, async () => {
      await this.#prepare();
      const count = await this.#countRejects(id);
      for (let part = 0; part * REJECTS_A_PARTITION < count; part++) {
        await this.session.run(
          `DELETE FROM ${this.keyspace}.rejects WHERE file_id = ? AND part = ?`,
          [id, part],
        );
      }
      this.#nextReject.delete(id);
    });
  }

  remove(id: string): Promise<void> {
    return guarded(`Cannot remove file "${id}" from the ledger`, async () => {
      const tenant = await this.tenantOf(id);
      if (tenant === null) return;
      await this.#transact(
        `DELETE FROM ${this.keyspace}.files WHERE tenant = ? AND id = ?
         IF state IN ('ingested', 'refused', 'quarantined')`,
        [tenant, id],
        async () => await this.row(id) === null ? "applied" : "again",
      );
      if (await this.row(id) !== null) return;
      await this.session.run(`DELETE FROM ${this.keyspace}.file_tenants WHERE id = ?`, [id]);
      this.forgetTenant(id);
    });
  }

  pending(): Promise<FileRecord[]> {
    return this.asking([], async () => {
      const found: FileRecord[] = [];
      for (const state of ["received", "queued", "running"] satisfies FileState[]) {
        const query = `SELECT * FROM ${this.keyspace}.files WHERE state = ?`;
        for await (const row of this.session.rows(query, [state])) found.push(recordOf(row));
      }
      return found.sort((a, b) => a.receivedAt - b.receivedAt || (a.id < b.id ? -1 : 1));
    });
  }

  override async close(): Promise<void> {
    await this.#leases.close();
    await super.close();
  }

  /** Rejects are numbered without gaps, so the last one of the last part tells. */
  async #countRejects(id: string): Promise<number> {
    for (let part = 0, count = 0;; part++) {
      const { rows } = await this.session.run(
        `SELECT n FROM ${this.keyspace}.rejects WHERE file_id = ? AND part = ?
         ORDER BY n DESC LIMIT 1`,
        [id, part],
      );
      const last = rows[0]?.["n"] as number | undefined;
      if (last === undefined) return count;
      count = last + 1;
    }
  }

  /**
   * Runs a lightweight transaction to a known end. After a time-out nobody says whether it was
   * applied: `look` finds out by a read that completes what was begun.
   */
  async #transact(
    cql: string,
    values: readonly Parameter[],
    look: () => Promise<Outcome>,
  ): Promise<boolean> {
    for (let attempt = 1;; attempt++) {
      try {
        const result = await this.session.run(cql, values, false);
        // An earlier attempt that timed out may have been applied after it was looked for.
        return result.wasApplied() || (attempt > 1 && await patiently(look) === "applied");
      } catch (thrown) {
        if (!isTimeout(thrown) || attempt === LWT_ATTEMPTS) throw thrown;
      }
      const outcome = await patiently(look);
      if (outcome !== "again") return outcome === "applied";
    }
  }

  /** A file's row as the last transaction left it. */
  async #serialRow({ tenant, id }: FileRecord): Promise<Row | null> {
    const client = await this.session.client();
    const { rows } = await client.execute(
      `SELECT state, owner, beat, stamp FROM ${this.keyspace}.files WHERE tenant = ? AND id = ?`,
      [tenant, id],
      { prepare: true, isIdempotent: true, consistency: LOCAL_SERIAL },
    );
    return rows[0] ?? null;
  }

  async #conflict(record: FileRecord, from: FileState): Promise<Failure> {
    const found = await this.get(record.id);
    return new Failure(
      "internal",
      "ledger-conflict",
      `Cannot move file "${record.id}" from ${from} to ${record.state}: ` +
        (found === null ? "it is not in the ledger" : `it is ${found.state}`),
    );
  }
}

function inKeyspace(cql: string, keyspace: string): string {
  return cql.replace(/^(INSERT INTO|UPDATE) /, `$1 ${keyspace}.`);
}

/** Reads again after a time-out, as many contend for one record at the same moment. */
async function patiently<T>(read: () => Promise<T>): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await read();
    } catch (thrown) {
      if (!isTimeout(thrown) || attempt === LWT_ATTEMPTS) throw thrown;
    }
    const pause = Math.random() * LWT_PAUSE_MS * attempt;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
