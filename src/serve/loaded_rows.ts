import { type Clock, systemClock } from "../base/clock.ts";
import { Failure } from "../base/failure.ts";
import type { ModuleStore } from "../modules/store.ts";
import { isFinal } from "../protocol/file_view.ts";
import type { LoadedRows } from "../staging/presence.ts";
import type { LedgerReader, StoredRows } from "../storage/contract.ts";

/**
 * Milliseconds without a question to a ledger that did not answer: files are received also while the
 * storage is down, and each would wait for its timeout.
 */
const SILENT_MS = 30_000;
const NOTHING_RECORDED = { newest: null, same: null };

/** What ledger, load receipts and the tenants' modules say about the rows of files. */
export function loadedRows(
  ledger: LedgerReader & StoredRows,
  modules: Pick<ModuleStore, "current">,
  clock: Pick<Clock, "monotonic"> = systemClock,
): LoadedRows {
  let silentUntil = 0;
  return {
    async areStored(tenant, id) {
      const record = await ledger.get(id);
      // A failed replay leaves the rows of the first load, but its customer sees a failed file.
      const hasFailed = record !== null && isFinal(record.state) && record.state !== "ingested";
      return !hasFailed && (await ledger.stored(tenant, [id])).has(id);
    },
    async isOutdated(tenant, id, hasLater) {
      const record = await ledger.get(id);
      if (record?.reason?.code.startsWith("bytes-")) return true;
      if (!hasLater) return false;
      if (record !== null && record.replacedBy !== null) return true;
      // The later version may still wait.
      return (await modules.current(tenant))?.declaration.versions === "replace";
    },
    async recorded(tenant, name, sha256) {
      if (clock.monotonic() < silentUntil) return NOTHING_RECORDED;
      try {
        const [newest = null] = await ledger.list({ tenant, name, limit: 1 });
        const [same = null] = newest ? await ledger.list({ tenant, name, sha256, limit: 1 }) : [];
        return { newest, same };
      } catch (error) {
        if (!(error instanceof Failure) || error.kind !== "storage") throw error;
        silentUntil = clock.monotonic() + SILENT_MS;
        return NOTHING_RECORDED;
      }
    },
  };
}
