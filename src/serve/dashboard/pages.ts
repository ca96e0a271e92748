import type { Child } from "hono/jsx";
import type { Hono } from "hono";
import * as admin from "../../protocol/admin_view.ts";
import { constraintsSchema } from "../../protocol/constraints.ts";
import { fileListSchema, fileViewSchema, rejectListSchema } from "../../protocol/file_view.ts";
import * as modules from "../../protocol/module_view.ts";
import { PATHS } from "../../protocol/paths.ts";
import { tokenListSchema } from "../../protocol/tokens.ts";
import { usageSchema } from "../../protocol/usage.ts";
import type { AppContext, AppEnv } from "../http/env.ts";
import { dropBody } from "../http/body.ts";
import { AuditPage } from "./audit_page.tsx";
import { ErrorPage } from "./error_page.tsx";
import { FilePage } from "./file_page.tsx";
import { FilesPage } from "./files_page.tsx";
import { ApiRefusal, type ReadApi } from "./inner_api.ts";
import { ModulePage, VersionPage } from "./module_pages.tsx";
import { ReviewPage } from "./review_page.tsx";
import { OperatorFilesPage } from "./operator_files.tsx";
import { OperatorPage } from "./operator_page.tsx";
import { type Frame, sendPage, type Viewer } from "./page.tsx";
import { link } from "./parts.tsx";
import { REJECTS_PAGE } from "./rejects.tsx";
import { SourcePage } from "./source_page.tsx";
import { HOME, showSignIn, signIn, type SignInDeps, signOut, viewerOf } from "./sign_in.ts";
import { TenantPage, TenantsPage } from "./tenant_pages.tsx";

/** What the pages need: who is signed in, and the API. */
interface PageDeps extends SignInDeps {
  readApi: ReadApi;
}

/** Adds the dashboard's pages. Each page checks itself who is signed in. */
export function addPageRoutes(app: Hono<AppEnv>, deps: PageDeps): void {
  const { readApi, now } = deps;
  const { customer, operator } = pageAdders(app, deps);
  app.get("/sign-in", showSignIn(deps));
  app.post("/sign-in", signIn(deps));
  app.post("/sign-out", signOut(deps));

  customer("/", async (c, frame) => {
    const { state, after } = c.req.query();
    const list = await readApi(c, link("/v1/files", { state, after, limit: "50" }), fileListSchema);
    const constraints = await readApi(c, "/v1/constraints", constraintsSchema);
    const usage = await readApi(c, "/v1/usage", usageSchema);
    const tokens = await tokensAt(c, PATHS.tokens);
    return FilesPage({ frame, constraints, usage, list, state, tokens });
  });
  customer("/files/:id", async (c, frame) => {
    const path = `/v1/files/${param(c, "id")}`;
    const file = await readApi(c, path, fileViewSchema);
    return FilePage({ frame, file, ...await rejectsAt(c, path) });
  });
  customer("/module", async (c, frame) => {
    const module = await readApi(c, "/v1/module", modules.moduleViewSchema);
    const { entries: log } = await readApi(c, "/v1/module/log", modules.moduleLogSchema);
    return ModulePage({ frame, module, log });
  });
  customer("/module/:version", async (c, frame) => {
    const path = `/v1/module/${param(c, "version")}`;
    const shown = await readApi(c, `${path}/sources`, modules.versionSourcesSchema);
    const testRun = await readApi(c, `${path}/test-run`, modules.testRunSchema).catch(
      nullIfMissing,
    );
    return VersionPage({ frame, shown, testRun });
  });
  customer("/module/:version/source", async (c, frame) => {
    const version = param(c, "version");
    const source = await sourceAt(c, `/v1/module/${version}`);
    return SourcePage({ frame, source, version, at: "/module", base: `/module/${version}` });
  });

  operator("/operator", async (c, frame) => {
    const hours = c.req.query("hours") ?? "24";
    const overview = await readApi(c, link("/v1/admin/overview", { hours }), admin.overviewSchema);
    const path = "/v1/admin/files?state=quarantined&limit=10";
    const { files: quarantined } = await readApi(c, path, admin.adminFileListSchema);
    const { tenants } = await readApi(c, "/v1/admin/tenants", admin.tenantListSchema);
    return OperatorPage({ frame, overview, quarantined, hours, tenants, now: now() });
  });
  operator("/operator/files", async (c, frame) => {
    const { state, tenant, after } = c.req.query();
    const path = link("/v1/admin/files", { state, tenant, after, limit: "50" });
    const list = await readApi(c, path, admin.adminFileListSchema);
    return OperatorFilesPage({ frame, list, state, tenant });
  });
  operator("/operator/files/:id", async (c, frame) => {
    const path = `/v1/admin/files/${param(c, "id")}`;
    const file = await readApi(c, path, admin.adminFileSchema);
    return FilePage({ frame, file, admin: file, ...await rejectsAt(c, path) });
  });
  operator("/operator/tenants", async (c, frame) => {
    const list = await readApi(c, "/v1/admin/tenants", admin.tenantListSchema);
    return TenantsPage({ frame, ...list, page: Number(c.req.query("page") ?? 1) });
  });
  operator("/operator/tenants/:name", async (c, frame) => {
    const path = `/v1/admin/tenants/${param(c, "name")}`;
    const tenant = await readApi(c, path, admin.tenantViewSchema);
    const module = await readApi(c, `${path}/module`, modules.moduleViewSchema);
    return TenantPage({ frame, tenant, module, tokens: await tokensAt(c, `${path}/tokens`) });
  });
  operator("/operator/tenants/:name/module/:version", async (c, frame) => {
    const path = `/v1/admin/tenants/${param(c, "name")}/module/${param(c, "version")}`;
    const { page, seen } = c.req.query();
    const changes = link(`${path}/changes`, { page });
    const review = await readApi(c, changes, admin.versionChangesSchema);
    const { sources } = review.page === 1
      ? await readApi(c, `${path}/sources`, modules.versionSourcesSchema)
      : { sources: [] };
    const tenant = c.req.param("name") ?? "";
    return ReviewPage({ frame, tenant, review, sources, seen });
  });
  operator("/operator/tenants/:name/module/:version/source", async (c, frame) => {
    const [tenant, version] = [param(c, "name"), param(c, "version")];
    const source = await sourceAt(c, `/v1/admin/tenants/${tenant}/module/${version}`);
    const base = `/operator/tenants/${tenant}/module/${version}`;
    return SourcePage({ frame, source, version, at: "/operator/tenants", base });
  });
  operator("/operator/audit", async (c, frame) => {
    const { entries } = await readApi(c, "/v1/admin/audit?limit=200", admin.auditListSchema);
    return AuditPage({ frame, entries });
  });

  /** Returns the page of a version's file that the query selects. */
  function sourceAt(c: AppContext, version: string) {
    const { path = "", page } = c.req.query();
    return readApi(c, link(`${version}/source`, { path, page }), modules.sourcePageSchema);
  }

  /** Returns an account's API tokens; null if they cannot be read, which must not hide the page. */
  async function tokensAt(c: AppContext, path: string) {
    try {
      return (await readApi(c, path, tokenListSchema)).tokens;
    } catch (error) {
      if (error instanceof ApiRefusal && error.status === 503) return null;
      throw error;
    }
  }

  /** Returns the page of a file's rejects that the query selects. */
  async function rejectsAt(c: AppContext, file: string) {
    const after = Number(c.req.query("after") ?? 0);
    const path = link(`${file}/rejects`, { after: String(after), limit: String(REJECTS_PAGE) });
    return { after, rejects: await readApi(c, path, rejectListSchema) };
  }
}

