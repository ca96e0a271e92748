import type { Hono } from "hono";
import { PATHS } from "../../protocol/paths.ts";
import { type Accounts, closeSession, openSession } from "../http/auth.ts";
import type { AppEnv } from "../http/env.ts";
import { operatorFingerprint } from "../api/fingerprints.ts";
import { liveEvents } from "../http/live_events.ts";
import { listAudit } from "./audit.ts";
import type { AdminDeps } from "./deps.ts";
import { downloadAnyRejects, listAllFiles, listAnyRejects, replay, showAnyFile } from "./files.ts";
import { approve, reject, reviewVersion, showTenantModule } from "./modules.ts";
import { showOverview } from "./overview.ts";
import {
  addTenant,
  changeTenant,
  dropConstraints,
  listTenants,
  setConstraints,
  setPassword,
  showTenant,
} from "./tenants.ts";

/** The operators' routes; whoever comes here was let through as one. */
export function addAdminRoutes(
  app: Hono<AppEnv>,
  admin: AdminDeps,
  operators: Accounts,
  stopping: AbortSignal | undefined,
): void {
  app.post(`${PATHS.admin}/session`, openSession(operators));
  app.delete(`${PATHS.admin}/session`, closeSession(operators));
  app.get(`${PATHS.admin}/overview`, showOverview(admin));
  app.get(`${PATHS.admin}/tenants`, listTenants(admin));
  app.post(`${PATHS.admin}/tenants`, addTenant(admin));
  app.get(`${PATHS.admin}/tenants/:name`, showTenant(admin));
  app.patch(`${PATHS.admin}/tenants/:name`, changeTenant(admin));
  app.post(`${PATHS.admin}/tenants/:name/password`, setPassword(admin));
  app.put(`${PATHS.admin}/tenants/:name/constraints`, setConstraints(admin));
  app.delete(`${PATHS.admin}/tenants/:name/constraints`, dropConstraints(admin));
  const oneModule = `${PATHS.admin}/tenants/:name/module`;
  app.get(oneModule, showTenantModule(admin));
  app.get(`${oneModule}/:version`, reviewVersion(admin));
  app.post(`${oneModule}/:version/approve`, approve(admin));
  app.post(`${oneModule}/:version/reject`, reject(admin));
  app.get(`${PATHS.admin}/files`, listAllFiles(admin));
  app.get(`${PATHS.admin}/files/:id`, showAnyFile(admin));
  app.get(`${PATHS.admin}/files/:id/rejects`, listAnyRejects(admin));
  app.get(`${PATHS.admin}/files/:id/rejects.csv`, downloadAnyRejects(admin));
  app.post(`${PATHS.admin}/files/:id/replay`, replay(admin));
  app.get(`${PATHS.admin}/audit`, listAudit(admin));
  app.get(
    `${PATHS.admin}/events`,
    liveEvents({
      fingerprint: operatorFingerprint(admin),
      isOpen: (token) => operators.session(token) !== null,
      stopping: stopping,
    }),
  );
}
