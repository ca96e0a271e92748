import {
  adminFileListSchema,
  adminFileSchema,
  auditListSchema,
  overviewSchema,
  tenantListSchema,
  tenantViewSchema,
  versionReviewSchema,
} from "../../protocol/admin_view.ts";
import { constraintsSchema } from "../../protocol/constraints.ts";
import { fileListSchema, fileViewSchema, rejectListSchema } from "../../protocol/file_view.ts";
import {
  moduleLogSchema,
  moduleViewSchema,
  testRunSchema,
  versionWithFilesSchema,
} from "../../protocol/module_view.ts";
import { usageSchema } from "../../protocol/usage.ts";
import type { AppContext, AppHandler } from "../http/env.ts";
import { AuditPage } from "./audit_page.tsx";
import { ErrorPage } from "./error_page.tsx";
import { FilePage } from "./file_page.tsx";
import { FilesPage } from "./files_page.tsx";
import { ApiRefusal, type ReadApi } from "./inner_api.ts";
import { ModulePage, VersionPage } from "./module_pages.tsx";
import { ReviewPage } from "./review_page.tsx";
import { OperatorFilesPage } from "./operator_files.tsx";
import { OperatorPage } from "./operator_page.tsx";
import { sendPage, type Viewer } from "./page.tsx";
import { link } from "./parts.tsx";
import { REJECTS_PAGE } from "./rejects.tsx";
import { HOME, type SignInDeps, viewerOf } from "./sign_in.ts";
import { TenantPage, TenantsPage } from "./tenant_pages.tsx";

/** What the pages need: who is signed in, and the API. */
export interface PageDeps extends SignInDeps {
  readApi: ReadApi;
}

function nullIfMissing(error: unknown): null {
  if (error instanceof ApiRefusal && error.status === 404) return null;
  throw error;
}

type Show = (c: AppContext, deps: PageDeps, viewer: Viewer) => Promise<unknown>;

/**
 * Returns a page for one role. Viewers who are not signed in are redirected to the sign-in page,
 * viewers with the other role to that role's home page.
 */
function pageFor(role: Viewer["role"], show: Show): (deps: PageDeps) => AppHandler {
  return (deps) => async (c) => {
    const viewer = viewerOf(c, deps);
    if (!viewer) return c.redirect("/sign-in", 303);
    if (viewer.role !== role) return c.redirect(HOME[viewer.role], 303);
    try {
      return await sendPage(c, await show(c, deps, viewer) as Parameters<typeof sendPage>[1]);
    } catch (error) {
      if (!(error instanceof ApiRefusal)) throw error;
      const { status, message: detail } = error;
      const known = status === 404 || status === 400 ? status : 503;
      return await sendPage(c, ErrorPage({ ...deps, viewer, detail }), known);
    }
  };
}

/** `GET /` */
export const filesPage = pageFor("customer", async (c, { readApi, version }, viewer) => {
  const { state, after } = c.req.query();
  const list = await readApi(c, link("/v1/files", { state, after, limit: "50" }), fileListSchema);
  const constraints = await readApi(c, "/v1/constraints", constraintsSchema);
  const usage = await readApi(c, "/v1/usage", usageSchema);
  return FilesPage({ version, viewer, constraints, usage, list, state });
});

/** `GET /files/:id` */
export const filePage = pageFor("customer", async (c, { readApi, version }, viewer) => {
  const path = `/v1/files/${encodeURIComponent(c.req.param("id") ?? "")}`;
  const file = await readApi(c, path, fileViewSchema);
  const after = Number(c.req.query("after") ?? 0);
  const page = link(`${path}/rejects`, { after: String(after), limit: String(REJECTS_PAGE) });
  const rejects = await readApi(c, page, rejectListSchema);
  return FilePage({ version, viewer, file, rejects, after });
});

/** `GET /module` */
export const modulePage = pageFor("customer", async (c, { readApi, version }, viewer) => {
  const module = await readApi(c, "/v1/module", moduleViewSchema);
  const { entries: log } = await readApi(c, "/v1/module/log", moduleLogSchema);
  return ModulePage({ version, viewer, module, log });
});

/** `GET /module/:version` */
export const versionPage = pageFor("customer", async (c, { readApi, version }, viewer) => {
  const path = `/v1/module/${encodeURIComponent(c.req.param("version") ?? "")}`;
  const shown = await readApi(c, path, versionWithFilesSchema);
  const testRun = await readApi(c, `${path}/test-run`, testRunSchema).catch(nullIfMissing);
  return VersionPage({ version, viewer, shown, testRun });
});

/** `GET /operator/tenants/:name/module/:version` */
export const reviewPage = pageFor("operator", async (c, { readApi, version }, viewer) => {
  const tenant = c.req.param("name") ?? "";
  const path = `/v1/admin/tenants/${encodeURIComponent(tenant)}/module`;
  const asked = encodeURIComponent(c.req.param("version") ?? "");
  const review = await readApi(c, `${path}/${asked}`, versionReviewSchema);
  return ReviewPage({ version, viewer, tenant, review });
});

/** `GET /operator` */
export const operatorPage = pageFor("operator", async (c, { readApi, version, now }, viewer) => {
  const hours = c.req.query("hours") ?? "24";
  const overview = await readApi(c, link("/v1/admin/overview", { hours }), overviewSchema);
  const path = "/v1/admin/files?state=quarantined&limit=10";
  const { files: quarantined } = await readApi(c, path, adminFileListSchema);
  const { tenants } = await readApi(c, "/v1/admin/tenants", tenantListSchema);
  const props = { version, viewer, overview, quarantined, hours, tenants };
  return OperatorPage({ ...props, now: now() });
});

/** `GET /operator/files` */
export const operatorFilesPage = pageFor("operator", async (c, { readApi, version }, viewer) => {
  const { state, tenant, after } = c.req.query();
  const path = link("/v1/admin/files", { state, tenant, after, limit: "50" });
  const list = await readApi(c, path, adminFileListSchema);
  return OperatorFilesPage({ version, viewer, list, state, tenant });
});

/** `GET /operator/files/:id` */
export const operatorFilePage = pageFor("operator", async (c, { readApi, version }, viewer) => {
  const path = `/v1/admin/files/${encodeURIComponent(c.req.param("id") ?? "")}`;
  const file = await readApi(c, path, adminFileSchema);
  const after = Number(c.req.query("after") ?? 0);
  const page = link(`${path}/rejects`, { after: String(after), limit: String(REJECTS_PAGE) });
  const rejects = await readApi(c, page, rejectListSchema);
  return FilePage({ version, viewer, file, admin: file, rejects, after });
});

/** `GET /operator/tenants` */
export const tenantsPage = pageFor("operator", async (c, { readApi, version }, viewer) => {
  const list = await readApi(c, "/v1/admin/tenants", tenantListSchema);
  return TenantsPage({ version, viewer, ...list });
});

/** `GET /operator/tenants/:name` */
export const tenantPage = pageFor("operator", async (c, { readApi, version }, viewer) => {
  const path = `/v1/admin/tenants/${encodeURIComponent(c.req.param("name") ?? "")}`;
  const tenant = await readApi(c, path, tenantViewSchema);
  const module = await readApi(c, `${path}/module`, moduleViewSchema);
  return TenantPage({ version, viewer, tenant, module });
});

/** `GET /operator/audit` */
export const auditPage = pageFor("operator", async (c, { readApi, version }, viewer) => {
  const { entries } = await readApi(c, "/v1/admin/audit?limit=200", auditListSchema);
  return AuditPage({ version, viewer, entries });
});
