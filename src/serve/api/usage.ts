import { FILE_STATES, type FileState } from "../../protocol/file_view.ts";
import type { Usage } from "../../protocol/usage.ts";
import type { Intake } from "../../staging/intake.ts";
import type { LedgerReader } from "../../storage/contract.ts";
import type { ConstraintsOf } from "./constraints.ts";
import type { AppHandler } from "../http/env.ts";

/** What the sums are made of. */
interface UsageDeps {
  intake: Intake;
  ledger: LedgerReader;
  constraintsOf: ConstraintsOf;
}

/** `GET /v1/usage`: the caller's files and rows in sum, and what of its limits is left. */
export function showUsage({ intake, ledger, constraintsOf }: UsageDeps): AppHandler {
  return async (c) => {
    const tenant = c.get("tenant");
    const counts = (await ledger.counts()).filter((count) => count.tenant === tenant);
    const unfinished = intake.uploads.list(tenant).filter(({ info }) => info.counted).length;
    const { number_files } = await constraintsOf(tenant);
    return c.json(
      {
        files: filesByState(counts),
        rows: {
          stored: counts.reduce((sum, { stored }) => sum + stored, 0),
          rejected: counts.reduce((sum, { rejected }) => sum + rejected, 0),
        },
        uploads: { unfinished, left: Math.max(0, number_files - unfinished) },
      } satisfies Usage,
    );
  };
}

/** How many files are in each state. */
export function filesByState(
  counts: { state: FileState; files: number }[],
): Record<FileState, number> {
  const sums: Record<FileState, number> = {
    received: 0,
    queued: 0,
    running: 0,
    ingested: 0,
    refused: 0,
    quarantined: 0,
  };
  for (const state of FILE_STATES) {
    for (const count of counts) if (count.state === state) sums[state] += count.files;
  }
  return sums;
}
