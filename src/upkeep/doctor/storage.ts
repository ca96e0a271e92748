import { basename, join } from "node:path";
import { closing } from "../../base/closing.ts";
import { formatCount } from "../../base/count.ts";
import { listFolder, orNull } from "../../data/durable.ts";
import { openLedgerOf } from "../../storage/open.ts";
import { databaseFault } from "../database_fault.ts";
import { type CheckContext, failed, type Finding, ok, warning } from "./finding.ts";
import { stuckFiles } from "./stuck.ts";

const HOUR_MS = 3_600_000;
const PAGE = 1_000;

/** Every database in the data directory can be read and is intact. */
export async function checkStorage({ config, layout }: CheckContext): Promise<Finding[]> {
  const engine = config.storage.url.split(":")[0] ?? "";
  const findings: Finding[] = [];
  const tenants = join(layout.db, "tenants");
  const entries = await listFolder(tenants);
  const paths = [
    layout.receipts,
    layout.ledger,
    ...entries.map(({ name }) => join(tenants, name)).filter((path) => path.endsWith(".sqlite")),
  ];
  let intact = 0;
  for (const path of paths) {
    if (!await orNull(Deno.lstat(path))) continue;
    const fault = databaseFault(path);
    if (fault === null) {
      intact++;
      continue;
    }
    const hint = "Restore it from the last backup.";
    findings.push(failed("storage", `${basename(path)}: ${fault}`, hint));
  }
  const shown = `${engine}, ${formatCount(intact, "local database")} intact`;
  return findings.length > 0 ? findings : [ok("storage", shown)];
}

/** No file has waited for long, and none has failed. */
export async function checkQueue({ config, now }: CheckContext): Promise<Finding[]> {
  await using ledger = closing(openLedgerOf(config));
  const counts = await ledger.counts();
  const sum = (...states: string[]) =>
    counts.filter(({ state }) => states.includes(state)).reduce((n, { files }) => n + files, 0);
  const waiting = sum("received", "queued");
  const quarantined = sum("quarantined");
  const failures = quarantined + sum("refused");
  const shown = `${
    formatCount(sum("ingested"), "file")
  } loaded, ${waiting} waiting, ${failures} failed`;
  const stuck = await stuckFiles(ledger, now);
  const oldest = waiting === 0 ? null : await oldestWaiting(ledger);
  const hours = oldest === null ? 0 : (now - oldest) / HOUR_MS;
  if (stuck.length > 0) return stuck;
  if (hours > 1) {
    return [warning(
      "queue",
      `${shown}; the oldest has waited for ${hours.toFixed(1)} h`,
      "Check that manage is running, and run mysimbdp manage files --state received to find tenants without a module.",
    )];
  }
  if (failures === 0) return [ok("queue", shown)];
  const state = quarantined > 0 ? "quarantined" : "refused";
  return [warning("queue", shown, `Run mysimbdp manage files --state ${state}.`)];
}

async function oldestWaiting(ledger: ReturnType<typeof openLedgerOf>): Promise<number | null> {
  let oldest: number | null = null;
  for (const state of ["received", "queued"] as const) {
    let page = await ledger.list({ state, limit: PAGE });
    for (let last; (last = page.at(-1));) {
      oldest = Math.min(oldest ?? Infinity, last.receivedAt);
      page = await ledger.list({ state, limit: PAGE, after: last.id });
    }
  }
  return oldest;
}
