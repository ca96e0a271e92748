import { z } from "zod";
import { rowCountsSchema } from "../../protocol/file_view.ts";
import { replaySchema } from "../../protocol/replay.ts";
import type { LoadReceipt, ReplayTime } from "../contract.ts";
import type { Parameter, Row, Session } from "./session.ts";
import { type TableEpochs, tableEpochsSchema } from "./table_epochs.ts";

/** Which generation it is, and when its rows are written. */
type Generation = Pick<LoadRecord, "tenant" | "fileId" | "generation" | "writeTime" | "replay">;

const READS_AT_ONCE = 32;

/** Write timestamps of one generation: one microsecond for each chunk, so that later rows win. */
export const TIMES_A_GENERATION = 10_000;

/** That a file is good. */
export interface Decision {
  moduleVersion: string;
  digest: string;
  rows: LoadReceipt["rows"];
  /** Of the tables before the first row was sent; null if they do not matter. */
  epochs: TableEpochs | null;
}

const refusalSchema = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  /** How many chunks from the first on may have been sent. */
  chunks: z.number(),
});

/** Why the cluster never accepts the rows of a load. */
export type Refusal = z.infer<typeof refusalSchema>;

const timeSchema = replaySchema.pick({ order: true, at: true });

/** The record of a file's load. A replay is a new generation. */
export interface LoadRecord {
  tenant: string;
  fileId: string;
  generation: number;
  /**
   * Microseconds since the epoch, fixed at the first attempt. All generations have the same one, unless
   * a replay gave its generation a later time.
   */
  writeTime: number;
  /** The replay that opened this generation. */
  replay: ReplayTime | null;
  /**
   * Set once the file is known to be good: from then on its rows are being written, and the load can
   * only end with their commit, by this module version.
   */
  decided: Decision | null;
  /** How many chunks from the first on are acknowledged: those of rows, then those to be removed. */
  acknowledged: number;
  committed: boolean;
  /** Set once the cluster has refused a row: from then on the load can only remove what it has written. */
  refused: Refusal | null;
  /** The ids of the files whose rows it removed; set with the commit. */
  replacedFiles: readonly string[];
}

/**
 * The table `loads`. Only the owner of a file's lease writes here. A process that lost its lease
 * without noticing writes the same values.
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

  async of(tenant: string, fileId: string, generation: number): Promise<LoadRecord | null> {
    const { rows } = await this.#session.run(
      `SELECT * FROM ${this.#table} WHERE tenant = ? AND file_id = ? AND generation = ?`,
      [tenant, fileId, generation],
    );
    return rows[0] === undefined ? null : recordOf(rows[0]);
  }

  /** Those of the files whose latest load is committed. */
  async committedOf(tenant: string, fileIds: readonly string[]): Promise<Set<string>> {
    const found = new Set<string>();
    for (let at = 0; at < fileIds.length; at += READS_AT_ONCE) {
      await Promise.all(
        fileIds.slice(at, at + READS_AT_ONCE).map(async (id) => {
          if ((await this.latest(tenant, id))?.committed) found.add(id);
        }),
      );
    }
    return found;
  }

  /**
   * A file's first record, which is stored with the decision: until then no row is sent, and each attempt
   * computes the same write time.
   */
  first(
    tenant: string,
    fileId: string,
    writeTime: number,
    replay: ReplayTime | null,
  ): LoadRecord {
    const created = { tenant, fileId, generation: 0, writeTime, replay };
    return {
      ...created,
      decided: null,
      acknowledged: 0,
      committed: false,
      refused: null,
      replacedFiles: [],
    };
  }

  /** Stores a record that has no decision, to fix its write time. */
  async keep(record: Generation): Promise<void> {
    await this.#set(record, { ...timeOf(record), acknowledged: 0 });
  }

  /** @param name which the load has claimed; see {@link Claims} */
  async decide(
    record: LoadRecord,
    { moduleVersion, digest, rows, epochs }: Decision,
    name: string | null,
  ): Promise<void> {
    const claimed = name !== null && { name };
    const values = {
      ...claimed,
      ...timeOf(record),
      module_version: moduleVersion,
      digest,
      rows: JSON.stringify(rows),
      epochs: epochs && JSON.stringify(epochs),
    };
    await this.#set(record, { ...values, acknowledged: 0 });
  }

  async acknowledge(record: LoadRecord, chunks: number): Promise<void> {
    await this.#set(record, { acknowledged: chunks });
  }

  async refuse(record: LoadRecord, refusal: Refusal): Promise<void> {
    await this.#set(record, { refused: JSON.stringify(refusal) });
  }

  async commit(record: LoadRecord, replacedFiles: readonly string[]): Promise<void> {
    const replaced = replacedFiles.length > 0 && { replaced_files: JSON.stringify(replacedFiles) };
    await this.#set(record, { committed_at: new Date(), ...replaced });
  }

  /** The name that a load of the file has claimed; null if none has. */
  async claimedName(tenant: string, fileId: string): Promise<string | null> {
    const { rows } = await this.#session.run(
      `SELECT name FROM ${this.#table} WHERE tenant = ? AND file_id = ?`,
      [tenant, fileId],
    );
    return rows.map((row) => row["name"] as string | null).find((name) => name !== null) ?? null;
  }

  /**
   * Opens the next generation for a replay, unless it is open or even loaded. Its rows are later than
   * all that the file has written, and in the order `now` as late as the replay.
   *
   * @param claimedTime returns the latest timestamp that a claim gave to the file's first chunk
   */
  async forget(
    tenant: string,
    fileId: string,
    replay: ReplayTime,
    claimedTime: () => Promise<number> = () => Promise.resolve(0),
  ): Promise<void> {
    const found = await this.latest(tenant, fileId);
    if (found?.replay?.at === replay.at) return;
    // Without a record nothing was written: the load takes the time of arrival.
    if (found === null && replay.order === "arrival") return;
    // A time in the future must not make these rows newer than all later files.
    const wanted = replay.order === "arrival"
      ? 0
      : writeTimeOf(Math.min(replay.at, Date.now()), fileId);
    const time = Math.max(
      wanted,
      ...found === null ? [] : [
        await claimedTime() + TIMES_A_GENERATION,
        ownTime(found) + (hasWritten(found) ? TIMES_A_GENERATION : 0),
      ],
    );
    const generation = found === null ? 0 : found.generation + 1;
    const writeTime = time - generation * TIMES_A_GENERATION;
    await this.keep({ tenant, fileId, generation, writeTime, replay });
  }

  /** Opens the generation after this one, unless another process has. */
  async openNext(record: LoadRecord): Promise<void> {
    const { tenant, fileId, generation } = record;
    if ((await this.latest(tenant, fileId))?.generation !== generation) return;
    await this.keep({ ...record, generation: generation + 1 });
  }

  /**
   * Opens the next generation if the latest one is decided but not committed.
   * @returns how many rows that one may have written
   */
  async abandon(tenant: string, fileId: string): Promise<number> {
    const found = await this.latest(tenant, fileId);
    if (!found?.decided || found.committed) return 0;
    await this.openNext(found);
    return found.decided.rows.written;
  }

  async #set(
    { tenant, fileId, generation }: Pick<LoadRecord, "tenant" | "fileId" | "generation">,
    values: Record<string, Parameter>,
  ): Promise<void> {
    const columns = ["tenant", "file_id", "generation", ...Object.keys(values)];
    await this.#session.run(
      `INSERT INTO ${this.#table} (${columns.join(", ")})
       VALUES (${columns.map(() => "?").join(", ")})`,
      [tenant, fileId, generation, ...Object.values(values)],
    );
  }
}

