/**
 * The thread that writes loads, one at a time, so that it does not block the event loop of the
 * service. A crash of the process rolls back what was not committed.
 *
 * @module
 */
import { statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { Failure } from "../../base/failure.ts";
import { decodeBatch } from "../../batch/batch.ts";
import { BadBatch } from "../../batch/batch_bytes.ts";
import type { TableSpec } from "../../batch/column.ts";
import { releaseMemory } from "../../base/bytes.ts";
import type { LoadResult } from "../contract.ts";
import { alreadyLoaded } from "../failures.ts";
import { openDatabase } from "./database.ts";
import { storageFailure } from "./errors.ts";
import { Inserter } from "./inserter.ts";
import { type LoadReply, type LoadRequest, plainFailure } from "./load_messages.ts";

/** Random keys touch the whole index. A million rows take a third less time with 32 MB than with 8. */
const CACHE_KB = 32 << 10;
const CHECKPOINT_FROM_BYTES = 4 << 20;

class OpenLoad {
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #fileId: string;
  readonly #tables: TableSpec[];
  readonly #inserters = new Map<TableSpec, Inserter>();

  constructor(path: string, fileId: string, tables: TableSpec[]) {
    this.#path = path;
    this.#fileId = fileId;
    this.#tables = tables;
    this.#db = openDatabase(path, CACHE_KB);
    try {
      // `settle` checkpoints after the commit is answered.
      this.#db.exec("PRAGMA wal_autocheckpoint=0");
      this.#db.prepare("BEGIN IMMEDIATE").run();
      const receipt = this.#db.prepare("SELECT 1 FROM _mysimbdp_loads WHERE file_id = ?");
      if (receipt.get(fileId) !== undefined) throw alreadyLoaded(fileId);
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  write(bytes: Uint8Array): void {
    const { table, rows, columns } = decodeBatch(bytes, this.#tables);
    let inserter = this.#inserters.get(table);
    if (inserter === undefined) {
      inserter = new Inserter(this.#db, table);
      this.#inserters.set(table, inserter);
    }
    inserter.write(columns, rows);
  }

  /** The number of rows. */
  get written(): number {
    let rows = 0;
    for (const { written } of this.#inserters.values()) rows += written;
    return rows;
  }

  commit(result: LoadResult): void {
    this.#db.prepare(
      `INSERT INTO _mysimbdp_loads (file_id, module_version, rows, committed_at)
       VALUES (?, ?, ?, ?)`,
    ).run(
      this.#fileId,
      result.moduleVersion,
      JSON.stringify(result.rows),
      new Date().toISOString(),
    );
    this.#db.prepare("COMMIT").run();
  }

  /** Moves a long write-ahead log into the database and closes it. */
  settle(): void {
    try {
      const size = statSync(`${this.#path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
      if (size > CHECKPOINT_FROM_BYTES) this.#db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get();
    } catch {
      // The rows are durable in the log; the next load tries again.
    }
    this.close();
  }

  /** Closes the database, which rolls back a transaction that is open. */
  close(): void {
    this.#db.close();
  }
}

let load: OpenLoad | null = null;
/** After a failure only an abort is accepted. */
let failed: Failure | null = null;

function sentenceOf(request: LoadRequest): string {
  return request.type === "begin"
    ? `Cannot begin to load file "${request.fileId}"`
    : `Cannot ${request.type === "batch" ? "write rows" : request.type} in a load`;
}

function asFailure(error: unknown, sentence: string): Failure {
  if (!(error instanceof BadBatch)) return storageFailure(error, sentence);
  return new Failure("refused", error.code, error.message);
}

/** @returns the number of rows written so far */
function perform(request: LoadRequest): number {
  if (request.type === "abort") {
    load?.close();
    load = failed = null;
    return 0;
  }
  if (failed !== null) throw failed;
  if (request.type === "begin") {
    load = new OpenLoad(request.path, request.fileId, request.tables);
  } else if (load === null) {
    throw new Failure("internal", "no-load", `${sentenceOf(request)}: no load is open`);
  } else if (request.type === "batch") {
    load.write(request.bytes);
    releaseMemory(request.bytes);
  } else if (request.type === "commit") {
    load.commit(request.result);
  }
  return load.written;
}

self.addEventListener("message", (event: Event) => {
  const request = (event as MessageEvent<LoadRequest>).data;
  const answer = (reply: LoadReply) =>
    (self as unknown as { postMessage(reply: LoadReply): void }).postMessage(reply);
  try {
    answer({ written: perform(request) });
  } catch (error) {
    failed = asFailure(error, sentenceOf(request));
    answer({ failure: plainFailure(failed) });
    return;
  }
  if (request.type === "commit") {
    load?.settle();
    load = null;
  }
});
