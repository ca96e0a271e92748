import { decisionSchema, type VersionReview } from "../../protocol/admin_view.ts";
import { Failure } from "../../base/failure.ts";
import type { ModuleView } from "../../protocol/module_view.ts";
import { rejectVersion } from "../../modules/review.ts";
import { diffModules } from "../../modules/diff.ts";
import { isVersion } from "../../modules/store.ts";
import { type VersionRecord, viewOfVersion } from "../../modules/version_record.ts";
import { isTenantName } from "../../base/tenant_name.ts";
import type { AppContext, AppHandler } from "../http/env.ts";
import { jsonBody } from "../http/json_body.ts";
import { notFound } from "../http/problem_response.ts";
import { audited } from "./audit.ts";
import type { AdminDeps } from "./deps.ts";

/** `GET /v1/admin/tenants/:name/module`: a tenant's versions, newest first. */
export function showTenantModule({ modules: { store } }: AdminDeps): AppHandler {
  return async (c) => {
    const tenant = tenantOf(c);
    const versions = (await store.records(tenant)).map(viewOfVersion).reverse();
    const current = await store.currentVersion(tenant);
    return c.json({ current, versions } satisfies ModuleView);
  };
}

/** `GET /v1/admin/tenants/:name/module/:version`: with its files, and how it differs. */
export function reviewVersion(deps: AdminDeps): AppHandler {
  return async (c) => c.json(await reviewOf(c, deps));
}

/**
 * `POST /v1/admin/tenants/:name/module/:version/approve`: `manage`, which holds the storage, makes
 * its tables and lets it run from the next file on.
 */
export function approve(deps: AdminDeps): AppHandler {
  return async (c) => {
    const { store, inbox } = deps.modules;
    const { tenant, record } = await found(c, deps);
    const { note = null } = await jsonBody(c, decisionSchema);
    const { version, state } = record;
    await audited(c, deps, named("approve", tenant, version, note), async () => {
      const usable = ["pending", "approved", "rolled-back"].includes(state);
      if (!usable) throw wrongState(record, `is ${state}`);
      if (await store.currentVersion(tenant) === version) throw wrongState(record, "runs already");
      await inbox.add(tenant, version, { verb: "approve", by: c.get("operator") ?? "", note });
    });
    return c.json(await reviewOf(c, deps), 202);
  };
}

/** `POST /v1/admin/tenants/:name/module/:version/reject`: its author sees the note. */
export function reject(deps: AdminDeps): AppHandler {
  return async (c) => {
    const { store, log } = deps.modules;
    const { tenant, record: { version } } = await found(c, deps);
    const { note = null } = await jsonBody(c, decisionSchema);
    const by = c.get("operator") ?? "";
    await audited(c, deps, named("reject", tenant, version, note), async () => {
      await rejectVersion(store, tenant, version, { by, note, now: deps.now() });
      const message = `Rejected by ${by}${note === null ? "" : `: ${note}`}`;
      await log.appendVersion(tenant, version, message, deps.now());
    });
    return c.json(await reviewOf(c, deps));
  };
}

async function reviewOf(c: AppContext, deps: AdminDeps): Promise<VersionReview> {
  const { store, inbox } = deps.modules;
  const { tenant, record } = await found(c, deps);
  const { version } = record;
  const current = await store.currentVersion(tenant);
  const against = version === current ? record.previous : current;
  const files = await store.sources(tenant, version);
  const before = against === null ? {} : await store.sources(tenant, against);
  const requests = await inbox.list();
  return {
    ...viewOfVersion(record),
    files,
    current: version === current,
    against,
    diff: diffModules(before, files),
    approvalRequested: requests.some((each) =>
      each.tenant === tenant && each.version === version && each.verb === "approve"
    ),
  };
}

async function found(
  c: AppContext,
  { modules: { store } }: AdminDeps,
): Promise<{ tenant: string; record: VersionRecord }> {
  const tenant = tenantOf(c);
  const version = c.req.param("version") ?? "";
  const isThere = isVersion(version) && (await store.versions(tenant)).includes(version);
  if (!isThere) throw notFound(c.req.path);
  return { tenant, record: await store.record(tenant, version) };
}

function tenantOf(c: AppContext): string {
  const name = c.req.param("name") ?? "";
  if (isTenantName(name)) return name;
  throw notFound(c.req.path);
}

function named(verb: string, tenant: string, version: string, note: string | null) {
  return { action: `module.${verb}`, subject: tenant, details: { version, note } };
}

function wrongState({ version }: VersionRecord, what: string): Failure {
  const text = `Cannot approve version ${version}: it ${what}`;
  return new Failure("refused", "wrong-version-state", text, {
    hint: "Only a version that was checked and does not run can be approved.",
  });
}
