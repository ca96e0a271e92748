import type { FileReason, FileState, RejectView, RowCounts } from "../protocol/file_view.ts";
import type { TableSpec, Value } from "../batch/column.ts";

/** One file in the ledger. Times are milliseconds since the epoch. */
export interface FileRecord {
  id: string;
  tenant: string;
  name: string;
  version: number;
  /** Bytes. */
  size: number;
  /** Lower-case hex. */
  sha256: string;
  batch: string | null;
  state: FileState;
  attempts: number;
  receivedAt: number;
  nextTryAt: number | null;
  startedAt: number | null;
  finishedAt: number | null;
  rows: RowCounts;
  seconds: number | null;
  moduleVersion: string | null;
  reason: FileReason | null;
}

export interface FileQuery {
  tenant?: string;
  state?: FileState;
  name?: string;
  sha256?: string;
  /** Files that come after this id in the order of the list (newest first). */
  after?: string;
  limit?: number;
}

/** What anyone may ask of the ledger. */
export interface LedgerReader {
  get(id: string): Promise<FileRecord | null>;
  /** Newest first. */
  list(query: FileQuery): Promise<FileRecord[]>;
  /** A file's rejects in the order of its lines; `after` is the number of those already seen. */
  rejects(id: string, after: number, limit: number): Promise<RejectView[]>;
  /** For metrics: how many files are in each state, by tenant. */
  counts(): Promise<
    { tenant: string; state: FileState; files: number; stored: number; rejected: number }[]
  >;
  close(): Promise<void>;
}

/** What `manage` alone may do. Several of them may write where the engine has {@link Ledger.isAbandoned}. */
export interface Ledger extends LedgerReader {
  /** Adds a file that is not there yet; an id that is there is left as it is. */
  insert(record: FileRecord): Promise<void>;
  /**
   * Writes a record if its state in the ledger is still `from`, and nobody else has taken it over.
   * A record that is written as running is this process's: it stays so until it is moved on, and
   * signs of life are given for it.
   * @throws {Failure} `ledger-conflict` when another state is found
   */
  update(record: FileRecord, from: FileState): Promise<void>;
  /** Appends to a file's rejects. */
  addRejects(id: string, rejects: RejectView[]): Promise<void>;
  clearRejects(id: string): Promise<void>;
  /** Takes a file that has come to its end out of the ledger; one that is not there stays so. */
  remove(id: string): Promise<void>;
  /** Records that can be run or were being run: received, queued and running, oldest first. */
  pending(): Promise<FileRecord[]>;
  /**
   * Whether a file that the ledger calls running is run by nobody any more, so that it may be moved
   * on from here. Only who does not run it may ask, and it may take several questions over some time
   * until that is sure.
   */
  isAbandoned(record: FileRecord): Promise<boolean>;
}

/** What a committed load says of itself: kept with the rows, in the same transaction. */
export interface LoadReceipt {
  rows: RowCounts;
  moduleVersion: string;
}

/** One attempt to load one file. Nothing of it shows before {@link Load.commit} has returned. */
export interface Load {
  /**
   * Writes one encoded batch (see `src/batch/batch.ts`). Batches are written in order; the promise
   * is the back-pressure: at most a few are open at a time.
   * @throws {Failure} kind `storage`
   */
  write(batch: Uint8Array): Promise<void>;
  /** Waits for what was written; says how many rows took the place of another with their key. */
  flush(): Promise<{ written: number; replaced: number }>;
  /**
   * Makes rows and receipt durable and visible, both or neither.
   * @param decided called by an engine that goes on for a while when only the storage can still be at
   *   fault; from then on a later file of the tenant may be loaded beside it, without harm to which
   *   of two rows with one key stays
   */
  commit(receipt: LoadReceipt, decided?: () => void): Promise<void>;
  /** Takes everything of this attempt back. Safe to call after a failure, and twice. */
  abort(): Promise<void>;
}

/** What an engine may want to know of a file besides its rows. */
export interface BeginOptions {
  /** When it arrived, ms since the epoch: of rows with one key that of the later file stays. */
  receivedAt?: number;
}

/** An engine that keeps tenants' rows: a keyspace for each tenant. */
export interface Storage {
  readonly ledger: Ledger;
  /**
   * Makes sure that the engine answers, and makes what it needs for itself.
   * @throws {Failure} kind `storage`
   */
  ready(): Promise<void>;
  /** Makes the tenant's keyspace if it is not there. */
  ensureKeyspace(tenant: string): Promise<void>;
  /**
   * Makes the tables that are missing and adds the columns that are new.
   * @throws {Failure} `table-mismatch` when a key or a type differs from what is stored
   */
  ensureTables(tenant: string, tables: TableSpec[]): Promise<void>;
  /** The receipt of a load that was committed for this file, if there is one. */
  receipt(tenant: string, fileId: string): Promise<LoadReceipt | null>;
  /** Forgets a committed load's receipt so that the file can be loaded again (replay). */
  forget(tenant: string, fileId: string): Promise<void>;
  /**
   * The module version of a load whose rows are being written, since its file is known to be good:
   * such a load can only be finished, by that version. Null for all others.
   */
  begun(tenant: string, fileId: string): Promise<string | null>;
  /** @throws {Failure} `already-loaded` where the file's receipt is there */
  begin(
    tenant: string,
    fileId: string,
    tables: TableSpec[],
    options?: BeginOptions,
  ): Promise<Load>;
  /**
   * Rows by their whole primary keys, for enrichment; null where there is none. Reads what is
   * committed. A keyspace or a table that is not there has no rows, a column that is not there is null.
   *
   * @param keys at most 1,000; each has the values of the partition key, then of the clustering key, in
   * the form that they have in a batch
   * @returns in the order of the keys; each row has the values of `table.columns`, in that form too
   * @throws {Failure} kind `storage`
   */
  lookup(
    tenant: string,
    table: TableSpec,
    keys: readonly Value[][],
  ): Promise<(Value[] | null)[]>;
  /** Rows in each of the tenant's tables. */
  countRows(tenant: string): Promise<{ table: string; rows: number }[]>;
  close(): Promise<void>;
}
