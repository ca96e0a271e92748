import { formatNumber } from "../../base/count.ts";
import type { TableTombstones } from "../../storage/health.ts";
import { tableTombstones } from "../../storage/open.ts";
import { type CheckContext, type Finding, list, ok, warning } from "./finding.ts";

const CHECK = "tombstones";

/** The tables of tenants in a cluster can be read in the usual pages. */
export async function checkTombstones({ config }: CheckContext): Promise<Finding[]> {
  const found = await tableTombstones(config);
  return found === null ? [] : tombstoneFindings(found);
}

/** The findings for tables with many tombstones; a single one when there are none. */
export function tombstoneFindings(found: readonly TableTombstones[]): Finding[] {
  if (found.length === 0) return [ok(CHECK, "the first page of each table has few tombstones")];
  const findings: Finding[] = [];
  const refused = found.filter(({ tombstones }) => tombstones === null);
  if (refused.length > 0) {
    const names = list(refused.map(({ table }) => table));
    const what = `the cluster refuses to read pages of 5,000 rows, for their tombstones: ${names}`;
    findings.push(warning(CHECK, what, `Read smaller pages. ${HINT}`));
  }
  const many = found.filter(({ tombstones }) => tombstones !== null);
  if (many.length > 0) {
    const shown = many.map(({ table, tombstones }) => `${table} (${formatNumber(tombstones!)})`);
    const what = `the first 5,000 rows of these tables have many tombstones: ${list(shown)}`;
    findings.push(warning(CHECK, what, HINT));
  }
  return findings;
}

const HINT =
  "Rows of an earlier version of mysimbdp have one for each missing value: replay their " +
  "files, or compact the table gc_grace_seconds later; see Missing values in docs/cassandra.md.";
