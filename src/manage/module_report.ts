import type { ModuleLog } from "../modules/module_log.ts";
import type { ModuleLogEntry } from "../protocol/module_view.ts";
import type { FileRecord, LedgerReader } from "../storage/contract.ts";
import type { Outcome } from "./outcome.ts";
import type { Probation } from "../modules/probation.ts";

/** Console lines of one file in the module's log; the service's own log has all of them. */
const MAX_CONSOLE_LINES = 20;

/** Reasons of files that were not loaded which are not the module's fault. */
const FAULTLESS = ["empty-file", "superseded", "cancelled"];

export interface ReportDeps {
  log: ModuleLog;
  probation: Probation;
  ledger: Pick<LedgerReader, "rejects">;
}

/** How an attempt at a file went. */
interface AttemptReport {
  record: FileRecord;
  /** The module's version; null without a module. */
  version: string | null;
  outcome: Outcome;
  /** Another attempt follows, so this one is not held against the module. */
  again: boolean;
  /** The module's console output. */
  console: string[];
}

/** Writes an attempt to the module's log and counts the file for a version on probation. */
export async function reportToAuthor(
  { log, probation, ledger }: ReportDeps,
  { record, version, outcome, again, console }: AttemptReport,
  now: number,
): Promise<void> {
  const { id: fileId, name: file, tenant } = record;
  const at = new Date(now).toISOString();
  const entry = (kind: ModuleLogEntry["kind"], message: string): ModuleLogEntry => {
    return { at, kind, version, fileId, file, message };
  };
  const entries = console.slice(0, MAX_CONSOLE_LINES).map((line) => entry("console", line));
  const isSettled = outcome.type !== "released" && !again;
  if (outcome.type === "ingested") {
    const { read, rejected } = outcome.rows;
    const [first] = rejected > 0 ? await ledger.rejects(fileId, 0, 1) : [];
    if (first) {
      const column = first.column === null ? "" : `, ${first.column}`;
      const example = `the first at line ${first.line}${column}: ${first.reason}`;
      entries.push(entry("rejects", `${rejected} of ${read} records were rejected, ${example}`));
    }
  } else if (isSettled) {
    const state = outcome.type === "refused" ? "Refused" : "Quarantined";
    const { message } = outcome.type === "retry" ? outcome.lastReason : outcome.reason;
    entries.push(entry("file", `${state}: ${message}`));
  }
  if (isSettled && "notices" in outcome) {
    entries.push(...(outcome.notices ?? []).map((text) => entry("notice", text)));
  }
  await log.append(tenant, entries);
  // A failure of the platform ends with another reason than that of its retries.
  const isPlatforms = outcome.type === "retry" && outcome.lastReason !== outcome.reason;
  const isFaultless = isPlatforms ||
    (outcome.type !== "ingested" && "reason" in outcome && FAULTLESS.includes(outcome.reason.code));
  if (version === null || !isSettled || isFaultless) return;
  const reason = outcome.type === "ingested" ? null : outcome.reason.message;
  await probation.count({ tenant, version, fileId, reason });
}
