import { z } from "zod";
import { Failure } from "../../base/failure.ts";
import {
  type AdminFile,
  adminFileListSchema,
  adminFileSchema,
  replayRequestSchema,
} from "../../protocol/admin_view.ts";
import { isFinal } from "../../protocol/file_view.ts";
import { PATHS } from "../../protocol/paths.ts";
import {
  type ReplayRequest,
  replayRequests,
  requestReplay,
} from "../../staging/replay_requests.ts";
import { folderOf } from "../../staging/staged.ts";
import type { FileRecord, LedgerReader } from "../../storage/contract.ts";
import { superseded } from "../../storage/failures.ts";
import { replacementOf } from "../../storage/file_versions.ts";
import { ordersOf, replayOf } from "../../storage/replay_order.ts";
import { EXAMPLE_FILE, EXAMPLE_ID } from "../api/examples.ts";
import {
  filesQuerySchema,
  pageOf,
  rejectsOf,
  viewOfRecord,
  withContext,
} from "../api/file_views.ts";
import { rejectsContract } from "../api/files.ts";
import { sendRejectsCsv } from "../api/rejects_csv.ts";
import { notFound } from "../http/problem_response.ts";
import { json, type Parameter, type Route, routesFor } from "../http/route.ts";
import { audited } from "./audit.ts";
import type { AdminDeps } from "./deps.ts";

const define = routesFor("Operators", "operator");

const querySchema = filesQuerySchema.extend({
  tenant: z.string().optional().describe("Only files of this tenant."),
});
const fileId: Parameter = { description: "A file of any tenant.", example: EXAMPLE_ID };
const ONE_FILE = `${PATHS.admin}/files/:id` as const;
const EXAMPLE: AdminFile = {
  ...EXAMPLE_FILE,
  tenant: "customer-1",
  replayRequested: false,
  replayOrder: null,
  replayOrders: ["now"],
};

/** The files of all tenants, and replaying one. */
export function adminFileRoutes(deps: AdminDeps): Route[] {
  const { ledger, layout } = deps;
  return [
    define({
      method: "get",
      path: `${PATHS.admin}/files`,
      id: "listAllFiles",
      summary: "List the files of all tenants",
      description: "Newest first.",
      query: { schema: querySchema, example: { tenant: "customer-1", limit: "1" } },
      answer: json(200, "A page of files.", adminFileListSchema, { files: [EXAMPLE], next: null }),
      problems: ["bad-request", "unavailable"],
      async handle(_c, { query }) {
        const found = await ledger.list({ ...query, limit: query.limit + 1 });
        const requested = await replayRequests(layout);
        const page = pageOf(found, query.limit);
        return { ...page, files: await views(deps, page.files, requested) };
      },
    }),
    define({
      method: "get",
      path: ONE_FILE,
      id: "showAnyFile",
      summary: "Show a file",
      params: { id: fileId },
      answer: json(200, "The file.", adminFileSchema, EXAMPLE),
      problems: ["not-found", "unavailable"],
      handle: async (_c, { params }) =>
        view(deps, await recordOf(ledger, params.id), await replayRequests(layout)),
    }),
    define({
      method: "get",
      path: `${ONE_FILE}/rejects`,
      id: "listAnyRejects",
      summary: "List a file's rejects",
      params: { id: fileId },
      ...rejectsContract,
      problems: ["bad-request", "not-found", "unavailable"],
      handle: async (_c, { params, query }) =>
        rejectsOf(ledger, (await recordOf(ledger, params.id)).id, query),
    }),
    define({
      method: "get",
      path: `${ONE_FILE}/rejects.csv`,
      id: "downloadAnyRejects",
      summary: "Download a file's rejects as CSV",
      params: { id: fileId },
      answer: {
        status: 200,
        description: "All rejects.",
        body: { mediaType: "text/csv", example: "line,column,reason,raw\r\n" },
      },
      problems: ["not-found", "unavailable"],
      handle: async (c, { params }) => sendRejectsCsv(c, ledger, await recordOf(ledger, params.id)),
    }),
    define({
      method: "post",
      path: `${ONE_FILE}/replay`,
      id: "replayFile",
      summary: "Load a file again",
      description:
        "From the archive or from quarantine, with the module that is current at that time. " +
        "`manage` queues it when it next runs. `now`: its rows win over all earlier changes, as if " +
        "it were sent now. `arrival` (Cassandra only): rows of files that arrived later win, and so " +
        "do later deletes. Without an order, a file that was loaded before is loaded as if sent " +
        "now, and another one keeps its place.",
      params: { id: fileId },
      body: { schema: replayRequestSchema, example: { order: "now" }, required: false },
      answer: json(202, "The replay is requested.", adminFileSchema, {
        ...EXAMPLE,
        replayRequested: true,
        replayOrder: "now",
      }),
      problems: ["not-found", "not-replayable", "unavailable"],
      async handle(c, { params, body }) {
        const record = await recordOf(ledger, params.id);
        const { id, tenant, name, state } = record;
        const { order = ordersOf(record, deps)[0]! } = body;
        const details = { tenant, name, state, order };
        await audited(c, deps, { action: "file.replay", subject: id, details }, async () => {
          if (!isFinal(state)) throw notReplayable(record, `it is ${state}`);
          if (await folderOf(layout, tenant, id) === null) {
            throw notReplayable(record, "it is no longer kept");
          }
          const rule = (tenant: string) => deps.modules.store.versionsRule(tenant, null);
          const later = await replacementOf(record, ledger, rule);
          if (later) {
            const { hint } = superseded(record, { fileId: later.id, version: later.version });
            throw notReplayable(record, `version ${later.version} is loaded`, hint);
          }
          await requestReplay(layout, id, replayOf(record, order, deps.now(), deps));
        });
        return view(deps, record, new Map([[id, { order }]]));
      },
    }),
  ];
}

async function recordOf(ledger: LedgerReader, id: string): Promise<FileRecord> {
  const record = await ledger.get(id);
  if (record) return record;
  throw notFound(`file ${JSON.stringify(id)}`);
}

async function view(
  deps: AdminDeps,
  record: FileRecord,
  requested: Map<string, ReplayRequest>,
): Promise<AdminFile> {
  return (await views(deps, [record], requested))[0]!;
}

function views(
  deps: AdminDeps,
  records: readonly FileRecord[],
  requested: Map<string, ReplayRequest>,
): Promise<AdminFile[]> {
  const shown = records.map((record) => {
    const { tenant } = record;
    const request = requested.get(record.id);
    const replayOrders = ordersOf(record, deps);
    return {
      ...viewOfRecord(record),
      tenant,
      replayRequested: request !== undefined,
      replayOrder: request ? request.order ?? replayOrders[0]! : null,
      replayOrders,
    };
  });
  return withContext(deps, shown, ({ tenant }) => tenant);
}

function notReplayable(
  { name }: FileRecord,
  reason: string,
  hint = "Wait until the file is done; files are kept for manage.archive_days.",
): Failure {
  return new Failure("refused", "not-replayable", `Cannot load "${name}" again: ${reason}`, {
    hint,
  });
}
