import { z } from "zod";
import type { TableSpec } from "../../batch/column.ts";
import type { Row, Session } from "./session.ts";
import { transact } from "./transaction.ts";

const claimSchema = z.object({
  id: z.string(),
  fileId: z.string(),
  version: z.number(),
  generation: z.number(),
  /** The hash of its tables and rows. */
  content: z.string(),
  /** The write timestamp of its first chunk, in microseconds since the epoch. */
  writeTime: z.number(),
  chunks: z.number(),
  tables: z.array(z.custom<TableSpec>()),
  /** Whether the load was committed before the next claim, which replaced it. */
  loaded: z.boolean(),
});

/**
 * The right of a load to write rows that replace those of the file's earlier loads. Its id is unique and
 * names the place of the keys of all its rows; see {@link RowKeys}.
 */
export type Claim = z.infer<typeof claimSchema>;

/** What is stored for the name of a file. */
export interface NameClaims {
  /** The last claim; all earlier ones have ended. */
  newest: Claim;
  /** Claims whose rows the newest one has to remove, the last one first. */
  earlier: Claim[];
}

/**
 * The table `file_claims`: one partition for each name of a tenant, changed by lightweight transactions
 * only.
 */
export class Claims {
  readonly #session: Session;
  readonly #table: string;

  constructor(session: Session, keyspace: string) {
    this.#session = session;
    this.#table = `${keyspace}.file_claims`;
  }

  /** Returns the result of the last transaction; null if no load has claimed the name. */
  async of(tenant: string, name: string): Promise<NameClaims | null> {
    const row = await this.#row(tenant, name);
    if (row === null) return null;
    return {
      newest: claimSchema.parse(JSON.parse(row["newest"] as string)),
      earlier: z.array(claimSchema).parse(JSON.parse(row["earlier"] as string)),
    };
  }

  /**
   * Stores the claims of a name if its newest one is still `from`.
   * @param from null if the name has none
   * @returns whether they are stored
   */
  async put(
    tenant: string,
    name: string,
    { newest, earlier }: NameClaims,
    from: Claim | null,
  ): Promise<boolean> {
    const values = [newest.id, JSON.stringify(newest), JSON.stringify(earlier)];
    const outcomeOf = async () => {
      const row = await this.#row(tenant, name);
      if (row?.["newest"] === values[1] && row?.["earlier"] === values[2]) return "applied";
      return (row?.["claim"] ?? null) === (from?.id ?? null) ? "again" : "refused";
    };
    return from === null
      ? await transact(
        this.#session,
        `INSERT INTO ${this.#table} (claim, newest, earlier, tenant, name)
         VALUES (?, ?, ?, ?, ?) IF NOT EXISTS`,
        [...values, tenant, name],
        outcomeOf,
      )
      : await transact(
        this.#session,
        `UPDATE ${this.#table} SET claim = ?, newest = ?, earlier = ?
         WHERE tenant = ? AND name = ? IF claim = ?`,
        [...values, tenant, name, from.id],
        outcomeOf,
      );
  }

  /** The latest write timestamp of the claims of a file, in microseconds since the epoch; or 0. */
  async writeTimeOf(tenant: string, name: string, fileId: string): Promise<number> {
    const found = await this.of(tenant, name);
    const own = [...found ? [found.newest, ...found.earlier] : []]
      .filter((claim) => claim.fileId === fileId);
    return Math.max(0, ...own.map(({ writeTime }) => writeTime));
  }

  /** The number of a file's version no longer counts, but its rows can still be replaced. */
  async forgetVersion(tenant: string, name: string, fileId: string): Promise<void> {
    const found = await this.of(tenant, name);
    if (found?.newest.fileId !== fileId) return;
    const forgotten = { ...found, newest: { ...found.newest, version: 0 } };
    // If a later load has claimed the name meanwhile, its number counts.
    await this.put(tenant, name, forgotten, found.newest);
  }

  async #row(tenant: string, name: string): Promise<Row | null> {
    const { rows } = await this.#session.serial(
      `SELECT claim, newest, earlier FROM ${this.#table} WHERE tenant = ? AND name = ?`,
      [tenant, name],
    );
    return rows[0] ?? null;
  }
}
