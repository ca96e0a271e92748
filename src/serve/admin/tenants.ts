import { checkTenantName as checkAccountName } from "../../base/tenant_name.ts";
import {
  type Credentials,
  newPasswordSchema,
  newTenantSchema,
  tenantChangeSchema,
  type TenantList,
  type TenantView,
} from "../../protocol/admin_view.ts";
import { constraintsSchema } from "../../protocol/constraints.ts";
import { Failure } from "../../base/failure.ts";
import { pendingVersions } from "../../modules/review.ts";
import { removeIfThere, statIfThere, writeDurably } from "../../data/durable.ts";
import { checkTenantName, isTenantName } from "../../data/layout.ts";
import type { AppContext, AppHandler } from "../http/env.ts";
import { jsonBody } from "../http/json_body.ts";
import { audited } from "./audit.ts";
import type { AdminDeps } from "./deps.ts";
import { newPassword } from "../../accounts/new_password.ts";

/** `GET /v1/admin/tenants` */
export function listTenants(deps: AdminDeps): AppHandler {
  return async (c) => {
    const accounts = deps.users.list().filter(({ name }) => isTenantName(name));
    const tenants = await Promise.all(accounts.map(({ name }) => viewOf(deps, name)));
    return c.json({ tenants } satisfies TenantList);
  };
}

/** `GET /v1/admin/tenants/:name` */
export function showTenant(deps: AdminDeps): AppHandler {
  return async (c) => c.json(await viewOf(deps, c.req.param("name") ?? ""));
}

/** `POST /v1/admin/tenants`: an account; its password is told this once. */
export function addTenant(deps: AdminDeps): AppHandler {
  return async (c) => {
    const { name, password } = await jsonBody(c, newTenantSchema);
    const action = { action: "tenant.add", subject: name };
    const credentials = await audited(c, deps, action, async () => {
      checkAccountName(checkTenantName(name));
      const secret = password ?? newPassword();
      await deps.users.add(name, await deps.hash(secret));
      return { name, password: password === undefined ? secret : null };
    });
    return c.json(credentials satisfies Credentials, 201);
  };
}

/** `PATCH /v1/admin/tenants/:name`: lets an account in, or keeps it out; its files and rows stay. */
export function changeTenant(deps: AdminDeps): AppHandler {
  return async (c) => {
    const { enabled } = await jsonBody(c, tenantChangeSchema);
    const name = existing(c, deps);
    const action = { action: enabled ? "tenant.enable" : "tenant.disable", subject: name };
    await audited(c, deps, action, () => deps.users[enabled ? "enable" : "disable"](name));
    return c.json(await viewOf(deps, name));
  };
}

/** `POST /v1/admin/tenants/:name/password`: ends the account's sessions. */
export function setPassword(deps: AdminDeps): AppHandler {
  return async (c) => {
    const { password } = await jsonBody(c, newPasswordSchema);
    const name = existing(c, deps);
    const credentials = await audited(
      c,
      deps,
      { action: "tenant.password", subject: name },
      async () => {
        const secret = password ?? newPassword();
        await deps.users.setHash(name, await deps.hash(secret));
        return { name, password: password === undefined ? secret : null };
      },
    );
    return c.json(credentials satisfies Credentials);
  };
}

/** `PUT /v1/admin/tenants/:name/constraints`: they hold from the next request on. */
export function setConstraints(deps: AdminDeps): AppHandler {
  return async (c) => {
    const constraints = await jsonBody(c, constraintsSchema);
    const name = existing(c, deps);
    const before = await deps.constraintsOf(name).catch(() => null);
    await audited(c, deps, {
      action: "constraints.set",
      subject: name,
      details: { before, after: constraints },
    }, () => writeDurably(deps.layout.constraints(name), `${JSON.stringify(constraints)}\n`));
    return c.json(constraints);
  };
}

/** `DELETE /v1/admin/tenants/:name/constraints`: back to the platform's defaults. */
export function dropConstraints(deps: AdminDeps): AppHandler {
  return async (c) => {
    const name = existing(c, deps);
    await audited(
      c,
      deps,
      { action: "constraints.reset", subject: name },
      () => removeIfThere(deps.layout.constraints(name)),
    );
    return c.body(null, 204);
  };
}

async function viewOf(deps: AdminDeps, name: string): Promise<TenantView> {
  const account = isTenantName(name) ? deps.users.accounts().get(name) : undefined;
  if (!account) throw noSuchTenant(name);
  const { enabled } = account;
  const ownConstraints = await statIfThere(deps.layout.constraints(name)) !== null;
  const { store } = deps.modules;
  const module = {
    current: await store.currentVersion(name),
    pending: (await pendingVersions(store, name)).at(-1) ?? null,
  };
  return { name, enabled, constraints: await deps.constraintsOf(name), ownConstraints, module };
}

function existing(c: AppContext, { users }: AdminDeps): string {
  const name = c.req.param("name") ?? "";
  if (isTenantName(name) && users.accounts().has(name)) return name;
  throw noSuchTenant(name);
}

function noSuchTenant(name: string): Failure {
  const hint = "GET /v1/admin/tenants lists all.";
  return new Failure(
    "refused",
    "no-such-tenant",
    `Cannot find the tenant ${JSON.stringify(name)}: there is none`,
    { hint },
  );
}
