import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { listFolder, orNull } from "../../data/durable.ts";
import { openLedgerOf } from "../../storage/open.ts";
import { failed, type Finding, ok, type Patient, warning } from "./finding.ts";

const HOUR_MS = 3_600_000;
const PAGE = 1_000;

/** Every database here answers and is sound. */
export async function checkStorage({ config, layout }: Patient): Promise<Finding[]> {
  const engine = config.storage.url.split(":")[0] ?? "";
  const findings: Finding[] = [];
  const tenants = join(layout.db, "tenants");
  const entries = await listFolder(tenants);
  const paths = [
    layout.receipts,
    layout.ledger,
    ...entries.map(({ name }) => join(tenants, name)).filter((path) => path.endsWith(".sqlite")),
  ];
  let sound = 0;
  for (const path of paths) {
    if (!await orNull(Deno.lstat(path))) continue;
    const fault = faultOf(path);
    if (fault === null) sound++;
    else {
      findings.push(
        failed("storage", `${basename(path)}: ${fault}`, "Restore it from the last backup."),
      );
    }
  }
  const where = engine === "sqlite" ? "" : " here";
  const shown = `${engine}, ${sound} databases${where} sound`;
  return findings.length > 0 ? findings : [ok("storage", shown)];
}

/** @returns what is wrong with a database; null when nothing is */
function faultOf(path: string): string | null {
  const db = new DatabaseSync(path);
  try {
    db.exec("PRAGMA busy_timeout=5000");
    const told = Object.values(db.prepare("PRAGMA quick_check(1)").get() ?? {})[0];
    return told === "ok" ? null : String(told);
  } catch (error) {
    return (error as Error).message;
  } finally {
    db.close();
  }
}

/** Nothing has waited for long, and nothing lies in quarantine. */
export async function checkQueue({ config, now }: Patient): Promise<Finding[]> {
  const ledger = openLedgerOf(config);
  try {
    const counts = await ledger.counts();
    const sum = (...states: string[]) =>
      counts.filter(({ state }) => states.includes(state)).reduce((n, { files }) => n + files, 0);
    const waiting = sum("received", "queued");
    const quarantined = sum("quarantined", "refused");
    const shown = `${sum("ingested")} files ingested, ${waiting} waiting, ${quarantined} kept out`;
    const oldest = waiting === 0 ? null : await oldestWaiting(ledger);
    const hours = oldest === null ? 0 : (now - oldest) / HOUR_MS;
    if (hours > 1) {
      return [warning(
        "queue",
        `${shown}; the oldest has waited ${hours.toFixed(1)} h`,
        "See mysimbdp manage files --state received: is manage running, has the tenant a module?",
      )];
    }
    if (quarantined === 0) return [ok("queue", shown)];
    return [warning("queue", shown, "See mysimbdp manage files --state quarantined")];
  } finally {
    await ledger.close();
  }
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
