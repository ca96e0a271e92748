/**
 * The thread that writes a load, so that the service's event loop stays free. One load at a time;
 * a crash of the process takes back whatever was not committed.
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
import type { LoadReceipt } from "../contract.ts";
import { openDatabase } from "./database.ts";
import { storageFailure } from "./errors.ts";
import { Inserter } from "./inserter.ts";
import {
  type LoadReply,
  type LoadRequest,
  type LoadTotals,
  plainFailure,
} from "./load_messages.ts";

/** Random keys touch the whole index: with 32 MB a million rows take two thirds of the time with 8. */
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
      // The checkpoint comes after the answer to the commit, not within it.
      this.#db.exec("PRAGMA wal_autocheckpoint=0");
      this.#db.prepare("BEGIN IMMEDIATE").run();
      this.#refuseSecond();
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  #refuseSecond(): void {
    const found = this.#db.prepare("SELECT 1 FROM _mysimbdp_loads WHERE file_id = ?");
    if (found.get(this.#fileId) === undefined) return;
    throw new Failure(
      "internal",
      "already-loaded",
      `Cannot load file "${this.#fileId}": its rows are stored already`,
    );
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

  get totals(): LoadTotals {
    const totals = { written: 0, replaced: 0 };
    for (const { written, replaced } of this.#inserters.values()) {
      totals.written += written;
      totals.replaced += replaced;
    }
    return totals;
  }

  commit(receipt: LoadReceipt): void {
    this.#db.prepare(
      `INSERT INTO _mysimbdp_loads (file_id, module_version, rows, committed_at)
       VALUES (?, ?, ?, ?)`,
    ).run(
      this.#fileId,
      receipt.moduleVersion,
      JSON.stringify(receipt.rows),
      new Date().toISOString(),
    );
    this.#db.prepare("COMMIT").run();
  }

  /** Moves what is committed out of the log and shuts the file. */
  settle(): void {
    try {
      const size = statSync(`${this.#path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
      if (size > CHECKPOINT_FROM_BYTES) this.#db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get();
    } catch {
      // The rows are safe in the log; the next load tries again.
    }
    this.close();
  }

  /** Ends the transaction, if it is still open, by taking it back. */
  close(): void {
    this.#db.close();
  }
}

let load: OpenLoad | null = null;
/** Once something has failed, nothing but an abort is done. */
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

function perform(request: LoadRequest): LoadTotals {
  if (request.type === "abort") {
    load?.close();
    load = failed = null;
    return { written: 0, replaced: 0 };
  }
  if (failed !== null) throw failed;
  if (request.type === "begin") {
    load = new OpenLoad(request.path, request.fileId, request.tables);
  } else if (load === null) {
    throw new Failure("internal", "no-load", `${sentenceOf(request)}: none is open`);
  } else if (request.type === "batch") {
    load.write(request.bytes);
    releaseMemory(request.bytes);
  } else if (request.type === "commit") {
    load.commit(request.receipt);
  }
  return load.totals;
}

self.addEventListener("message", (event: Event) => {
  const request = (event as MessageEvent<LoadRequest>).data;
  const answer = (reply: LoadReply) =>
    (self as unknown as { postMessage(reply: LoadReply): void }).postMessage(reply);
  try {
    answer({ totals: perform(request) });
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
