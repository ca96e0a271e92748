import type { Config } from "../config/schema.ts";
import { isFinal } from "../protocol/file_view.ts";
import { fileIdOf } from "../data/file_id.ts";
import type { Layout } from "../data/layout.ts";
import { dropFile, filesIn } from "../staging/staged.ts";
import type { FileRecord, Storage } from "../storage/contract.ts";
import type { Emit } from "../telemetry/events.ts";
import { eventFields } from "./settle.ts";

const DAY_MS = 86_400_000;
const PAGE = 500;

interface RetentionDeps {
  layout: Layout;
  storage: Pick<Storage, "ledger" | "expire">;
  emit: Emit;
}

/** Days after the end of a file's last attempt, 0 keeps it forever; and the rejects of a tenant. */
type RetentionLimits = Pick<
  Config["manage"],
  "archive_days" | "quarantine_days" | "rejects_days" | "ledger_days" | "max_rejects_per_tenant"
>;

/**
 * Removes what has been kept for long enough: bytes in the archive and in quarantine, rejects, and
 * files in the ledger. Files that are not finished are never removed.
 */
export class Retention {
  readonly #deps: RetentionDeps;
  /** The newest file whose rejects were removed: older ones need no check. */
  #rejectsDropped: string | null = null;

  /** By tenant, the newest file whose rejects were removed because there were too many. */
  readonly #boundedAt = new Map<string, string>();

  constructor(deps: RetentionDeps) {
    this.#deps = deps;
  }

  /** @param now milliseconds since the epoch */
  async run(days: RetentionLimits, now: number): Promise<void> {
    await this.#expireArchive(days.archive_days, now);
    await this.#expireQuarantine(days.quarantine_days, now);
    await this.#expireRejects(days.rejects_days, now);
    await this.#boundRejects(days.max_rejects_per_tenant);
    await this.#expireLedger(days.ledger_days, now);
  }

  async #expireArchive(days: number, now: number): Promise<void> {
    const { layout, storage, emit } = this.#deps;
    if (days === 0) return;
    for await (const { tenant, id } of filesIn(layout, "archive")) {
      const record = await storage.ledger.get(id);
      // Without a record nothing proves that the file's rows are stored.
      if (record?.state !== "ingested" || !isExpired(record, days, now)) continue;
      await dropFile(layout, "archive", tenant, id);
      emit({ kind: "file.archive_expired", ...eventFields(record) });
    }
  }

  async #expireQuarantine(days: number, now: number): Promise<void> {
    const { layout, storage, emit } = this.#deps;
    if (days === 0) return;
    for await (const { tenant, id } of filesIn(layout, "quarantine")) {
      const record = await storage.ledger.get(id);
      if (!record || !isExpired(record, days, now)) continue;
      await dropFile(layout, "quarantine", tenant, id);
      emit({ kind: "file.quarantine_expired", ...eventFields(record) });
    }
  }

  async #expireRejects(days: number, now: number): Promise<void> {
    const { storage, emit } = this.#deps;
    if (days === 0) return;
    let newest: string | null = null;
    for await (const record of this.#olderThan(days, now, this.#rejectsDropped)) {
      newest ??= record.id;
      if (!isExpired(record, days, now)) {
        // It arrived long ago but has finished recently, so it must be checked again.
        newest = null;
        continue;
      }
      if ((await storage.ledger.rejects(record.id, 0, 1)).length === 0) continue;
      await storage.ledger.clearRejects(record.id);
      emit({ kind: "file.rejects_expired", ...eventFields(record) });
    }
    this.#rejectsDropped = newest ?? this.#rejectsDropped;
  }

  /** Removes the rejects of the oldest files of tenants that have more than `most`. */
  async #boundRejects(most: number): Promise<void> {
    const { ledger } = this.#deps.storage;
    const rejected = new Map<string, number>();
    for (const { tenant, rejected: some } of await ledger.counts()) {
      rejected.set(tenant, (rejected.get(tenant) ?? 0) + some);
    }
    // The counts contain what was removed before.
    for (const [tenant, all] of rejected) if (all > most) await this.#boundRejectsOf(tenant, most);
  }

  async #boundRejectsOf(tenant: string, most: number): Promise<void> {
    const { storage: { ledger }, emit } = this.#deps;
    const last = this.#boundedAt.get(tenant) ?? "";
    let kept = 0;
    let after: string | undefined;
    for (;;) {
      const page = await ledger.list({ tenant, limit: PAGE, ...(after && { after }) });
      for (const record of page) {
        const { id, state, rows: { rejected } } = record;
        if (id <= last) return;
        const isNewest = kept === 0;
        kept += rejected;
        if (kept <= most || isNewest || rejected === 0 || !isFinal(state)) continue;
        await ledger.clearRejects(id);
        emit({ kind: "file.rejects_expired", ...eventFields(record) });
        if (id > (this.#boundedAt.get(tenant) ?? "")) this.#boundedAt.set(tenant, id);
      }
      after = page.at(-1)?.id;
      if (after === undefined) return;
    }
  }

  async #expireLedger(days: number, now: number): Promise<void> {
    const { layout, storage, emit } = this.#deps;
    if (days === 0) return;
    for await (const record of this.#olderThan(days, now, null)) {
      const { tenant, id } = record;
      if (!isExpired(record, days, now)) continue;
      for (const folder of ["archive", "quarantine"] as const) {
        await dropFile(layout, folder, tenant, id);
      }
      await storage.ledger.clearRejects(id);
      await storage.expire(tenant, id);
      await storage.ledger.remove(id);
      emit({ kind: "file.record_expired", ...eventFields(record) });
    }
  }

  /** Files that arrived more than `days` ago, newest first, down to the file `until`. */
  async *#olderThan(days: number, now: number, until: string | null): AsyncGenerator<FileRecord> {
    // Ids grow with the time of arrival, so the list can start at the first old one.
    let after = fileIdOf(now - days * DAY_MS, new Uint8Array(10));
    for (;;) {
      const page = await this.#deps.storage.ledger.list({ after, limit: PAGE });
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

function isExpired({ state, finishedAt }: FileRecord, days: number, now: number): boolean {
  return isFinal(state) && finishedAt !== null && now - finishedAt > days * DAY_MS;
}
