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
import {
  type LoadProgress,
  type LoadReply,
  type LoadRequest,
  type LoadTarget,
  plainFailure,
} from "./load_messages.ts";
import { LoadRoom } from "./load_room.ts";
import { Replacement } from "./versions.ts";

/** Random keys touch the whole index. A million rows take a third less time with 32 MB than with 8. */
const CACHE_KB = 32 << 10;
const CHECKPOINT_FROM_BYTES = 4 << 20;

class OpenLoad {
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #fileId: string;
  readonly #replayedAt: number | null;
  readonly #tables: TableSpec[];
  readonly #inserters = new Map<TableSpec, Inserter>();
  readonly #room: LoadRoom;
  #replacement: Replacement | null = null;
  /** Rows of earlier versions. */
  #removed = 0;
  #usedBytes = 0;

  constructor({ path, fileId, tables, replaces, replayedAt, limits }: LoadTarget) {
    this.#path = path;
    this.#fileId = fileId;
    this.#replayedAt = replayedAt;
    this.#tables = tables;
    this.#db = openDatabase(path, CACHE_KB);
    this.#room = new LoadRoom(this.#db, path, limits, CACHE_KB << 10);
    try {
      this.#room.requireEstimate();
      // `settle` checkpoints after the commit is answered.
      this.#db.exec("PRAGMA wal_autocheckpoint=0");
      this.#db.prepare("BEGIN IMMEDIATE").run();
      const receipt = this.#db.prepare("SELECT 1 FROM _mysimbdp_loads WHERE file_id = ?");
      if (receipt.get(fileId) !== undefined) throw alreadyLoaded(fileId);
      if (replaces) this.#replacement = new Replacement(this.#db, fileId, replaces, tables);
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  write(bytes: Uint8Array): void {
    // Before the new rows: they must not inherit a value from a row that is removed.
    this.#removeEarlier();
    const { table, rows, columns } = decodeBatch(bytes, this.#tables);
    let inserter = this.#inserters.get(table);
    if (inserter === undefined) {
      inserter = new Inserter(this.#db, table, this.#replacement?.number ?? null);
      this.#inserters.set(table, inserter);
    }
    inserter.write(columns, rows);
    this.#room.require(this.#removed + this.#written);
  }

  #removeEarlier(): void {
    this.#replacement?.removeEarlier((rows) => {
      this.#removed = rows;
      this.#room.require(rows);
    });
  }

  get progress(): LoadProgress {
    const replacedFiles = this.#replacement?.replacedFiles ?? [];
    return { written: this.#written, replacedFiles, usedBytes: this.#usedBytes };
  }

  get #written(): number {
    let written = 0;
    for (const inserter of this.#inserters.values()) written += inserter.written;
    return written;
  }

  commit(result: LoadResult): void {
    // A file without rows replaces the earlier ones too.
    this.#removeEarlier();
    const { replacedFiles } = this.progress;
    this.#usedBytes = this.#room.usedBytes;
    this.#db.prepare(
      `INSERT INTO _mysimbdp_loads
         (file_id, module_version, rows, committed_at, replaced_files, replayed_at)
       VALUES (?, ?, ?, ?, ?, ?)`,
    ).run(
      this.#fileId,
      result.moduleVersion,
      JSON.stringify(result.rows),
      new Date().toISOString(),
      replacedFiles.length === 0 ? null : JSON.stringify(replacedFiles),
      this.#replayedAt,
    );
    this.#db.prepare("COMMIT").run();
  }

  /** Rolls back what is not committed, moves a long write-ahead log into the database and closes it. */
  settle(): void {
    try {
      if (this.#db.isTransaction) this.#db.prepare("ROLLBACK").run();
      const size = statSync(`${this.#path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
      if (size > CHECKPOINT_FROM_BYTES) this.#db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get();
    } catch {
      // Committed rows are durable in the log; it is truncated later, see `truncateLogs`.
    }
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

function perform(request: LoadRequest): LoadProgress {
  if (request.type === "abort") {
    load?.settle();
    load = failed = null;
    return { written: 0, replacedFiles: [], usedBytes: 0 };
  }
  if (failed !== null) throw failed;
  if (request.type === "begin") {
    load = new OpenLoad(request);
  } else if (load === null) {
    throw new Failure("internal", "no-load", `${sentenceOf(request)}: no load is open`);
  } else if (request.type === "batch") {
    load.write(request.bytes);
    releaseMemory(request.bytes);
  } else if (request.type === "commit") {
    load.commit(request.result);
  }
  return load.progress;
}

self.addEventListener("message", (event: Event) => {
  const request = (event as MessageEvent<LoadRequest>).data;
  const answer = (reply: LoadReply) =>
    (self as unknown as { postMessage(reply: LoadReply): void }).postMessage(reply);
  try {
    answer(perform(request));
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