type Show = (c: AppContext, frame: Frame) => Promise<Child>;
type AddPage = (path: string, show: Show) => void;

/**
 * Returns the functions that add a page for one role. Viewers who are not signed in are redirected
 * to the sign-in page, viewers with the other role to that role's home page.
 */
function pageAdders(app: Hono<AppEnv>, deps: PageDeps): Record<Viewer["role"], AddPage> {
  const adder = (role: Viewer["role"]): AddPage => (path, show) => {
    app.post(path, async (c) => {
      await dropBody(c.req.raw);
      const frame = { version: deps.version, viewer: viewerOf(c, deps) };
      const detail =
        "This form needs the page's script, which did not load. Nothing was changed: " +
        "open the page again.";
      return await sendPage(c, ErrorPage({ frame, detail }), 400);
    });
    app.get(path, async (c) => {
      const viewer = viewerOf(c, deps);
      if (!viewer) return c.redirect("/sign-in", 303);
      if (viewer.role !== role) return c.redirect(HOME[viewer.role], 303);
      const frame = { version: deps.version, viewer };
      try {
        return await sendPage(c, await show(c, frame));
      } catch (error) {
        if (!(error instanceof ApiRefusal)) throw error;
        const { status, message: detail } = error;
        const known = status === 404 || status === 400 ? status : 503;
        return await sendPage(c, ErrorPage({ frame, detail }), known);
      }
    });
  };
  return { customer: adder("customer"), operator: adder("operator") };
}

/** Returns a parameter of the page's path, for a path of the API. */
function param(c: AppContext, name: string): string {
  return encodeURIComponent(c.req.param(name) ?? "");
}

function nullIfMissing(error: unknown): null {
  if (error instanceof ApiRefusal && error.status === 404) return null;
  throw error;
}
