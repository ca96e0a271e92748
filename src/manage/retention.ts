import type { Config } from "../config/schema.ts";
import { isFinal } from "../protocol/file_view.ts";
import { fileIdOf } from "../data/file_id.ts";
import type { Layout } from "../data/layout.ts";
import { dropFile, filesIn } from "../staging/staged.ts";
import type { FileRecord, LedgerReader, Storage } from "../storage/contract.ts";
import type { Emit } from "../telemetry/events.ts";

const DAY_MS = 86_400_000;
const PAGE = 500;

/** What retention works with. */
interface RetentionParts {
  layout: Layout;
  storage: Pick<Storage, "ledger" | "forget">;
  emit: Emit;
}

/** For how long what is kept; 0 stands for ever. */
type RetentionDays = Pick<
  Config["manage"],
  "archive_days" | "quarantine_days" | "rejects_days" | "ledger_days"
>;

/**
 * Drops what was kept for long enough: bytes of the archive and of quarantine, rejected records, and
 * files from the ledger. A file that has not come to its end is never touched.
 */
export class Retention {
  readonly #parts: RetentionParts;
  /** The newest file whose rejects were dropped: older ones need no second look. */
  #rejectsDropped: string | null = null;

  constructor(parts: RetentionParts) {
    this.#parts = parts;
  }

  /** @param now milliseconds since the epoch */
  async run(days: RetentionDays, now: number): Promise<void> {
    const { layout, storage, emit } = this.#parts;
    await expireArchive(layout, storage.ledger, days.archive_days, now, emit);
    await this.#expireQuarantine(days.quarantine_days, now);
    await this.#expireRejects(days.rejects_days, now);
    await this.#expireLedger(days.ledger_days, now);
  }

  async #expireQuarantine(days: number, now: number): Promise<void> {
    const { layout, storage, emit } = this.#parts;
    if (days === 0) return;
    for await (const { tenant, id } of filesIn(layout, "quarantine")) {
      const record = await storage.ledger.get(id);
      if (!record || !isFinal(record.state) || !isOver(record, days, now)) continue;
      await dropFile(layout, "quarantine", tenant, id);
      emit({ kind: "file.quarantine_expired", tenant, fileId: id, name: record.name });
    }
  }

  async #expireRejects(days: number, now: number): Promise<void> {
    const { storage, emit } = this.#parts;
    if (days === 0) return;
    let newest: string | null = null;
    for await (const record of this.#olderThan(days, now, this.#rejectsDropped)) {
      newest ??= record.id;
      if (!isFinal(record.state) || !isOver(record, days, now)) {
        // It is looked at again: it came long ago and ended lately.
        newest = null;
        continue;
      }
      if ((await storage.ledger.rejects(record.id, 0, 1)).length === 0) continue;
      await storage.ledger.clearRejects(record.id);
      const { tenant, id, name } = record;
      emit({ kind: "file.rejects_expired", tenant, fileId: id, name });
    }
    this.#rejectsDropped = newest ?? this.#rejectsDropped;
  }

  async #expireLedger(days: number, now: number): Promise<void> {
    const { layout, storage, emit } = this.#parts;
    if (days === 0) return;
    for await (const record of this.#olderThan(days, now, null)) {
      const { tenant, id, name } = record;
      if (!isFinal(record.state) || !isOver(record, days, now)) continue;
      for (const folder of ["archive", "quarantine"] as const) {
        await dropFile(layout, folder, tenant, id);
      }
      await storage.ledger.clearRejects(id);
      await storage.forget(tenant, id);
      await storage.ledger.remove(id);
      emit({ kind: "file.record_expired", tenant, fileId: id, name });
    }
  }

  /** Files that arrived more than `days` ago, the newest first, down to one that was met before. */
  async *#olderThan(days: number, now: number, until: string | null): AsyncGenerator<FileRecord> {
    // Ids grow with the time of arrival, so the first old one need not be searched for.
    let after = fileIdOf(now - days * DAY_MS, new Uint8Array(10));
    for (;;) {
      const page = await this.#parts.storage.ledger.list({ after, limit: PAGE });
      for (const record of page) {
        if (until !== null && record.id <= until) return;
        yield record;
      }
      const last = page.at(-1);
      if (!last) return;
      after = last.id;
    }
  }
}

/**
 * Drops archived files that were ingested longer ago than `days`; their records stay in the ledger.
 *
 * @param days 0 keeps them for ever
 * @param now milliseconds since the epoch
 * @returns how many files were dropped
 */
export async function expireArchive(
  layout: Layout,
  ledger: LedgerReader,
  days: number,
  now: number,
  emit: Emit,
): Promise<number> {
  if (days === 0) return 0;
  let dropped = 0;
  for await (const { tenant, id } of filesIn(layout, "archive")) {
    const record = await ledger.get(id);
    // Of a file that the ledger does not know nobody can say that it is stored.
    if (record?.state !== "ingested" || !isOver(record, days, now)) continue;
    await dropFile(layout, "archive", tenant, id);
    emit({ kind: "file.archive_expired", tenant, fileId: id, name: record.name });
    dropped++;
  }
  return dropped;
}

function isOver({ finishedAt }: FileRecord, days: number, now: number): boolean {
  return finishedAt !== null && now - finishedAt > days * DAY_MS;
}
