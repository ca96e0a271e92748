import { isFinal } from "../../protocol/file_view.ts";
import type { FileFolder, Layout } from "../../data/layout.ts";
import { folderOf } from "../../staging/staged.ts";
import type { FileRecord, LedgerReader, StoredRows } from "../../storage/contract.ts";
import type { FileFacts } from "./facts.ts";

/** How records and disk can disagree about a file: what is found, what `manage` does, what to do. */
export const DISAGREEMENTS = {
  lost: {
    found: "it waits to be loaded, but its bytes are gone",
    hint: "Have the file sent again.",
  },
  "lost-unrecorded": {
    found: "it was received, but neither its bytes nor a record of the ledger are there",
    hint: "Have the file sent again.",
  },
  unrecorded: {
    found: "its bytes are there, but the ledger does not know it",
    hint: "Nothing, if the ledger was restored from a backup.",
  },
  misplaced: {
    found: "its bytes are in another folder than its state in the ledger requires",
    hint: "Nothing, after a crash or a restore.",
  },
  doubled: {
    found: "its bytes are in several folders",
    hint: "Nothing, after a restore.",
  },
  returned: {
    found: "its bytes were gone, and are there again",
    hint: "Nothing: it is loaded.",
  },
  "rows-lost": {
    found: "the ledger says that it is loaded, but the storage has no receipt of that",
    hint:
      "If it could not be loaded again, restore the tenant's rows, or have the file sent again.",
  },
  "rows-back": {
    found: "it is marked as lost, but the storage has its rows",
    hint: "Nothing, after a restore of the storage.",
  },
  "no-record-beside": {
    found: "the record beside its bytes is missing",
    hint: "Nothing.",
  },
  unknown: {
    found: "nothing says which file these bytes are",
    hint: "Move it into staging/<tenant>/ under its file name to load it, or remove it.",
  },
} as const;

export type Disagreement = keyof typeof DISAGREEMENTS;

/** Reasons of files that are refused because something of them is gone. */
const GONE = new Set(["bytes-lost", "rows-lost"]);

/** A file that has ended a moment ago may still be moved by the process that loaded it. */
const MOVING_MS = 10_000;

export interface CompareDeps {
  layout: Layout;
  ledger: Pick<LedgerReader, "list">;
  loads: StoredRows;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Days that the ledger keeps files that have ended; 0 keeps them forever. */
  ledgerDays(): number;
}

/** Whether it matters if the rows of a file are stored. */
export function needsProof({ record }: FileFacts): boolean {
  return record !== null &&
    (record.state === "ingested" || GONE.has(record.reason?.code ?? ""));
}

/**
 * Finds how records and disk disagree about a file; null when they agree.
 * @param isStored whether a load receipt proves that the file's rows are stored
 * @throws {Failure} kind `storage`
 */
export async function disagreementOf(
  deps: CompareDeps,
  facts: FileFacts,
  isStored: boolean,
): Promise<Disagreement | null> {
  const { record, receipt, bytes, sidecars } = facts;
  const [folder] = bytes;
  if (record === null) {
    if (bytes.includes("staging")) return null;
    if (folder !== undefined) {
      return receipt || sidecars.length > 0 ? "unrecorded" : "unknown";
    }
    // The ledger and serve forget old files at different times.
    return receipt && !isOld(receipt.receivedAt, deps) ? "lost-unrecorded" : null;
  }
  if (bytes.length > 1) return "doubled";
  if (!isFinal(record.state)) {
    if (folder === undefined) return "lost";
    if (folder !== "staging") return "misplaced";
    return null;
  }
  return await disagreementOfEnded(deps, { ...facts, record, folder, isStored });
}

async function disagreementOfEnded(
  deps: CompareDeps,
  { record, folder, isStored, sidecars }: FileFacts & {
    record: FileRecord;
    folder: FileFolder | undefined;
    isStored: boolean;
  },
): Promise<Disagreement | null> {
  if (record.state === "ingested") {
    const isExempt = record.replacedBy !== null || isOld(record.finishedAt ?? 0, deps);
    if (!isStored && !isExempt) return "rows-lost";
  } else if (GONE.has(record.reason?.code ?? "")) {
    if (isStored) return "rows-back";
    if (folder !== undefined && await canReturn(deps, record)) return "returned";
  }
  if (folder === undefined) return null;
  const isMoving = deps.now() - (record.finishedAt ?? 0) < MOVING_MS;
  const home = record.state === "ingested" ? "archive" : "quarantine";
  if (folder !== home) return isMoving ? null : "misplaced";
  return sidecars.includes(folder) ? null : "no-record-beside";
}

/** Whether all bytes of a lost file are there again, and it was not sent again meanwhile. */
async function canReturn({ layout, ledger }: CompareDeps, record: FileRecord): Promise<boolean> {
  const { tenant, id, name, sha256, size } = record;
  if (await folderOf(layout, tenant, id, size) === null) return false;
  const same = await ledger.list({ tenant, name, sha256, limit: 100 });
  return same.every((file) => file.id === id || (file.reason && GONE.has(file.reason.code)));
}

function isOld(time: number, { now, ledgerDays }: CompareDeps): boolean {
  const days = ledgerDays();
  return days > 0 && now() - time > days * 86_400_000;
}
