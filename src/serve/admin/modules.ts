import { z } from "zod";
import { Failure } from "../../base/failure.ts";
import { isTenantName } from "../../base/tenant_name.ts";
import type { DiffPage } from "../../modules/diff_pages.ts";
import { readReviewed, requireSeen } from "../../modules/reviewed.ts";
import { rejectVersion } from "../../modules/review.ts";
import type { SourceChanges } from "../../modules/source_worker.ts";
import type { TenantVersion } from "../../modules/store.ts";
import { type VersionRecord, viewOfVersion } from "../../modules/version_record.ts";
import {
  approvalSchema,
  decisionSchema,
  type Review,
  type VersionChanges,
  versionChangesSchema,
  versionReviewSchema,
} from "../../protocol/admin_view.ts";
import { canRun, moduleViewSchema } from "../../protocol/module_view.ts";
import { PATHS } from "../../protocol/paths.ts";
import { EXAMPLE_MODULE, EXAMPLE_VERSION } from "../api/examples.ts";
import { sourceContract, sourcesContract } from "../api/module.ts";
import {
  type ModuleDeps,
  moduleOf,
  sourcePage,
  versionOf,
  versionSources,
} from "../api/module_views.ts";
import type { AppContext } from "../http/env.ts";
import { sendJsonParts } from "../http/json_stream.ts";
import { notFound } from "../http/problem_response.ts";
import { json, type Parameter, type Route, routesFor } from "../http/route.ts";
import { audited } from "./audit.ts";
import type { AdminDeps } from "./deps.ts";
import { tenantParam } from "./tenants.ts";

const define = routesFor("Operators", "operator");

const version: Parameter = {
  description: "A version of the tenant's module.",
  example: EXAMPLE_VERSION.version,
};
const params = { name: tenantParam, version };
const MODULE = `${PATHS.admin}/tenants/:name/module` as const;
const changesQuerySchema = z.object({
  page: z.coerce.number().int().positive().default(1).describe("From 1."),
});
const ONE_VERSION = `${MODULE}/:version` as const;
const EXAMPLE = {
  ...EXAMPLE_VERSION,
  state: "pending",
  decidedAt: null,
  decidedBy: null,
  files: EXAMPLE_MODULE,
  current: false,
  against: null,
  diff:
    '--- /dev/null\n+++ b/ingest.ts\n@@ -0,0 +1,1 @@\n+import { csv, defineIngest } from "mysimbdp";\n',
  permissions: { write: ["readings"], read: [], net: [], secrets: [] },
  older: false,
  seen: "6580b1f664ae9d419a6d77b84478e412f6f07a01d861a88ee7ab73f433ec659a",
  approvalRequested: false,
};

const { files: _files, diff: _diff, ...EXAMPLE_REVIEW } = EXAMPLE;
const EXAMPLE_CHANGES = {
  ...EXAMPLE_REVIEW,
  page: 1,
  pages: 1,
  lines: [
    { text: "--- /dev/null", tone: "at" as const },
    { text: "+++ b/ingest.ts", tone: "at" as const },
    { text: "@@ -0,0 +1,1 @@", tone: "at" as const },
    { text: '+import { csv, defineIngest } from "mysimbdp";', tone: "add" as const },
  ],
  startsWithin: false,
  endsWithin: false,
};

