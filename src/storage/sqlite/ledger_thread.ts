import { join } from "node:path";
import { Failure } from "../../base/failure.ts";
import { sparing } from "../../base/sparing.ts";
import { failureOf } from "../../base/thread_work.ts";
import type { RejectView } from "../../protocol/file_view.ts";
import type {
  FileCount,
  FileQuery,
  FileRecord,
  LedgerReader,
  LoadStates,
  StoredRows,
} from "../contract.ts";
import { DB_FOLDER } from "./database.ts";
import type { LedgerReply, LedgerRequest, SlowQuery } from "./ledger_worker.ts";
import { openSqliteReader } from "./stored_rows.ts";

/** Up to this number of files, a list takes a millisecond, which is less than a thread costs. */
const SHORT_LIST = 100;

interface Call {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * Reads the ledger for a server that must not wait: queries that can take long run in a second thread.
 * The counts of a large ledger can be some seconds old.
 *
 * @param dataDir usually `DATA`
 */
export function openServedReader(dataDir: string): LedgerReader & StoredRows & LoadStates {
  return new ServedReader(dataDir);
}

class ServedReader implements LedgerReader, StoredRows, LoadStates {
  readonly #quick: LedgerReader & StoredRows & LoadStates;
  readonly #path: string;
  readonly #calls = new Map<number, Call>();
  #worker: Worker | null = null;
  #lastCall = 0;
  /** Counting reads the whole ledger. */
  readonly counts: () => Promise<FileCount[]> = sparing(() => this.#ask<FileCount[]>("counts"));

  constructor(dataDir: string) {
    this.#quick = openSqliteReader(dataDir);
    this.#path = join(dataDir, DB_FOLDER, "ledger.sqlite");
  }

  get(id: string): Promise<FileRecord | null> {
    return this.#quick.get(id);
  }

  list(query: FileQuery): Promise<FileRecord[]> {
    const { state, sha256, name, limit = SHORT_LIST } = query;
    const isIndexed = state === undefined && (sha256 === undefined || name !== undefined);
    return isIndexed && limit <= SHORT_LIST + 1
      ? this.#quick.list(query)
      : this.#ask<FileRecord[]>("list", query);
  }

  rejects(id: string, after: number, limit: number): Promise<RejectView[]> {
    return this.#ask("rejects", id, after, limit);
  }

  stored(tenant: string, fileIds: readonly string[]): Promise<ReadonlySet<string>> {
    return this.#quick.stored(tenant, fileIds);
  }

  begun(tenant: string, fileId: string): Promise<string | null> {
    return this.#quick.begun(tenant, fileId);
  }

  hasOwner(file: FileRecord): Promise<boolean> {
    return this.#quick.hasOwner(file);
  }

  async close(): Promise<void> {
    this.#end(
      new Failure("internal", "storage-unreachable", "Cannot read the ledger: it is closed"),
    );
    await this.#quick.close();
  }

  #ask<T>(query: SlowQuery, ...args: unknown[]): Promise<T> {
    const call = ++this.#lastCall;
    const request: LedgerRequest = { call, path: this.#path, query, args };
    return new Promise<unknown>((resolve, reject) => {
      this.#calls.set(call, { resolve, reject });
      this.#worker ??= this.#start();
      this.#worker.postMessage(request);
    }) as Promise<T>;
  }

  #start(): Worker {
    const worker = new Worker(new URL("./ledger_worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<LedgerReply>) => {
      const call = this.#calls.get(data.call);
      this.#calls.delete(data.call);
      if (data.ok) return call?.resolve(data.value);
      call?.reject(failureOf(data.failure));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      const text = `Cannot read the ledger: the thread failed: ${event.message}`;
      this.#end(new Failure("internal", "storage-error", text));
    };
    return worker;
  }

  #end(reason: Failure): void {
    this.#worker?.terminate();
    this.#worker = null;
    for (const call of this.#calls.values()) call.reject(reason);
    this.#calls.clear();
  }
}
