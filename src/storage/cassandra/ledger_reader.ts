import type { FileState, RejectView } from "../../protocol/file_view.ts";
import type { FileQuery, FileRecord, LedgerReader } from "../contract.ts";
import { guarded, serverCode } from "./errors.ts";
import { recordOf, rejectOf, REJECTS_A_PARTITION, stateOf } from "./ledger_rows.ts";
import { Remembered } from "./remembered.ts";
import type { Parameter, Row, Session } from "./session.ts";

const DEFAULT_LIMIT = 100;
const INVALID = 0x2200;
/** File ids whose tenant is remembered. */
const KNOWN_TENANTS = 20_000;

/** Every question that may be asked of the ledger. A ledger that was never made is empty. */
export class CassandraLedgerReader implements LedgerReader {
  protected readonly session: Session;
  protected readonly keyspace: string;
  readonly #tenants = new Map<string, string>();
  readonly #counts = new Remembered(() => this.#count());

  constructor(session: Session, keyspace: string) {
    this.session = session;
    this.keyspace = keyspace;
  }

  get(id: string): Promise<FileRecord | null> {
    return this.asking(null, async () => {
      const row = await this.row(id);
      return row === null ? null : recordOf(row);
    });
  }

  list(query: FileQuery): Promise<FileRecord[]> {
    const limit = query.limit ?? DEFAULT_LIMIT;
    return this.asking([], async () => {
      const tenants = query.tenant === undefined ? await this.#allTenants() : [query.tenant];
      const lists = await Promise.all(tenants.map((tenant) => this.#listOf(tenant, query, limit)));
      // Ids grow with time, so their order is that of the list.
      const all = lists.flat().sort((a, b) => a.id < b.id ? 1 : -1);
      return all.slice(0, limit);
    });
  }

  rejects(id: string, after: number, limit: number): Promise<RejectView[]> {
    return this.asking([], async () => {
      const found: RejectView[] = [];
      for (let part = Math.floor(after / REJECTS_A_PARTITION);; part++) {
        const { rows } = await this.session.run(
          `SELECT n, line, column_name, column_number, reason, raw
           FROM ${this.keyspace}.rejects WHERE file_id = ? AND part = ? AND n >= ? LIMIT ?`,
          [id, part, after, limit - found.length],
        );
        found.push(...rows.map(rejectOf));
        const last = rows.at(-1)?.["n"] as number | undefined;
        const isPartFull = last !== undefined && (last + 1) % REJECTS_A_PARTITION === 0;
        if (found.length >= limit || !isPartFull) return found;
      }
    });
  }

  /** Reads the records of all files, so what was found is {@link Remembered}. */
  counts(): ReturnType<LedgerReader["counts"]> {
    return this.#counts.get();
  }

  async close(): Promise<void> {
    await this.session.close();
  }

  /** Answers with `none` where the ledger's keyspace or tables are not there yet. */
  protected asking<T>(none: T, work: () => Promise<T>): Promise<T> {
    return guarded("Cannot read the ledger", async () => {
      try {
        return await work();
      } catch (thrown) {
        if (serverCode(thrown) === INVALID && /does not exist/.test(String(thrown))) return none;
        throw thrown;
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
    if (this.#tenants.size >= KNOWN_TENANTS) this.#tenants.clear();
    this.#tenants.set(id, tenant);
    return tenant;
  }

  protected forgetTenant(id: string): void {
    this.#tenants.delete(id);
  }

  #count(): ReturnType<LedgerReader["counts"]> {
    return this.asking([], async () => {
      const sums = new Map<string, Awaited<ReturnType<LedgerReader["counts"]>>[number]>();
      for (const tenant of await this.#allTenants()) {
        const query = `SELECT state, rows_stored, rows_rejected FROM ${this.keyspace}.files
                       WHERE tenant = ?`;
        for await (const row of this.session.rows(query, [tenant])) add(sums, tenant, row);
      }
      return [...sums.values()].sort((a, b) =>
        a.tenant === b.tenant ? compare(a.state, b.state) : compare(a.tenant, b.tenant)
      );
    });
  }

  async #allTenants(): Promise<string[]> {
    const tenants: string[] = [];
    const query = `SELECT DISTINCT tenant FROM ${this.keyspace}.files`;
    for await (const row of this.session.rows(query)) tenants.push(row["tenant"] as string);
    return tenants;
  }

  async #listOf(tenant: string, query: FileQuery, limit: number): Promise<FileRecord[]> {
    const conditions = ["tenant = ?"];
    const values: Parameter[] = [tenant];
    const { state, name, sha256 } = query;
    for (const [column, value] of Object.entries({ state, name, sha256 })) {
      if (value === undefined) continue;
      conditions.push(`${column} = ?`);
      values.push(value);
    }
    if (query.after !== undefined) {
      conditions.push("id < ?");
      values.push(query.after);
    }
    const { rows } = await this.session.run(
      `SELECT * FROM ${this.keyspace}.files WHERE ${conditions.join(" AND ")} LIMIT ?`,
      [...values, limit],
    );
    return rows.map(recordOf);
  }
}

function add(
  sums: Map<string, Awaited<ReturnType<LedgerReader["counts"]>>[number]>,
  tenant: string,
  row: Row,
): void {
  const state: FileState = stateOf(row);
  const key = `${tenant} ${state}`;
  const sum = sums.get(key) ?? { tenant, state, files: 0, stored: 0, rejected: 0 };
  sum.files++;
  sum.stored += Number(row["rows_stored"]);
  sum.rejected += Number(row["rows_rejected"]);
  sums.set(key, sum);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
