import { join } from "node:path";
import { isFinal } from "../../../src/protocol/file_view.ts";
import { asCustomer, tus } from "../../harness/tus.ts";
import type { Content } from "./contents.ts";
import type { Town } from "./town.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A file as `manage files --json` prints it. */
export interface Reported {
  id: string;
  tenant: string;
  name: string;
  sha256: string;
  state: "received" | "queued" | "running" | "ingested" | "refused" | "quarantined";
  rows: { stored: number };
  reason: { code: string; message: string } | null;
  replacedBy: string | null;
}

/** All files in the ledger, by the command. */
export async function reportedFiles({ platform }: Town): Promise<Reported[]> {
  const { code, stdout } = await platform.run("manage", "files", "--json", "--limit", "100000");
  if (code !== 0) return [];
  return stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

/** Files that have not ended. */
export function pendingOf(files: Reported[]): Reported[] {
  return files.filter(({ state }) => !isFinal(state));
}

/** Everything that is wrong at the end, one line each. The services still run. */
export async function faultsOf(town: Town): Promise<string[]> {
  const files = await reportedFiles(town);
  return [
    ...rowFaults(town, files),
    ...await viewFaults(town, files),
    ...await diskFaults(town, files),
    ...await uploadFaults(town),
    ...await doctorFaults(town),
  ];
}

/** Each wanted content is loaded exactly once, or has failed as it must. */
function rowFaults(town: Town, files: Reported[]): string[] {
  const faults: string[] = [];
  const rows = new Map<string, { n: number; different: number }>();
  for (const { tenant } of town.customers) {
    const found = town.platform.query(
      tenant,
      `SELECT json_extract("content", '$.b') AS tag, count(*) AS n,
         count(DISTINCT json_extract("content", '$.a')) AS different
       FROM "items" GROUP BY tag`,
    );
    for (const { tag, n, different } of found) {
      rows.set(String(tag), { n: Number(n), different: Number(different) });
    }
  }
  for (const content of town.contents.all) {
    const { tag } = content;
    const own = files.filter((file) =>
      file.tenant === content.tenant && file.sha256 === content.sha256
    );
    const found = rows.get(tag) ?? { n: 0, different: 0 };
    rows.delete(tag);
    const fault = rowFault(content, own, found);
    const states = own.map(({ id, state, reason }) => `${id} ${state} ${reason?.code ?? ""}`);
    if (fault) faults.push(`${content.name}: ${fault}; ledger: ${states.join(", ") || "none"}`);
  }
  for (const [tag, { n }] of rows) faults.push(`${n} rows of an unknown content ${tag}`);
  return faults;
}

function rowFault(
  { rows, fails, isWanted, acknowledgedAt }: Content,
  own: Reported[],
  found: { n: number; different: number },
): string | null {
  const isLoaded = own.some(({ state, replacedBy }) => state === "ingested" && replacedBy === null);
  if (found.n !== found.different) return `${found.n} rows, ${found.different} different ones`;
  if (isLoaded !== (found.n > 0)) return `${found.n} rows are stored`;
  if (found.n > 0 && found.n !== rows) return `${found.n} of ${rows} rows are stored`;
  if (own.some(({ state, reason }) => state !== "ingested" && reason === null)) {
    return "failed without a reason";
  }
  if (acknowledgedAt !== null && own.length === 0) return "was acknowledged, and nobody knows it";
  if (!isWanted || isLoaded) return null;
  if (fails === null) return "was not loaded";
  return own.some(({ reason }) => reason?.code === fails) ? null : `did not fail with ${fails}`;
}

/** Customers see what the operator sees. */
async function viewFaults(town: Town, files: Reported[]): Promise<string[]> {
  const faults: string[] = [];
  for (const { tenant } of town.customers) {
    if (tenant === "by-hand") continue;
    const account = { url: town.url, user: tenant, password: `password-${tenant}` };
    const seen: Reported[] = [];
    for (let next: string | null = ""; next !== null;) {
      const after = next === "" ? "" : `&after=${next}`;
      const answer = await asCustomer(account, `/v1/files?limit=1000${after}`);
      const page = await answer.json();
      seen.push(...page.files);
      next = page.next;
    }
    const line = ({ id, name, state, reason }: Reported) =>
      `${id} ${name} ${state} ${reason?.code ?? ""}`;
    const theirs = new Set(seen.map(line));
    const ours = new Set(files.filter((file) => file.tenant === tenant).map(line));
    for (const each of theirs.difference(ours)) faults.push(`only GET /v1/files has ${each}`);
    for (const each of ours.difference(theirs)) faults.push(`only manage files has ${each}`);
  }
  return faults;
}

/** What lies in the folders is what the ledger says. */
async function diskFaults(town: Town, files: Reported[]): Promise<string[]> {
  const faults: string[] = [];
  const byId = new Map(files.map((file) => [file.id, file]));
  for (const { tenant } of town.customers) {
    for (const folder of ["staging", "archive", "quarantine"] as const) {
      for (const name of await town.platform.list(folder, tenant)) {
        if (name.startsWith(".") || name.endsWith(".json")) continue;
        const file = byId.get(name);
        const path = join(folder, tenant, name);
        if (!file) faults.push(`${path} is not in the ledger`);
        else if ((file.state === "ingested") !== (folder === "archive")) {
          faults.push(`${path} is ${file.state} in the ledger`);
        }
      }
    }
  }
  return faults;
}

/** Customers see each unfinished upload and can discard it; what is left has expired. */
async function uploadFaults({ customers, platform, url }: Town): Promise<string[]> {
  for (const { tenant } of customers) {
    if (tenant === "by-hand") continue;
    const account = { url, user: tenant, password: `password-${tenant}` };
    const { uploads } = await (await asCustomer(account, "/v1/uploads")).json();
    for (const { id } of uploads) await tus(account, `/v1/uploads/${id}`, { method: "DELETE" });
  }
  const left = await platform.list("uploads");
  const kept = left.filter((name) => {
    const stat = Deno.statSync(join(platform.data, "uploads", name.replace(/\.json$/, "")));
    return Date.now() - (stat.mtime?.getTime() ?? 0) < DAY_MS - HOUR_MS;
  });
  return kept.map((name) => `left in uploads: ${name}`);
}

/** Nothing is out of order: doctor finds no failure. */
async function doctorFaults({ platform }: Town): Promise<string[]> {
  const { stdout } = await platform.run("manage", "doctor", "--json");
  const findings = stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  return findings.filter(({ state }) => state === "failed").map(({ check, what }) =>
    `doctor: ${check}: ${what}`
  );
}