/** The modules of all tenants, and approving or rejecting a version. */
export function adminModuleRoutes(deps: AdminDeps): Route[] {
  const { modules } = deps;
  const { store, inbox } = modules;
  return [
    define({
      method: "get",
      path: MODULE,
      id: "showTenantModule",
      summary: "List the versions of a tenant's module",
      params: { name: tenantParam },
      answer: json(200, "The versions, newest first, and the one that runs.", moduleViewSchema, {
        current: null,
        versions: [EXAMPLE_VERSION],
      }),
      problems: ["not-found"],
      handle: (_c, { params }) => moduleOf(modules, tenantOf(params.name)),
    }),
    define({
      method: "get",
      path: ONE_VERSION,
      id: "reviewVersion",
      summary: "Show a version and what it changes",
      description: "`diff` is a unified diff against the version that runs; files that are too " +
        "different to compare are in it in full. The approval has to name `seen`.",
      params,
      answer: json(200, "The version.", versionReviewSchema, EXAMPLE),
      problems: ["not-found", "too-busy"],
      handle: (c, { params }) => sendReview(c, 200, modules, atOf(params)),
    }),
    define({
      method: "get",
      path: `${ONE_VERSION}/changes`,
      id: "showVersionChanges",
      summary: "Show a page of what a version changes",
      description: "The lines of `diff`, up to 1,000 and 262,144 UTF-16 units. A longer line " +
        "continues on the next page. After the last page, the last one is shown again.",
      params,
      query: { schema: changesQuerySchema, example: { page: "1" } },
      answer: json(200, "The page.", versionChangesSchema, EXAMPLE_CHANGES),
      problems: ["bad-request", "not-found", "too-busy"],
      handle: (_c, { params, query }) => changesPage(modules, atOf(params), query.page),
    }),
    define({
      method: "get",
      path: `${ONE_VERSION}/sources`,
      id: "listVersionSources",
      summary: "List the files of a version of a tenant's module",
      params,
      ...sourcesContract,
      handle(_c, { params }) {
        const { tenant, version } = atOf(params);
        return versionSources(modules, tenant, version, null);
      },
    }),
    define({
      method: "get",
      path: `${ONE_VERSION}/source`,
      id: "showVersionSource",
      summary: "Show a page of a file of a version of a tenant's module",
      params,
      ...sourceContract,
      handle: (_c, { params, query }) => sourcePage(modules, atOf(params), query, null),
    }),
    define({
      method: "post",
      path: `${ONE_VERSION}/approve`,
      id: "approveVersion",
      summary: "Approve a version",
      description: "It runs from the next file on, as soon as `manage` has created its tables. " +
        "Approving an earlier version restores it. `seen` is that of the version as you have read " +
        "it; if something else would be approved by now, the approval is refused.",
      params,
      body: { schema: approvalSchema, example: { seen: EXAMPLE.seen, note: "thank you" } },
      answer: json(202, "The approval is recorded; `manage` applies it.", versionReviewSchema, {
        ...EXAMPLE,
        approvalRequested: true,
      }),
      problems: ["bad-request", "not-found", "wrong-version-state", "review-outdated", "too-busy"],
      async handle(c, { params, body: { note = null, seen } }) {
        const tenant = tenantOf(params.name);
        const { version, state } = await versionOf(modules, tenant, params.version);
        const details = { version, note, seen };
        await audited(c, deps, decision("approve", tenant, details), async () => {
          if (!canRun(state)) throw notApprovable(version, `it is ${state}`);
          if (await store.currentVersion(tenant) === version) {
            throw notApprovable(version, "it is already running");
          }
          const at = { tenant, version };
          requireSeen(at, await readReviewed(store, at), seen);
          await inbox.add(tenant, version, { verb: "approve", by: operatorOf(c), note, seen });
        });
        return await sendReview(c, 202, modules, { tenant, version });
      },
    }),
    define({
      method: "post",
      path: `${ONE_VERSION}/reject`,
      id: "rejectVersion",
      summary: "Reject a version",
      params,
      body: { schema: decisionSchema, example: { note: "dates are not parsed" } },
      answer: json(200, "The version is rejected; its author sees the note.", versionReviewSchema, {
        ...EXAMPLE,
        state: "rejected",
      }),
      problems: ["bad-request", "not-found", "wrong-version-state", "too-busy"],
      async handle(c, { params, body: { note = null } }) {
        const tenant = tenantOf(params.name);
        const { version } = await versionOf(modules, tenant, params.version);
        const [by, now] = [operatorOf(c), deps.now()];
        await audited(c, deps, decision("reject", tenant, { version, note }), async () => {
          await rejectVersion(modules, { tenant, version }, { by, note, now });
        });
        return await sendReview(c, 200, modules, { tenant, version });
      },
    }),
  ];
}

async function reviewOf(
  modules: ModuleDeps,
  { tenant, version: name }: TenantVersion,
): Promise<{ review: Review; changes: SourceChanges }> {
  const { store, inbox, sources } = modules;
  const record: VersionRecord = await versionOf(modules, tenant, name);
  const { version } = record;
  const requests = await inbox.list();
  const { against, permissions, seen, isOlder, changes } = await sources.review({
    tenant,
    version,
  });
  const review = {
    ...viewOfVersion(record),
    ...{ against, permissions, seen, older: isOlder },
    current: version === await store.currentVersion(tenant),
    approvalRequested: requests.some((each) =>
      each.tenant === tenant && each.version === version && each.verb === "approve"
    ),
  };
  return { review, changes };
}

/** Answers with a version, all its files and the whole diff, which can have 40 MB. */
async function sendReview(
  c: AppContext,
  status: 200 | 202,
  modules: ModuleDeps,
  at: TenantVersion,
): Promise<Response> {
  const { review, changes } = await reviewOf(modules, at);
  const path = modules.store.sourcePath(at.tenant, review.version);
  const files = { path, missing: "{}" };
  return sendJsonParts(c, status, review, { diff: changes.diff, files });
}

async function changesPage(
  modules: ModuleDeps,
  at: TenantVersion,
  page: number,
): Promise<VersionChanges> {
  const { review, changes: { pages, ends } } = await reviewOf(modules, at);
  const index = Math.min(page, ends.length) - 1;
  const bytes = pages.subarray(ends[index - 1] ?? 0, ends[index]);
  const shown: DiffPage = JSON.parse(new TextDecoder().decode(bytes));
  return { ...review, page: index + 1, pages: ends.length, ...shown };
}

function atOf({ name, version }: { name: string; version: string }): TenantVersion {
  return { tenant: tenantOf(name), version };
}

function tenantOf(name: string): string {
  if (isTenantName(name)) return name;
  throw notFound(`tenant ${JSON.stringify(name)}`);
}

function operatorOf(c: AppContext): string {
  return c.get("operator") ?? "";
}

function decision(verb: string, tenant: string, details: Record<string, unknown>) {
  return { action: `module.${verb}`, subject: tenant, details };
}

function notApprovable(version: string, reason: string): Failure {
  const text = `Cannot approve version ${version}: ${reason}`;
  return new Failure("refused", "wrong-version-state", text, {
    hint: "Approve a version that is pending or was used before.",
  });
}
