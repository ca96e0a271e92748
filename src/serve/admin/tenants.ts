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
import { isTenantName } from "../../base/tenant_name.ts";
import type { AppContext, AppHandler } from "../http/env.ts";
import { jsonBody } from "../http/json_body.ts";
import { audited } from "./audit.ts";
import type { AdminDeps } from "./deps.ts";
import {
  addAccount,
  type ManageAccountsDeps,
  setAccountEnabled,
  setAccountPassword,
} from "../../accounts/manage_accounts.ts";
import type { Account } from "../../accounts/users_text.ts";

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
    const credentials = await addAccount(manageDeps(c, deps), name, password);
    return c.json(credentials satisfies Credentials, 201);
  };
}

/** `PATCH /v1/admin/tenants/:name`: lets an account in, or keeps it out; its files and rows stay. */
export function changeTenant(deps: AdminDeps): AppHandler {
  return async (c) => {
    const { enabled } = await jsonBody(c, tenantChangeSchema);
    const name = existing(c, deps);
    await setAccountEnabled(manageDeps(c, deps), name, enabled);
    return c.json(await viewOf(deps, name));
  };
}

/** `POST /v1/admin/tenants/:name/password`: ends the account's sessions. */
export function setPassword(deps: AdminDeps): AppHandler {
  return async (c) => {
    const { password } = await jsonBody(c, newPasswordSchema);
    const name = existing(c, deps);
    const credentials = await setAccountPassword(manageDeps(c, deps), name, password);
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
  const { enabled } = tenantAccount(deps, name);
  const ownConstraints = await statIfThere(deps.layout.constraints(name)) !== null;
  const { store } = deps.modules;
  const module = {
    current: await store.currentVersion(name),
    pending: (await pendingVersions(store, name)).at(-1) ?? null,
  };
  return { name, enabled, constraints: await deps.constraintsOf(name), ownConstraints, module };
}

function existing(c: AppContext, deps: AdminDeps): string {
  return tenantAccount(deps, c.req.param("name") ?? "").name;
}

/** @throws {Failure} `no-such-tenant` */
function tenantAccount({ users }: AdminDeps, name: string): Account {
  const account = isTenantName(name) ? users.accounts().get(name) : undefined;
  if (account) return account;
  throw new Failure(
    "refused",
    "no-such-tenant",
    `Cannot find tenant ${JSON.stringify(name)}: it does not exist`,
    { hint: "GET /v1/admin/tenants lists all tenants." },
  );
}

function manageDeps(c: AppContext, deps: AdminDeps): ManageAccountsDeps {
  const { users, hash } = deps;
  return { users, hash, audited: (action, work) => audited(c, deps, action, work) };
}
