import { randomUUID } from "node:crypto";
import type { FileState, RejectView } from "../../protocol/file_view.ts";
import type { FileRecord, Ledger } from "../contract.ts";
import { ledgerConflict } from "../failures.ts";
import { guarded } from "./errors.ts";
import { Leases } from "./leases.ts";
import { CassandraLedgerReader } from "./ledger_reader.ts";
import {
  fileColumns,
  insertReject,
  recordOf,
  REJECTS_A_PARTITION,
  rejectValues,
} from "./ledger_rows.ts";
import type { Row, Session } from "./session.ts";
import { transact } from "./transaction.ts";

/** Maximum number of unanswered inserts of rejects. */
const REJECTS_IN_FLIGHT = 64;

/** The ledger for `manage`: several processes on several machines can write. */
export class CassandraLedger extends CassandraLedgerReader implements Ledger {
  readonly #leases: Leases;
  readonly #prepare: () => Promise<void>;
  /** The number of each file's next reject, if it is known. */
  readonly #nextReject = new Map<string, number>();

  /** @param prepare creates keyspace and tables if they are missing */
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
      const columns = fileColumns(record, this.#leases.ownerOf(record), randomUUID());
      const names = Object.keys(columns);
      await transact(
        this.session,
        `INSERT INTO ${this.keyspace}.files (${names.join(", ")})
         VALUES (${names.map(() => "?").join(", ")}) IF NOT EXISTS`,
        Object.values(columns),
        async () => await this.#serialRow(record) === null ? "again" : "applied",
      );
    });
  }

  async update(record: FileRecord, from: FileState): Promise<void> {
    const stamp = randomUUID();
    const lease = from === "running" ? this.#leases.conditionFor(record.id) : null;
    const owner = this.#leases.ownerOf(record);
    const { tenant, id, ...columns } = fileColumns(record, owner, stamp);
    const set = Object.keys(columns).map((name) => `${name} = ?`).join(", ");
    const applied = await guarded(
      `Cannot update file "${record.id}" in the ledger`,
      () =>
        transact(
          this.session,
          `UPDATE ${this.keyspace}.files SET ${set}
           WHERE tenant = ? AND id = ? IF state = ?${lease?.cql ?? ""}`,
          [...Object.values(columns), tenant!, id!, from, ...lease?.values ?? []],
          async () => {
            const row = await this.#serialRow(record);
            if (row?.["stamp"] === stamp) return "applied";
            return row?.["state"] === from ? "again" : "refused";
          },
        ),
    );
    if (!applied) throw ledgerConflict(record, from, await this.get(record.id));
    this.#leases.moved(record);
  }

  isAbandoned(record: FileRecord): Promise<boolean> {
    return guarded(`Cannot check the lease of file "${record.id}" in the ledger`, async () => {
      const row = await this.#serialRow(record);
      return row?.["state"] !== "running" || this.#leases.isAbandoned(record.id, row);
    });
  }

  addRejects(id: string, rejects: RejectView[]): Promise<void> {
    return guarded(`Cannot store the rejects of file "${id}"`, async () => {
      await this.#prepare();
      let n = this.#nextReject.get(id) ?? (await this.#countRejects(id));
      const cql = insertReject(this.keyspace);
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

  markReplaced(tenant: string, ids: readonly string[], by: string): Promise<void> {
    return guarded(`Cannot mark the files that "${by}" replaced in the ledger`, async () => {
      for (const id of ids) {
        await transact(
          this.session,
          `UPDATE ${this.keyspace}.files SET replaced_by = ? WHERE tenant = ? AND id = ? IF EXISTS`,
          [by, tenant, id],
          async () => (await this.row(id))?.["replaced_by"] === by ? "applied" : "again",
        );
      }
    });
  }

  remove(id: string): Promise<void> {
    return guarded(`Cannot remove file "${id}" from the ledger`, async () => {
      const tenant = await this.tenantOf(id);
      if (tenant === null) return;
      await transact(
        this.session,
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
    return this.reading([], async () => {
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

  /** Rejects are numbered without gaps, so the last number in the last part is enough. */
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

  /** A file's row after the last transaction. */
  async #serialRow({ tenant, id }: FileRecord): Promise<Row | null> {
    const { rows } = await this.session.serial(
      `SELECT state, owner, beat, stamp FROM ${this.keyspace}.files WHERE tenant = ? AND id = ?`,
      [tenant, id],
    );
    return rows[0] ?? null;
  }
}
