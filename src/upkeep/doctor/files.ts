import { closing } from "../../base/closing.ts";
import { formatCount } from "../../base/count.ts";
import { systemClock } from "../../base/clock.ts";
import { UploadReceipts } from "../../staging/upload_receipts.ts";
import { openLedgerOf } from "../../storage/open.ts";
import { compareFile, compareTenant, type Disagreement } from "../files/compare.ts";
import { DISAGREEMENTS } from "../files/disagreement.ts";
import { tenantsWithFiles } from "../files/facts.ts";
import { type CheckContext, type Finding, ok, warning } from "./finding.ts";

/** Files that are named in a finding. */
const SHOWN = 3;
/** Milliseconds in which a running `manage` ends what it is doing with a file. */
const SETTLE_MS = 500;

/** Ledger, receipts and folders agree about every file. */
export async function checkFiles({ config, layout, now }: CheckContext): Promise<Finding[]> {
  await using ledger = closing(openLedgerOf(config));
  using receipts = UploadReceipts.openToRead(layout.receipts);
  const deps = {
    ...{ layout, ledger, receipts, now: () => now },
    loads: ledger,
    ledgerDays: () => config.manage.ledger_days,
  };
  const suspects: { tenant: string; id: string }[] = [];
  for (const tenant of await tenantsWithFiles(layout)) {
    for await (const page of compareTenant(deps, tenant)) {
      suspects.push(...page.map(({ facts: { id } }) => ({ tenant, id })));
    }
  }
  if (suspects.length > 0) await systemClock.sleep(SETTLE_MS);
  const found = new Map<Disagreement, string[]>();
  for (const { tenant, id } of suspects) {
    const still = await compareFile(deps, tenant, id);
    if (still === null) continue;
    const { record, receipt } = still.facts;
    const shown = `${(record ?? receipt)?.name ?? "unknown"} of ${tenant} (${id})`;
    found.set(still.kind, [...found.get(still.kind) ?? [], shown]);
  }
  if (found.size === 0) return [ok("files", "records and disk agree about every file")];
  return [...found].map(([kind, files]) => {
    const more = files.length > SHOWN ? ` and ${files.length - SHOWN} more` : "";
    const { found: what, hint } = DISAGREEMENTS[kind];
    const shown = `${formatCount(files.length, "file")}: ${what}: ${
      files.slice(0, SHOWN).join(", ")
    }${more}`;
    const repaired = kind === "unknown" ? "" : ` ${REPAIRED}`;
    return warning("files", shown, `${hint}${repaired}`);
  });
}

const REPAIRED =
  "manage repairs it when it starts, and every manage.reconcile_seconds; its log says what it did.";
