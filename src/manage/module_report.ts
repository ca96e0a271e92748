import type { ModuleLog } from "../modules/module_log.ts";
import type { ModuleLogEntry } from "../protocol/module_view.ts";
import type { FileRecord, LedgerReader } from "../storage/contract.ts";
import type { Outcome } from "./outcome.ts";
import type { Probation } from "../modules/probation.ts";

/** Console lines of one file that are kept in the module's log; all of them are in the platform's. */
const MAX_CONSOLE_LINES = 20;

export interface ReportParts {
  log: ModuleLog;
  probation: Probation;
  ledger: Pick<LedgerReader, "rejects">;
}

/** What an attempt at a file came to. */
interface Attempted {
  record: FileRecord;
  /** Null where there was no module. */
  version: string | null;
  outcome: Outcome;
  /** There will be another attempt, so that this one says nothing of the module. */
  again: boolean;
  /** What the module wrote to its console. */
  console: string[];
}

/** Tells a module's author of a file, and lets it count for or against a new version. */
export async function reportToAuthor(
  { log, probation, ledger }: ReportParts,
  attempted: Attempted,
  now: number,
): Promise<void> {
  const { record, version, outcome, again, console } = attempted;
  const { id: fileId, name: file, tenant } = record;
  const at = new Date(now).toISOString();
  const entry = (kind: ModuleLogEntry["kind"], message: string): ModuleLogEntry => {
    return { at, kind, version, fileId, file, message };
  };
  const entries = console.slice(0, MAX_CONSOLE_LINES).map((line) => entry("console", line));
  if (outcome.type === "ingested") {
    const { read, rejected } = outcome.rows;
    if (rejected > 0) {
      const [first] = await ledger.rejects(fileId, 0, 1);
      const where = first &&
        `line ${first.line}${first.column === null ? "" : `, ${first.column}`}`;
      const example = first ? `, the first at ${where}: ${first.reason}` : "";
      entries.push(entry("rejects", `${rejected} of ${read} records were rejected${example}`));
    }
  } else if (outcome.type !== "released" && !again) {
    entries.push(entry("file", `it was ${stateOf(outcome)}: ${outcome.reason.message}`));
  }
  await log.append(tenant, entries);
  if (version === null || again || outcome.type === "released" || saysNothing(outcome)) return;
  const reason = outcome.type === "ingested" ? null : outcome.reason.message;
  await probation.count({ tenant, version, fileId, reason });
}

function stateOf(outcome: Outcome): string {
  return outcome.type === "refused" ? "refused" : "quarantined";
}

/** An empty file is no module's fault. */
function saysNothing(outcome: Outcome): boolean {
  return outcome.type === "refused" && outcome.reason.code === "empty-file";
}
