import { Failure } from "../base/failure.ts";
import type { ModuleStore } from "../modules/store.ts";
import { isFinal } from "../protocol/file_view.ts";
import type { LoadedRows } from "../staging/presence.ts";
import type { LedgerReader, StoredRows } from "../storage/contract.ts";

/** What ledger, load receipts and the tenants' modules say about the rows of files. */
export function loadedRows(
  ledger: LedgerReader & StoredRows,
  modules: Pick<ModuleStore, "current">,
): LoadedRows {
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
      try {
        const [newest] = await ledger.list({ tenant, name, limit: 1 });
        const [same] = newest ? await ledger.list({ tenant, name, sha256, limit: 1 }) : [];
        return { newest: newest ?? null, same: same ?? null };
      } catch (error) {
        // Files are received also while the storage is down.
        if (error instanceof Failure && error.kind === "storage") {
          return { newest: null, same: null };
        }
        throw error;
      }
    },
  };
}
