import { z } from "zod";
import {
  type Overview,
  overviewSchema,
  type TenantHealth,
  type Throughput,
} from "../../protocol/admin_view.ts";
import { isFinal } from "../../protocol/file_view.ts";
import { PATHS } from "../../protocol/paths.ts";
import { type Waiting, waitingFiles } from "../../staging/staged.ts";
import type { FileRecord, LedgerReader } from "../../storage/contract.ts";
import { EXAMPLE_TOTALS } from "../api/examples.ts";
import { isoTimeOrNull } from "../api/file_views.ts";
import { totalsOf } from "../api/usage.ts";
import { json, type Route, routesFor } from "../http/route.ts";
import { shortageHint, shortageText } from "../../data/free_space.ts";
import type { AdminDeps } from "./deps.ts";

const define = routesFor("Operators", "operator");

const querySchema = z.object({
  hours: z.coerce.number().min(0.1).max(24 * 31).default(24).describe(
    "The number of hours to look back.",
  ),
});

const BUCKETS = 48;
const PAGE = 1000;
const MAX_FILES = 5000;

/** How the platform is doing. */
export function overviewRoutes(deps: AdminDeps): Route[] {
  return [
    define({
      method: "get",
      path: `${PATHS.admin}/overview`,
      id: "showOverview",
      summary: "Show how the platform is doing",
      description: "The queue, the health of each tenant, and the throughput over time.",
      query: { schema: querySchema, example: { hours: "24" } },
      answer: json(200, "The overview.", overviewSchema, {
        queue: { files: 1, oldestAt: "2026-11-24T04:46:52.016Z" },
        tenants: [{
          name: "customer-1",
          enabled: true,
          ...EXAMPLE_TOTALS,
          waiting: 1,
          oldestWaitingAt: "2026-11-24T04:46:52.016Z",
          failing: null,
        }],
        throughput: [{
          at: "2026-11-24T04:30:00.000Z",
          files: 12,
          failed: 0,
          rows: 119_820,
          rejected: 15,
          bytes: 14_335_720,
        }],
        bucketSeconds: 1800,
        disk: null,
      }),
      problems: ["bad-request", "unavailable"],
      handle: (_c, { query }) => overviewOf(deps, query.hours),
    }),
  ];
}

async function overviewOf(deps: AdminDeps, hours: number): Promise<Overview> {
  const bucketMs = Math.ceil(hours * 3_600_000 / BUCKETS / 1000) * 1000;
  const waiting = await waitingFiles(deps.layout);
  const recent = await newestFiles(deps.ledger, deps.now() - BUCKETS * bucketMs);
  const oldest = least([...waiting.values()].map(({ oldestAt }) => oldestAt));
  return {
    queue: {
      files: [...waiting.values()].reduce((sum, { files }) => sum + files, 0),
      oldestAt: isoTimeOrNull(oldest),
    },
    tenants: await tenantsOf(deps, waiting, recent),
    throughput: throughputOf(recent, deps.now(), bucketMs),
    bucketSeconds: bucketMs / 1000,
    disk: diskOf(deps),
  };
}

function diskOf({ disk }: AdminDeps): Overview["disk"] {
  const shortage = disk.shortage();
  if (shortage === null) return null;
  const { cause, missingBytes } = shortage;
  return { cause, missingBytes, error: shortageText(shortage), hint: shortageHint(shortage) };
}

/** The files since a time, newest first, but at least a page, which shows the failing tenants. */
async function newestFiles(ledger: LedgerReader, since: number): Promise<FileRecord[]> {
  const found: FileRecord[] = [];
  while (found.length < MAX_FILES) {
    const after = found.at(-1)?.id;
    const page = await ledger.list({ limit: PAGE, ...(after !== undefined && { after }) });
    found.push(...page);
    if (page.length < PAGE || (page.at(-1)?.receivedAt ?? 0) < since) break;
  }
  return found;
}

async function tenantsOf(
  { users, ledger }: AdminDeps,
  waiting: Map<string, Waiting>,
  recent: FileRecord[],
): Promise<TenantHealth[]> {
  const counts = Map.groupBy(await ledger.counts(), ({ tenant }) => tenant);
  const accounts = users.accounts();
  const newest = new Map<string, FileRecord>();
  for (const file of recent.toReversed()) if (isFinal(file.state)) newest.set(file.tenant, file);
  const names = new Set([...accounts.keys(), ...counts.keys(), ...waiting.keys()]);
  return [...names].sort().map((name) => {
    const own = counts.get(name) ?? [];
    const last = newest.get(name);
    const failing = last && last.state !== "ingested"
      ? { fileId: last.id, name: last.name, reason: last.reason?.message ?? last.state }
      : null;
    return {
      name,
      enabled: accounts.get(name)?.enabled ?? null,
      ...totalsOf(own),
      waiting: waiting.get(name)?.files ?? 0,
      oldestWaitingAt: isoTimeOrNull(waiting.get(name)?.oldestAt ?? null),
      failing,
    };
  });
}

/** What was loaded in each of the equal periods up to now, oldest first. */
function throughputOf(files: FileRecord[], now: number, bucketMs: number): Throughput[] {
  const end = Math.ceil(now / bucketMs) * bucketMs;
  const start = end - BUCKETS * bucketMs;
  const buckets = Array.from({ length: BUCKETS }, (_, n) => ({
    at: new Date(start + n * bucketMs).toISOString(),
    files: 0,
    failed: 0,
    rows: 0,
    rejected: 0,
    bytes: 0,
  }));
  for (const { state, finishedAt, rows, size } of files) {
    const bucket = finishedAt === null
      ? undefined
      : buckets[Math.floor((finishedAt - start) / bucketMs)];
    if (!bucket) continue;
    bucket.files++;
    if (state !== "ingested") bucket.failed++;
    bucket.rows += rows.stored;
    bucket.rejected += rows.rejected;
    bucket.bytes += size;
  }
  return buckets;
}

function least(times: (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}
