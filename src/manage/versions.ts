import { stayText } from "../protocol/file_versions.ts";
import type { FileRecord, LedgerReader } from "../storage/contract.ts";
import { superseded } from "../storage/failures.ts";

/** Versions of a name that are looked at, the newest first. */
const MAX_VERSIONS = 1_000;

/** A file's other versions that are loaded, the newest first. */
export async function otherLoaded(
  ledger: Pick<LedgerReader, "list">,
  { tenant, name, id }: FileRecord,
): Promise<FileRecord[]> {
  const loaded = await ledger.list({ tenant, name, state: "ingested", limit: MAX_VERSIONS });
  return loaded.filter((other) => other.id !== id);
}

/**
 * Refuses a version whose rows would replace newer ones. The storage knows only of versions that were
 * loaded by a module with `versions: "replace"`; the ledger knows all.
 * @throws {Failure} `superseded`
 */
export function refuseSuperseded(file: FileRecord, others: readonly FileRecord[]): void {
  const later = others.find((other) => isLater(other, file));
  if (later) throw superseded(file, { fileId: later.id, version: later.version });
}

/** Notices about rows of earlier versions that stay although the file replaces the others. */
export function stayNotices(
  file: FileRecord,
  others: readonly FileRecord[],
  replacedFiles: readonly string[],
): string[] {
  const staying = others.filter((other) =>
    !isLater(other, file) && other.replacedBy === null && other.rows.stored > 0 &&
    !replacedFiles.includes(other.id)
  );
  if (staying.length === 0) return [];
  const versions = staying.map(({ version }) => version);
  const rows = staying.reduce((sum, other) => sum + other.rows.stored, 0);
  const stay = stayText({ versions, rows, complete: others.length < MAX_VERSIONS - 1 });
  return [`${stay}: the module did not declare versions: "replace" when they were loaded`];
}

/** Numbers can be equal if files were put into staging by hand; ids grow with time. */
function isLater(a: FileRecord, b: FileRecord): boolean {
  return a.version > b.version || (a.version === b.version && a.id > b.id);
}
