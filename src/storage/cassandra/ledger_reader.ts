import type { RejectView } from "../../protocol/file_view.ts";
import type {
  FileCount,
  FileQuery,
  FileRecord,
  LedgerReader,
  LoadStates,
  StoredRows,
} from "../contract.ts";
import { conditionsOf, DEFAULT_LIMIT, rejectOf } from "../ledger_columns.ts";
import { Cached } from "./cached.ts";
import { guarded, isInvalid } from "./errors.ts";
import { recordOf, REJECTS_A_PARTITION, stateOf } from "./ledger_rows.ts";
import { LoadRecords } from "./load_records.ts";
import { hasEnded } from "./owner.ts";
import type { Row, Session } from "./session.ts";

/** Maximum number of file ids whose tenant is cached. */
const CACHED_TENANTS = 20_000;

/** All queries on the ledger. It is empty if it does not exist. */
export class CassandraLedgerReader implements LedgerReader, StoredRows, LoadStates {
  protected readonly session: Session;
  protected readonly keyspace: string;
  readonly #tenants = new Map<string, string>();
  readonly #counts = new Cached(() => this.#count());

  constructor(session: Session, keyspace: string) {
    this.session = session;
    this.keyspace = keyspace;
  }

  get(id: string): Promise<FileRecord | null> {
    return this.reading(null, async () => {
      const row = await this.row(id);
      return row === null ? null : recordOf(row);
    });
  }

  list(query: FileQuery): Promise<FileRecord[]> {
    const limit = query.limit ?? DEFAULT_LIMIT;
    return this.reading([], async () => {
      const tenants = query.tenant === undefined ? await this.#allTenants() : [query.tenant];
      const lists = await Promise.all(
        tenants.map((tenant) => this.#listOf({ ...query, tenant }, limit)),
      );
      // Ids grow with time, so their order is that of the list.
      return lists.flat().sort((a, b) => a.id < b.id ? 1 : -1).slice(0, limit);
    });
  }

  rejects(id: string, after: number, limit: number): Promise<RejectView[]> {
    return this.reading([], async () => {
      const found: RejectView[] = [];
      for (let part = Math.floor(after / REJECTS_A_PARTITION);; part++) {
        const { rows } = await this.session.run(
          `SELECT n, line, column_name, column_number, reason, raw
           FROM ${this.keyspace}.rejects WHERE file_id = ? AND part = ? AND n >= ? LIMIT ?`,
          [id, part, after, limit - found.length],
        );
        found.push(...rows.map((row) => rejectOf(row, row["raw"] as string)));
        const last = rows.at(-1)?.["n"] as number | undefined;
        const isPartFull = last !== undefined && (last + 1) % REJECTS_A_PARTITION === 0;
        if (found.length >= limit || !isPartFull) return found;
      }
    });
  }

  stored(tenant: string, fileIds: readonly string[]): Promise<ReadonlySet<string>> {
    const records = new LoadRecords(this.session, this.keyspace);
    return this.reading(new Set<string>(), () => records.committedOf(tenant, fileIds));
  }

  begun(tenant: string, fileId: string): Promise<string | null> {
    return this.reading(null, async () => {
      const found = await new LoadRecords(this.session, this.keyspace).latest(tenant, fileId);
      return found && !found.committed ? found.decided?.moduleVersion ?? null : null;
    });
  }

  hasOwner({ tenant, id }: FileRecord): Promise<boolean> {
    return this.reading(false, async () => {
      const { rows } = await this.session.run(
        `SELECT owner FROM ${this.keyspace}.files WHERE tenant = ? AND id = ?`,
        [tenant, id],
      );
      const owner = rows[0]?.["owner"] as string | null | undefined;
      return typeof owner === "string" && !hasEnded(owner);
    });
  }

  /** Cached, because it reads the records of all files. */
  counts(): Promise<FileCount[]> {
    return this.#counts.get();
  }

  async close(): Promise<void> {
    await this.session.close();
  }

  /** Returns `empty` if the ledger's keyspace or tables do not exist. */
  protected reading<T>(empty: T, work: () => Promise<T>): Promise<T> {
    return guarded("Cannot read the ledger", async () => {
      try {
        return await work();
      } catch (error) {
        if (isInvalid(error) && /does not exist/.test(String(error))) return empty;
        throw error;
      }
    });
  }

  protected async row(id: string): Promise<Row | null> {
    const tenant = await this.tenantOf(id);
    if (tenant === null) return null;
    const { rows } = await this.session.run(
      `SELECT * FROM ${this.keyspace}.files WHERE tenant = ? AND id = ?`,
      [tenant, id],
    );
    return rows[0] ?? null;
  }

  protected async tenantOf(id: string): Promise<string | null> {
    const known = this.#tenants.get(id);
    if (known !== undefined) return known;
    const { rows } = await this.session.run(
      `SELECT tenant FROM ${this.keyspace}.file_tenants WHERE id = ?`,
      [id],
    );
    const tenant = rows[0]?.["tenant"] as string | undefined;
    if (tenant === undefined) return null;
    if (this.#tenants.size >= CACHED_TENANTS) this.#tenants.clear();
    this.#tenants.set(id, tenant);
    return tenant;
  }

  protected forgetTenant(id: string): void {
    this.#tenants.delete(id);
  }

  #count(): Promise<FileCount[]> {
    return this.reading([], async () => {
      const counts = new Map<string, FileCount>();
      const query = `SELECT state, rows_stored, rows_rejected FROM ${this.keyspace}.files
                     WHERE tenant = ?`;
      for (const tenant of await this.#allTenants()) {
        for await (const row of this.session.rows(query, [tenant])) {
          const state = stateOf(row);
          // Names cannot contain a space, which is before all other characters.
          const key = `${tenant} ${state}`;
          const count = counts.get(key) ?? { tenant, state, files: 0, stored: 0, rejected: 0 };
          count.files++;
          count.stored += Number(row["rows_stored"]);
          count.rejected += Number(row["rows_rejected"]);
          counts.set(key, count);
        }
      }
      return [...counts].sort(([a], [b]) => a < b ? -1 : 1).map(([, count]) => count);
    });
  }

  async #allTenants(): Promise<string[]> {
    const tenants: string[] = [];
    const query = `SELECT DISTINCT tenant FROM ${this.keyspace}.files`;
    for await (const row of this.session.rows(query)) tenants.push(row["tenant"] as string);
    return tenants;
  }

  async #listOf(query: FileQuery, limit: number): Promise<FileRecord[]> {
    const { conditions, values } = conditionsOf(query);
    const { rows } = await this.session.run(
      `SELECT * FROM ${this.keyspace}.files WHERE ${conditions.join(" AND ")} LIMIT ?`,
      [...values, limit],
    );
    return rows.map(recordOf);
  }
}
