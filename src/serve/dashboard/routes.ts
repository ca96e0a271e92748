import type { Hono } from "hono";
import type { AppEnv } from "../http/env.ts";
import {
  auditPage,
  filePage,
  filesPage,
  modulePage,
  operatorFilePage,
  operatorFilesPage,
  operatorPage,
  type PageDeps,
  reviewPage,
  tenantPage,
  tenantsPage,
  versionPage,
} from "./pages.ts";
import { showSignIn, signIn, signOut } from "./sign_in.ts";

/** Adds the dashboard's pages. Each page checks itself who is signed in. */
export function addPageRoutes(app: Hono<AppEnv>, pages: PageDeps): void {
  app.get("/", filesPage(pages));
  app.get("/files/:id", filePage(pages));
  app.get("/module", modulePage(pages));
  app.get("/module/:version", versionPage(pages));
  app.get("/sign-in", showSignIn(pages));
  app.post("/sign-in", signIn(pages));
  app.post("/sign-out", signOut(pages));
  app.get("/operator", operatorPage(pages));
  app.get("/operator/files", operatorFilesPage(pages));
  app.get("/operator/files/:id", operatorFilePage(pages));
  app.get("/operator/tenants", tenantsPage(pages));
  app.get("/operator/tenants/:name", tenantPage(pages));
  app.get("/operator/tenants/:name/module/:version", reviewPage(pages));
  app.get("/operator/audit", auditPage(pages));
}
