import {
  addAccount,
  type ManageAccountsDeps,
  setAccountEnabled,
  setAccountPassword,
} from "../../accounts/manage_accounts.ts";
import { previousPassword } from "../../accounts/credentials.ts";
import type { Account } from "../../accounts/users_text.ts";
import { shortened } from "../../base/shortened.ts";
import { Failure } from "../../base/failure.ts";
import { mapInSlices } from "../../base/slices.ts";
import { isTenantName } from "../../base/tenant_name.ts";
import { removeIfThere, statIfThere, writeDurably } from "../../data/durable.ts";
import { pendingVersions } from "../../modules/review.ts";
import {
  credentialsSchema,
  newPasswordSchema,
  newTenantSchema,
  tenantChangeSchema,
  tenantListSchema,
  type TenantView,
  tenantViewSchema,
} from "../../protocol/admin_view.ts";
import {
  constraintsSchema,
  DEFAULT_CONSTRAINTS,
  newConstraintsSchema,
} from "../../protocol/constraints.ts";
import { PATHS } from "../../protocol/paths.ts";
import { readable } from "../api/tokens.ts";
import { EXAMPLE_VERSION } from "../api/examples.ts";
import type { AppContext } from "../http/env.ts";
import { json, type Parameter, type Route, routesFor } from "../http/route.ts";
import { audited } from "./audit.ts";
import type { AdminDeps } from "./deps.ts";

const define = routesFor("Operators", "operator");

/** The parameter of the routes of one tenant. */
export const tenantParam: Parameter = { description: "The tenant.", example: "customer-1" };
const params = { name: tenantParam };
const ONE_TENANT = `${PATHS.admin}/tenants/:name` as const;
const EXAMPLE = {
  name: "customer-1",
  enabled: true,
  oldPasswordUntil: null,
  constraints: DEFAULT_CONSTRAINTS,
  ownConstraints: true,
  module: { current: null, pending: [EXAMPLE_VERSION.version] },
};

