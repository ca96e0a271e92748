import type { DatabaseSync } from "node:sqlite";
import type { FileState, RejectView } from "../../protocol/file_view.ts";
import type { FileRecord, Ledger } from "../contract.ts";
import { ledgerConflict } from "../failures.ts";
import { columnsOf, recordOf } from "../ledger_columns.ts";
import { closeOnce, openDatabase, transaction } from "./database.ts";
import { guarded, promised } from "./errors.ts";
import { SqliteLedgerReader } from "./ledger_reader.ts";
import { LEDGER_TABLES, rejectColumns } from "./ledger_rows.ts";

/**
 * Opens the ledger for its only writer and creates it if it is missing. Changes are on the disk when
 * the promise of a method resolves.
 *
 * @param path usually `DATA/db/ledger.sqlite`
 * @throws {Failure} kind `storage`
 */
export function openLedger(path: string): Ledger {
  return guarded(`Cannot open ledger "${path}"`, () => {
    const db = openDatabase(path);
    transaction(db, () => db.exec(LEDGER_TABLES));
    return new SqliteLedger(db);
  });
}

class SqliteLedger extends SqliteLedgerReader implements Ledger {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    super({ current: () => db, close: () => closeOnce(db) });
    this.#db = db;
  }

  insert(record: FileRecord): Promise<void> {
    const columns = columnsOf(record);
    const names = Object.keys(columns);
    return promised(`Cannot add file "${record.id}" to the ledger`, () => {
      this.#db.prepare(
        `INSERT INTO files (${names.join(",")}) VALUES (${names.map(() => "?").join(",")})
         ON CONFLICT (id) DO NOTHING`,
      ).run(...Object.values(columns));
    });
  }

  async update(record: FileRecord, from: FileState): Promise<void> {
    const columns = columnsOf(record);
    const set = Object.keys(columns).map((name) => `${name}=?`).join(",");
    const { changes } = guarded(
      `Cannot update file "${record.id}" in the ledger`,
      () =>
        this.#db.prepare(`UPDATE files SET ${set} WHERE id = ? AND state = ?`)
          .run(...Object.values(columns), record.id, from),
    );
    if (changes === 0) throw ledgerConflict(record, from, await this.get(record.id));
  }

  addRejects(id: string, rejects: RejectView[]): Promise<void> {
    if (rejects.length === 0) return Promise.resolve();
    return promised(`Cannot store the rejects of file "${id}"`, () =>
      transaction(this.#db, () => {
        const last = this.#db.prepare("SELECT max(n) AS n FROM rejects WHERE file_id = ?").get(id);
        const insert = this.#db.prepare("INSERT INTO rejects VALUES (?, ?, ?, ?, ?, ?, ?)");
        let n = last?.["n"] as number | null ?? 0;
        for (const reject of rejects) insert.run(...rejectColumns(id, ++n, reject));
      }));
  }

  clearRejects(id: string): Promise<void> {
    return promised(`Cannot clear the rejects of file "${id}"`, () => {
      this.#db.prepare("DELETE FROM rejects WHERE file_id = ?").run(id);
    });
  }

  markReplaced(tenant: string, ids: readonly string[], by: string): Promise<void> {
    return promised(`Cannot mark the files that "${by}" replaced in the ledger`, () => {
      const mark = this.#db.prepare(
        "UPDATE files SET replaced_by = ? WHERE id = ? AND tenant = ?",
      );
      transaction(this.#db, () => ids.forEach((id) => mark.run(by, id, tenant)));
    });
  }

  remove(id: string): Promise<void> {
    return promised(`Cannot remove file "${id}" from the ledger`, () => {
      this.#db.prepare("DELETE FROM files WHERE id = ?").run(id);
    });
  }

  pending(): Promise<FileRecord[]> {
    return promised("Cannot read the ledger", () =>
      this.#db.prepare(
        `SELECT * FROM files WHERE state IN ('received', 'queued', 'running')
         ORDER BY received_at, id`,
      ).all().map(recordOf));
  }

  isAbandoned(): Promise<boolean> {
    // There is only one writer: no other process can run the file.
    return Promise.resolve(true);
  }
}
