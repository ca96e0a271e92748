import { FILE_STATES, type FileState } from "../../protocol/file_view.ts";
import type { Usage } from "../../protocol/usage.ts";
import type { Intake } from "../../staging/intake.ts";
import type { LedgerReader } from "../../storage/contract.ts";
import { mostUnfinished } from "../uploads/places.ts";
import type { ConstraintsOf } from "./constraints.ts";

/** Where the totals come from. */
export interface UsageDeps {
  intake: Intake;
  ledger: LedgerReader;
  constraintsOf: ConstraintsOf;
  /** The most unfinished uploads of a tenant, whatever their batch. */
  maxUnfinished: number;
}

/** A tenant's total files and rows, and the number of uploads that it can still begin. */
export async function usageOf(
  { intake, ledger, constraintsOf, maxUnfinished }: UsageDeps,
  tenant: string,
): Promise<Usage> {
  const counts = (await ledger.counts()).filter((count) => count.tenant === tenant);
  const all = intake.uploads.list(tenant);
  const unfinished = all.filter(({ info }) => info.counted).length;
  const constraints = await constraintsOf(tenant);
  const left = Math.min(
    constraints.number_files - unfinished,
    mostUnfinished({ maxUnfinished }, constraints) - all.length,
  );
  return {
    ...totalsOf(counts),
    uploads: { unfinished, left: Math.max(0, left) },
  };
}

/** The sums of counts: files by state, and rows. */
export function totalsOf(
  counts: { state: FileState; files: number; stored: number; rejected: number }[],
): Pick<Usage, "files" | "rows"> {
  const files = Object.fromEntries(FILE_STATES.map((state) => [state, 0])) as Usage["files"];
  const rows = { stored: 0, rejected: 0 };
  for (const count of counts) {
    files[count.state] += count.files;
    rows.stored += count.stored;
    rows.rejected += count.rejected;
  }
  return { files, rows };
}
