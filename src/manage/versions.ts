import { stayText } from "../protocol/file_versions.ts";
import type { FileRecord, LedgerReader } from "../storage/contract.ts";
import { superseded } from "../storage/failures.ts";
import { hasRows, isEarlier, MAX_OF_FILE } from "../storage/file_versions.ts";

/** A file's other versions that are loaded, the newest first. */
export async function otherLoaded(
  ledger: Pick<LedgerReader, "list">,
  { tenant, name, id }: FileRecord,
): Promise<FileRecord[]> {
  const loaded = await ledger.list({ tenant, name, state: "ingested", limit: MAX_OF_FILE });
  return loaded.filter((other) => other.id !== id);
}

/**
 * Refuses a version whose rows would replace newer ones. The storage knows only of versions that were
 * loaded by a module with `versions: "replace"`; the ledger knows all.
 * @throws {Failure} `superseded`
 */
export function refuseSuperseded(file: FileRecord, others: readonly FileRecord[]): void {
  const later = others.find((other) => isEarlier(file, other));
  if (later) throw superseded(file, { fileId: later.id, version: later.version });
}

/** Notices about rows of earlier versions that stay although the file replaces the others. */
export function stayNotices(
  file: FileRecord,
  others: readonly FileRecord[],
  replacedFiles: readonly string[],
): string[] {
  const staying = others.filter((other) =>
    isEarlier(other, file) && hasRows(other) && !replacedFiles.includes(other.id)
  );
  if (staying.length === 0) return [];
  const versions = staying.map(({ version }) => version);
  const rows = staying.reduce((sum, other) => sum + other.rows.stored, 0);
  const stay = stayText({ versions, rows, complete: others.length < MAX_OF_FILE - 1 });
  return [`${stay}: the module did not declare versions: "replace" when they were loaded`];
}
