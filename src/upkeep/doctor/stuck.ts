import { formatCount } from "../../base/count.ts";
import type { FileRecord, LedgerReader, LoadStates } from "../../storage/contract.ts";
import { type Finding, warning } from "./finding.ts";

const HOUR_MS = 3_600_000;
/** Files that are read of each state, and that are named in a finding. */
const MOST = 1_000;
const SHOWN = 3;
const CHECK = "queue";

/**
 * Finds files that do not end by themselves: those that are marked as running but nobody loads, and
 * those that have waited for more than an hour because of a failure.
 */
export async function stuckFiles(
  ledger: Pick<LedgerReader, "list"> & LoadStates,
  now: number,
): Promise<Finding[]> {
  const running = await ledger.list({ state: "running", limit: MOST });
  const ownerless: FileRecord[] = [];
  for (const file of running) if (!await ledger.hasOwner(file)) ownerless.push(file);
  const queued = await ledger.list({ state: "queued", limit: MOST });
  const late = queued.filter(({ reason, receivedAt }) =>
    reason !== null && now - receivedAt > HOUR_MS
  );
  const pinned = new Map<FileRecord, string>();
  for (const file of late) {
    const version = await ledger.begun(file.tenant, file.id);
    if (version !== null) pinned.set(file, version);
  }
  const byCode = Map.groupBy(late, ({ reason }) => reason!.code);
  return [
    ...ownerless.length > 0 ? [ownerlessFiles(ownerless)] : [],
    ...[...byCode].map(([code, files]) => lateFiles(code, files, now)),
    ...pinned.size > 0 ? [pinnedFiles(pinned)] : [],
  ];
}

function ownerlessFiles(files: readonly FileRecord[]): Finding {
  const what = `${formatCount(files.length, "file")} marked as running, but no manage loads ` +
    `${files.length === 1 ? "it" : "them"}: ${names(files)}`;
  return warning(CHECK, what, `Start manage: it loads what it finds like this again. ${GIVE_UP}`);
}

function lateFiles(code: string, files: readonly FileRecord[], now: number): Finding {
  const oldest = Math.min(...files.map(({ receivedAt }) => receivedAt));
  const hours = ((now - oldest) / HOUR_MS).toFixed(1);
  const what = `${formatCount(files.length, "file")} waiting because of ${code}, the oldest for ` +
    `${hours} h: ${names(files)}`;
  return warning(
    CHECK,
    what,
    `Run mysimbdp manage files --state queued to see the reason, and remove its cause. ${GIVE_UP}`,
  );
}

function pinnedFiles(files: ReadonlyMap<FileRecord, string>): Finding {
  const versions = [...new Set(files.values())].join(", ");
  const all = [...files.keys()];
  const what = `${formatCount(all.length, "file")} that only the module version ${versions} can ` +
    `finish, because some rows may be stored: ${names(all)}`;
  return warning(
    CHECK,
    what,
    "To load a file with the current version instead, run mysimbdp manage files cancel FILE-ID, " +
      "then mysimbdp manage replay FILE-ID.",
  );
}

const GIVE_UP =
  "To give a file up, run mysimbdp manage files cancel FILE-ID: the later files of its " +
  "tenant are then loaded.";

function names(files: readonly FileRecord[]): string {
  const shown = files.slice(0, SHOWN).map(({ id, name, tenant }) => `${name} of ${tenant} (${id})`);
  const more = files.length - SHOWN;
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
}
