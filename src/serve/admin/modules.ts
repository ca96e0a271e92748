import { Failure } from "../../base/failure.ts";
import { isTenantName } from "../../base/tenant_name.ts";
import { changesOf } from "../../modules/diff.ts";
import { requireSeen } from "../../modules/reviewed.ts";
import { rejectVersion } from "../../modules/review.ts";
import { type VersionRecord, viewOfVersion } from "../../modules/version_record.ts";
import {
  approvalSchema,
  decisionSchema,
  type VersionReview,
  versionReviewSchema,
} from "../../protocol/admin_view.ts";
import { canRun, moduleViewSchema } from "../../protocol/module_view.ts";
import { PATHS } from "../../protocol/paths.ts";
import { EXAMPLE_MODULE, EXAMPLE_VERSION } from "../api/examples.ts";
import { type ModuleDeps, moduleOf, versionOf } from "../api/module_views.ts";
import type { AppContext } from "../http/env.ts";
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
  seen: "809cdcca80c6f443c973ebaae3c9cf6ad046fea479ac1709f2e175f9eb146ff3",
  approvalRequested: false,
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
      problems: ["not-found"],
      handle: (_c, { params }) => reviewOf(modules, tenantOf(params.name), params.version),
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
      problems: ["bad-request", "not-found", "wrong-version-state", "review-outdated"],
      async handle(c, { params, body: { note = null, seen } }) {
        const tenant = tenantOf(params.name);
        const { version, state } = await versionOf(modules, tenant, params.version);
        const details = { version, note, seen };
        await audited(c, deps, decision("approve", tenant, details), async () => {
          if (!canRun(state)) throw notApprovable(version, `it is ${state}`);
          if (await store.currentVersion(tenant) === version) {
            throw notApprovable(version, "it is already running");
          }
          await requireSeen(store, { tenant, version }, seen);
          await inbox.add(tenant, version, { verb: "approve", by: operatorOf(c), note, seen });
        });
        return await reviewOf(modules, tenant, version);
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
      problems: ["bad-request", "not-found", "wrong-version-state"],
      async handle(c, { params, body: { note = null } }) {
        const tenant = tenantOf(params.name);
        const { version } = await versionOf(modules, tenant, params.version);
        const [by, now] = [operatorOf(c), deps.now()];
        await audited(c, deps, decision("reject", tenant, { version, note }), async () => {
          await rejectVersion(modules, { tenant, version }, { by, note, now });
        });
        return await reviewOf(modules, tenant, version);
      },
    }),
  ];
}

async function reviewOf(modules: ModuleDeps, tenant: string, name: string): Promise<VersionReview> {
  const { store, inbox } = modules;
  const record: VersionRecord = await versionOf(modules, tenant, name);
  const { version } = record;
  const requests = await inbox.list();
  const { files, diff, against, permissions, seen, isOlder } = await changesOf(store, {
    tenant,
    version,
  });
  return {
    ...viewOfVersion(record),
    ...{ files, diff, against, permissions, seen, older: isOlder },
    current: version === await store.currentVersion(tenant),
    approvalRequested: requests.some((each) =>
      each.tenant === tenant && each.version === version && each.verb === "approve"
    ),
  };
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
