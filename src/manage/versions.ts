import { formatCount, formatNumber } from "../base/count.ts";
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

/** Tells which rows of earlier versions stay although the file replaces them. */
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
  const rows = staying.reduce((sum, other) => sum + other.rows.stored, 0);
  const [only] = staying;
  const versions = staying.length === 1
    ? `version ${only?.version}`
    : `${formatNumber(staying.length)} earlier versions`;
  return [
    `the ${formatCount(rows, "row")} of ${versions} ${rows === 1 ? "stays" : "stay"}: ` +
    `${staying.length === 1 ? "it was" : "they were"} loaded before the module declared ` +
    'versions: "replace"',
  ];
}

/** Numbers can be equal if files were put into staging by hand; ids grow with time. */
function isLater(a: FileRecord, b: FileRecord): boolean {
  return a.version > b.version || (a.version === b.version && a.id > b.id);
}
