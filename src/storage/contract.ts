import type {
  FileReason,
  FileState,
  ReceivedFile,
  RejectView,
  RowCounts,
} from "../protocol/file_view.ts";
import type { Replay } from "../protocol/replay.ts";
import type { TableSpec, Value } from "../batch/column.ts";

/** One file in the ledger. Times are milliseconds since the epoch. */
export interface FileRecord extends ReceivedFile {
  state: FileState;
  attempts: number;
  nextTryAt: number | null;
  startedAt: number | null;
  finishedAt: number | null;
  rows: RowCounts;
  seconds: number | null;
  moduleVersion: string | null;
  reason: FileReason | null;
  /** Remarks about the file for its sender. */
  notices: readonly string[];
  /** The id of the later version of this file whose load removed its rows; null while they are stored. */
  replacedBy: string | null;
  /** The last time that an operator had it loaded again. */
  replay?: Replay;
}

/** What a load has to know about the replay that it is for. */
export type ReplayTime = Pick<Replay, "order" | "at">;

export interface FileQuery {
  tenant?: string;
  state?: FileState;
  name?: string;
  sha256?: string;
  /** Only files that follow this id in the list (newest first). */
  after?: string;
  limit?: number;
}

/** The files of one tenant in one state. */
export interface FileCount {
  tenant: string;
  state: FileState;
  files: number;
  /** Rows. */
  stored: number;
  rejected: number;
}

/** Reads the ledger. */
export interface LedgerReader {
  get(id: string): Promise<FileRecord | null>;
  /** Newest first. */
  list(query: FileQuery): Promise<FileRecord[]>;
  /** A file's rejects in the order of its lines, without the first `after`. */
  rejects(id: string, after: number, limit: number): Promise<RejectView[]>;
  /** For metrics; sorted by tenant and state. */
  counts(): Promise<FileCount[]>;
  close(): Promise<void>;
}

/** Answers whether rows are stored. */
export interface StoredRows {
  /**
   * Those of a tenant's files whose rows are stored, as their load receipts prove.
   * @throws {Failure} kind `storage`
   */
  stored(tenant: string, fileIds: readonly string[]): Promise<ReadonlySet<string>>;
}

/** Answers how loads stand that have not ended. */
export interface LoadStates {
  /**
   * The module version of a load that is past its decision but not committed: such a load can only be
   * finished, by that version. Null for all others.
   */
  begun(tenant: string, fileId: string): Promise<string | null>;
  /**
   * Whether a process may be loading a running file; false if that is certainly not so.
   * @throws {Failure} kind `storage`
   */
  hasOwner(file: FileRecord): Promise<boolean>;
}

/**
 * The ledger as `manage` uses it. Several processes can write only if {@link Ledger.isAbandoned} can
 * detect that one of them has stopped.
 */
export interface Ledger extends LedgerReader {
  /** Adds a file; does nothing if its id exists. */
  insert(record: FileRecord): Promise<void>;
  /**
   * Writes a record if its state in the ledger is still `from` and no other process has taken it over.
   * A record that is written as running belongs to this process, which renews its lease until the
   * state changes.
   * @throws {Failure} `ledger-conflict` if the ledger has another state
   */
  update(record: FileRecord, from: FileState): Promise<void>;
  /** Appends to a file's rejects. */
  addRejects(id: string, rejects: RejectView[]): Promise<void>;
  clearRejects(id: string): Promise<void>;
  /**
   * Sets {@link FileRecord.replacedBy} of files of one tenant, whatever their state; unknown ids are
   * ignored. Can be repeated.
   */
  markReplaced(tenant: string, ids: readonly string[], by: string): Promise<void>;
  /** Removes a file in a final state; does nothing if it does not exist. */
  remove(id: string): Promise<void>;
  /** Files in the states received, queued and running, oldest first. */
  pending(): Promise<FileRecord[]>;
  /**
   * Whether no process runs a file that the ledger calls running, so that this one can take it over.
   * Call it only for files that this process does not run. It can take several calls over some time
   * until the answer is certain.
   */
  isAbandoned(record: FileRecord): Promise<boolean>;
}

/** Proof of a committed load: stored with its rows, in the same transaction. */
export interface LoadReceipt {
  rows: RowCounts;
  moduleVersion: string;
  /** The ids of the earlier versions of the file whose rows this load removed. */
  replacedFiles: readonly string[];
}

/** What was read of the rows of a replay after its commit. */
export interface ReadBack {
  /** How many rows were read, spread over the file. */
  sampled: number;
  /** How many of them are missing or lack a value that was written, because of a later change. */
  hidden: number;
}

/** What the loader knows when it commits. */
export type LoadResult = Omit<LoadReceipt, "replacedFiles">;