/** Accounts, their passwords and their constraints. */
export function tenantRoutes(deps: AdminDeps): Route[] {
  const { users, layout } = deps;
  return [
    define({
      method: "get",
      path: `${PATHS.admin}/tenants`,
      id: "listTenants",
      summary: "List the accounts and their constraints",
      answer: json(200, "All accounts, by name.", tenantListSchema, {
        tenants: [EXAMPLE],
        invalidNames: [],
      }),
      async handle() {
        const accounts = users.list().filter(({ name }) => isTenantName(name));
        const tenants = await mapInSlices(accounts, (account) => viewOf(deps, account));
        return { tenants, invalidNames: users.invalidNames() };
      },
    }),
    define({
      method: "post",
      path: `${PATHS.admin}/tenants`,
      id: "addTenant",
      summary: "Create an account",
      description: "Without a password, one is generated and shown once.",
      body: { schema: newTenantSchema, example: { name: "customer-3" } },
      answer: json(
        201,
        "The account is created. `password` is null if the request had one.",
        credentialsSchema,
        { name: "customer-3", password: "k2m9x7c4vbn5tq8wz3hjr6dfgp" },
      ),
      problems: ["bad-request", "bad-tenant-name", "bad-password", "tenant-exists"],
      handle: (c, { body: { name, password } }) => addAccount(manageDeps(c, deps), name, password),
    }),
    define({
      method: "get",
      path: ONE_TENANT,
      id: "showTenant",
      summary: "Show an account",
      params,
      answer: json(200, "The account.", tenantViewSchema, EXAMPLE),
      problems: ["no-such-tenant"],
      handle: (_c, { params }) => viewOf(deps, accountOf(deps, params.name)),
    }),
    define({
      method: "patch",
      path: ONE_TENANT,
      id: "changeTenant",
      summary: "Enable or disable an account",
      description: "Its files and rows are kept.",
      params,
      body: { schema: tenantChangeSchema, example: { enabled: true } },
      answer: json(200, "The changed account.", tenantViewSchema, EXAMPLE),
      problems: ["bad-request", "no-such-tenant"],
      async handle(c, { params, body: { enabled } }) {
        const { name } = accountOf(deps, params.name);
        await setAccountEnabled(manageDeps(c, deps), name, enabled);
        return await viewOf(deps, accountOf(deps, name));
      },
    }),
    define({
      method: "post",
      path: `${ONE_TENANT}/password`,
      id: "setPassword",
      summary: "Set the password of an account",
      description: "Ends the old password, its sessions, and the API tokens of the account. With " +
        "`graceSeconds` the old password and its sessions end only after that time, and API " +
        "tokens stay. Without a password, one is generated and shown once.",
      params,
      body: {
        schema: newPasswordSchema,
        example: { password: "a new password", graceSeconds: 86_400 },
      },
      answer: json(
        200,
        "The password is set. `password` is null if the request had one.",
        credentialsSchema,
        { name: "customer-1", password: null },
      ),
      problems: ["bad-request", "bad-password", "no-such-tenant", "tokens-unreadable"],
      handle(c, { params, body: { password, graceSeconds } }) {
        const { name } = accountOf(deps, params.name);
        return readable(() =>
          setAccountPassword(manageDeps(c, deps), name, password, graceSeconds)
        );
      },
    }),
    define({
      method: "put",
      path: `${ONE_TENANT}/constraints`,
      id: "setConstraints",
      summary: "Set the upload limits of an account",
      description: "They apply to new uploads.",
      params,
      body: { schema: newConstraintsSchema, example: DEFAULT_CONSTRAINTS },
      answer: json(200, "The constraints.", constraintsSchema, DEFAULT_CONSTRAINTS),
      problems: ["bad-request", "no-such-tenant"],
      async handle(c, { params, body: after }) {
        const { name } = accountOf(deps, params.name);
        const before = await deps.constraintsOf(name).catch(() => null);
        const action = { action: "constraints.set", subject: name, details: { before, after } };
        await audited(
          c,
          deps,
          action,
          () => writeDurably(layout.constraints(name), `${JSON.stringify(after)}\n`),
        );
        return after;
      },
    }),
    define({
      method: "delete",
      path: `${ONE_TENANT}/constraints`,
      id: "dropConstraints",
      summary: "Reset the upload limits of an account",
      params,
      answer: { status: 204, description: "The platform's defaults apply." },
      problems: ["no-such-tenant"],
      async handle(c, { params }) {
        const { name } = accountOf(deps, params.name);
        await audited(
          c,
          deps,
          { action: "constraints.reset", subject: name },
          () => removeIfThere(layout.constraints(name)),
        );
      },
    }),
  ];
}

async function viewOf(deps: AdminDeps, account: Account): Promise<TenantView> {
  const { name } = account;
  const { store } = deps.modules;
  return {
    name,
    enabled: account.enabled,
    oldPasswordUntil: oldPasswordUntil(deps, account),
    constraints: await deps.constraintsOf(name).catch(() => null),
    ownConstraints: await statIfThere(deps.layout.constraints(name)) !== null,
    module: {
      current: await store.currentVersion(name),
      pending: (await pendingVersions(store, name)).reverse(),
    },
  };
}

/** Null, too, if the file cannot be read, which the log and `manage doctor` report. */
function oldPasswordUntil({ users, now }: AdminDeps, account: Account): string | null {
  try {
    return previousPassword(users.credentials(account), now())?.until ?? null;
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}

/** @throws {Failure} `no-such-tenant` */
export function accountOf({ users }: AdminDeps, name: string): Account {
  const account = isTenantName(name) ? users.accounts().get(name) : undefined;
  if (account) return account;
  const text = `Cannot find tenant ${JSON.stringify(shortened(name, 100))}: it does not exist`;
  throw new Failure("refused", "no-such-tenant", text, {
    hint: "GET /v1/admin/tenants lists all tenants.",
  });
}

export function manageDeps(c: AppContext, deps: AdminDeps): ManageAccountsDeps {
  const { users, hash, now } = deps;
  return { users, hash, now, audited: (action, work) => audited(c, deps, action, work) };
}
