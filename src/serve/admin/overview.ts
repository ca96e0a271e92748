import { z } from "zod";
import type { Overview, TenantHealth, Throughput } from "../../protocol/admin_view.ts";
import { isFinal } from "../../protocol/file_view.ts";
import { type Waiting, waitingFiles } from "../../staging/waiting.ts";
import type { FileRecord, LedgerReader } from "../../storage/contract.ts";
import type { AppHandler } from "../http/env.ts";
import { filesByState } from "../api/usage.ts";
import { parseQuery } from "../http/query.ts";
import type { AdminDeps } from "./deps.ts";

/** The query of `GET /v1/admin/overview`. */
export const overviewQuerySchema = z.object({
  hours: z.coerce.number().min(0.1).max(24 * 31).default(24).describe("How far back to look."),
});

const BUCKETS = 48;
const PAGE = 1000;
const MOST_FILES = 5000;

/** `GET /v1/admin/overview`: the queue, how each tenant is doing, and what was loaded when. */
export function showOverview(deps: AdminDeps): AppHandler {
  return async (c) => {
    const { hours } = parseQuery(c, overviewQuerySchema);
    const bucketMs = Math.ceil(hours * 3_600_000 / BUCKETS / 1000) * 1000;
    const waiting = await waitingFiles(deps.layout);
    const recent = await newestFiles(deps.ledger, deps.now() - BUCKETS * bucketMs);
    const oldest = least([...waiting.values()].map(({ oldestAt }) => oldestAt));
    return c.json(
      {
        queue: {
          files: [...waiting.values()].reduce((sum, { files }) => sum + files, 0),
          oldestAt: isoOrNull(oldest),
        },
        tenants: await tenantsOf(deps, waiting, recent),
        throughput: throughputOf(recent, deps.now(), bucketMs),
        bucketSeconds: bucketMs / 1000,
      } satisfies Overview,
    );
  };
}

/** The newest files: enough to see back to `since`, and at least a page to know who is failing. */
async function newestFiles(ledger: LedgerReader, since: number): Promise<FileRecord[]> {
  const found: FileRecord[] = [];
  while (found.length < MOST_FILES) {
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
  const counts = await ledger.counts();
  const accounts = users.accounts();
  const names = new Set([...accounts.keys(), ...counts.map((c) => c.tenant), ...waiting.keys()]);
  return [...names].sort().map((name) => {
    const own = counts.filter(({ tenant }) => tenant === name);
    const last = recent.find(({ tenant, state }) => tenant === name && isFinal(state));
    const failing = last && last.state !== "ingested"
      ? { fileId: last.id, name: last.name, reason: last.reason?.message ?? last.state }
      : null;
    return {
      name,
      enabled: accounts.get(name)?.enabled ?? null,
      files: filesByState(own),
      rows: {
        stored: own.reduce((sum, { stored }) => sum + stored, 0),
        rejected: own.reduce((sum, { rejected }) => sum + rejected, 0),
      },
      waiting: waiting.get(name)?.files ?? 0,
      oldestWaitingAt: isoOrNull(waiting.get(name)?.oldestAt ?? null),
      failing,
    };
  });
}

/** What was loaded in each stretch of time up to now, oldest first. */
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

function isoOrNull(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