/** One attempt to load one file. Nothing is visible before {@link Load.commit} returns. */
export interface Load {
  /**
   * Writes one encoded batch (see `src/batch/batch.ts`). Batches are written in order. The promise
   * gives back-pressure: only a few batches are in flight.
   * @throws {Failure} kind `storage`
   */
  write(batch: Uint8Array): Promise<void>;
  /** Waits for all batches. @returns how many rows were written */
  flush(): Promise<number>;
  /**
   * Makes rows and receipt durable and visible, both or neither. An engine that keeps the order of
   * arrival then reads a sample of the rows of a replay; if that fails, the load is committed all the
   * same.
   * @param decided called by an engine that continues for a while when only the storage can still
   *   fail; from then on a later file of the tenant can be loaded at the same time, and its rows still
   *   replace the rows of this file that have the same key
   * @throws {Failure} `superseded` if {@link BeginOptions.replaces} was set and a later version of the
   *   file is loaded, or is past its decision
   */
  commit(
    result: LoadResult,
    decided?: () => void,
  ): Promise<LoadReceipt & { readBack?: ReadBack }>;
  /**
   * Rolls the attempt back, and ends a {@link Load.commit} that is waiting or sending. Safe to call after
   * a failure, and twice.
   */
  abort(): Promise<void>;
}

/** What an engine can use besides the rows of a file. */
export interface BeginOptions {
  /** When the file arrived, ms since the epoch. Its rows replace those of files that arrived earlier. */
  receivedAt?: number;
  /** The size of the file, to estimate the disk space that the load takes. @default unknown */
  bytes?: number;
  /**
   * The file's name and version, if its rows replace those of its earlier versions. Rows of loads
   * without this option are not tracked, so they stay.
   */
  replaces?: { name: string; version: number };
  /** The replay that this load is for. */
  replay?: ReplayTime;
}

/** What the tables of a tenant may be, with those that exist. */
export interface TableLimits {
  /** Tables in the tenant's keyspace. */
  tables: number;
  /** Columns of each. */
  columns: number;
}

/** The size of a tenant's table. */
export interface TableCount {
  table: string;
  /** Null if the engine refuses to read the table. */
  rows: number | null;
}

/** An engine that stores the rows of tenants, each tenant in its own keyspace. */
export interface Storage extends StoredRows, Pick<LoadStates, "begun"> {
  readonly ledger: Ledger;
  /** Whether a replay can keep the order in which files arrived; otherwise the file loaded last wins. */
  readonly keepsOrder: boolean;
  /**
   * Checks that the engine answers, and creates the ledger if it is missing.
   * @throws {Failure} kind `storage`
   */
  ready(): Promise<void>;
  /** Creates the tenant's keyspace if it is missing. */
  ensureKeyspace(tenant: string): Promise<void>;
  /**
   * Creates missing tables and adds new columns.
   * @param limits nothing is created beyond them; what exists stays usable. @default none, for tables
   *   that a deploy has created
   * @throws {Failure} `table-mismatch` if a key or a type differs from what is stored;
   *   `too-many-tables`, `too-many-columns`
   */
  ensureTables(tenant: string, tables: TableSpec[], limits?: TableLimits): Promise<void>;
  /** The receipt of this file's committed load; null if there is none. */
  receipt(tenant: string, fileId: string): Promise<LoadReceipt | null>;
  /**
   * Removes the receipt so that the file can be loaded again. Its rows still belong to it. Does nothing
   * if it was called for this replay before, whatever has been loaded since.
   *
   * @param replay decides which rows of others those of the next load win over. They always win over
   *   the rows that this file has written so far. @default in the order of arrival
   */
  forget(tenant: string, fileId: string, replay?: ReplayTime): Promise<void>;
  /**
   * Removes what is known of a file that leaves the ledger: its receipt, and the number of its version,
   * because the numbers of its name can start again. Its rows stay; a new version still replaces them.
   */
  expire(tenant: string, fileId: string): Promise<void>;
  /**
   * Gives up a load that is past its decision but not committed, so that the file can be loaded anew by
   * any module version. What it has written stays until then. Can be repeated.
   * @returns how many rows it may have written; 0 if there is no such load
   */
  abandon(tenant: string, fileId: string): Promise<number>;
  /**
   * Frees the disk space of this machine that loads took and did not give back, for example because
   * they were killed.
   */
  reclaim(): Promise<void>;
  /** @throws {Failure} `storage-full`, whose details have the `neededBytes`, `already-loaded` if the file has a receipt; `superseded`, see {@link Load.commit} */
  begin(tenant: string, fileId: string, tables: TableSpec[], options?: BeginOptions): Promise<Load>;
  /**
   * Finds committed rows by their whole primary keys, for enrichment; null for a missing row. A missing
   * keyspace or table has no rows; a missing column is null.
   *
   * @param keys at most 1,000; each has the values of the partition key, then of the clustering key, in
   * the form that they have in a batch
   * @returns in the order of the keys; each row has the values of `table.columns`, in the same form
   * @throws {Failure} kind `storage`
   */
  lookup(tenant: string, table: TableSpec, keys: readonly Value[][]): Promise<(Value[] | null)[]>;
  /** Rows in each of the tenant's tables. */
  countRows(tenant: string): Promise<TableCount[]>;
  close(): Promise<void>;
}