/** The columns that fix the write timestamps of a generation. */
function timeOf({ writeTime, replay }: Generation): Record<string, Parameter> {
  return {
    write_time: BigInt(writeTime),
    ...(replay && { replay: JSON.stringify(replay) }),
  };
}

/** The write timestamp of a load's first chunk, in microseconds since the epoch, without a claim. */
export function ownTime({ writeTime, generation }: LoadRecord): number {
  return writeTime + generation * TIMES_A_GENERATION;
}

/** Whether rows of this generation may be in the tables. */
function hasWritten({ decided, committed }: LoadRecord): boolean {
  return decided !== null || committed;
}

function recordOf(row: Row): LoadRecord {
  const moduleVersion = row["module_version"] as string | null;
  return {
    tenant: row["tenant"] as string,
    fileId: row["file_id"] as string,
    generation: row["generation"] as number,
    writeTime: Number(row["write_time"]),
    decided: moduleVersion === null ? null : {
      moduleVersion,
      digest: row["digest"] as string,
      rows: rowCountsSchema.parse(JSON.parse(row["rows"] as string)),
      epochs: tableEpochsSchema.nullable().parse(jsonIn(row, "epochs")),
    },
    replay: timeSchema.nullable().parse(jsonIn(row, "replay")),
    acknowledged: row["acknowledged"] as number | null ?? 0,
    committed: row["committed_at"] !== null,
    refused: refusalSchema.nullable().parse(jsonIn(row, "refused")),
    replacedFiles: (jsonIn(row, "replaced_files") ?? []) as string[],
  };
}

function jsonIn(row: Row, column: string): unknown {
  return JSON.parse(row[column] as string | null ?? "null");
}

const BASE32 = "0123456789abcdefghjkmnpqrstvwxyz";
/** Microseconds between two files of one millisecond. */
const FILE_STEP = 31;

/**
 * The write timestamp of a file's rows, in microseconds since the epoch. Files that arrived in the same
 * millisecond get different ones, otherwise Cassandra would mix the cells of their rows. Consecutive
 * ids differ in their last digit, so it has the greatest weight.
 *
 * @param arrivedAt milliseconds since the epoch
 * @example
 * ```ts
 * import { writeTimeOf } from "./load_records.ts";
 * writeTimeOf(1_000, "01m85y00ganbv9ywtdr0sns400"); // 1000000
 * writeTimeOf(1_000, "01m85y00ganbv9ywtdr0sns401"); // 1000031
 * ```
 */
export function writeTimeOf(arrivedAt: number, fileId: string): number {
  const [secondLast = 0, last = 0] = [...fileId.slice(-2)].map((digit) =>
    Math.max(0, BASE32.indexOf(digit))
  );
  return arrivedAt * 1_000 + last * FILE_STEP + secondLast % FILE_STEP;
}
