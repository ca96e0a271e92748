import { z } from "zod";
import type { AdminFile, AdminFileList } from "../../protocol/admin_view.ts";
import { Failure } from "../../base/failure.ts";
import { isFinal } from "../../protocol/file_view.ts";
import { replayRequests, requestReplay } from "../../staging/replay_requests.ts";
import { shelfOf } from "../../staging/staged.ts";
import type { FileRecord } from "../../storage/contract.ts";
import type { AppContext, AppHandler } from "../http/env.ts";
import { listQuerySchema, rejectsPage, viewOfRecord } from "../api/files.ts";
import { notFound } from "../http/problem_response.ts";
import { parseQuery } from "../http/query.ts";
import { rejectsCsv } from "../api/rejects_csv.ts";
import { audited } from "./audit.ts";
import type { AdminDeps } from "./deps.ts";

/** The query of `GET /v1/admin/files`. */
export const adminListQuerySchema = listQuerySchema.extend({
  tenant: z.string().optional().describe("Only this tenant's files."),
});

/** `GET /v1/admin/files`: everybody's files in the ledger, newest first. */
export function listAllFiles({ ledger, layout }: AdminDeps): AppHandler {
  return async (c) => {
    const query = parseQuery(c, adminListQuerySchema);
    const found = await ledger.list({ ...query, limit: query.limit + 1 });
    const requested = await replayRequests(layout);
    const files = found.slice(0, query.limit).map((record) => view(record, requested));
    const next = found.length > query.limit ? files.at(-1)?.id ?? null : null;
    return c.json({ files, next } satisfies AdminFileList);
  };
}

/** `GET /v1/admin/files/:id` */
export function showAnyFile(deps: AdminDeps): AppHandler {
  return async (c) => {
    const record = await recordOf(c, deps);
    return c.json(view(record, await replayRequests(deps.layout)));
  };
}

/** `GET /v1/admin/files/:id/rejects` */
export function listAnyRejects(deps: AdminDeps): AppHandler {
  return async (c) => await rejectsPage(c, deps.ledger, (await recordOf(c, deps)).id);
}

/** `GET /v1/admin/files/:id/rejects.csv` */
export function downloadAnyRejects(deps: AdminDeps): AppHandler {
  return async (c) => rejectsCsv(c, deps.ledger, await recordOf(c, deps));
}

/** `POST /v1/admin/files/:id/replay`: `manage` puts it into the queue again as soon as it runs. */
export function replay(deps: AdminDeps): AppHandler {
  return async (c) => {
    const record = await recordOf(c, deps);
    const { id, tenant, name, state } = record;
    const details = { tenant, name, state };
    await audited(c, deps, { action: "file.replay", subject: id, details }, async () => {
      if (!isFinal(state)) throw notReplayable(record, `it is ${state}`);
      if (await shelfOf(deps.layout, tenant, id) === null) {
        throw notReplayable(record, "its bytes are gone");
      }
      await requestReplay(deps.layout, id);
    });
    return c.json(view(record, new Set([id])), 202);
  };
}

async function recordOf(c: AppContext, { ledger }: AdminDeps): Promise<FileRecord> {
  const record = await ledger.get(c.req.param("id") ?? "");
  if (record) return record;
  throw notFound(c.req.path);
}

function view(record: FileRecord, requested: Set<string>): AdminFile {
  const { id, tenant } = record;
  return { ...viewOfRecord(record), tenant, replayRequested: requested.has(id) };
}

function notReplayable({ name }: FileRecord, why: string): Failure {
  return new Failure("refused", "not-replayable", `Cannot load "${name}" again: ${why}`, {
    hint: "Wait until it has come to an end; the archive keeps files only for a time.",
  });
}
