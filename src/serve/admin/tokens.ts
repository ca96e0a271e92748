import { listTokens } from "../../accounts/api_tokens.ts";
import { revokeAccountTokens } from "../../accounts/manage_accounts.ts";
import { PATHS } from "../../protocol/paths.ts";
import { tokenListSchema } from "../../protocol/tokens.ts";
import { EXAMPLE_TOKEN } from "../api/examples.ts";
import { readable } from "../api/tokens.ts";
import { json, type Route, routesFor } from "../http/route.ts";
import type { AdminDeps } from "./deps.ts";
import { accountOf, manageDeps, tenantParam } from "./tenants.ts";

const define = routesFor("Operators", "operator");
const TOKENS = `${PATHS.admin}/tenants/:name/tokens` as const;

/** The API tokens of a tenant, as an operator sees and revokes them. */
export function tenantTokenRoutes(deps: AdminDeps): Route[] {
  const revoke = (
    c: Parameters<typeof manageDeps>[0],
    tenant: string,
    which: { id: string } | "all",
  ) =>
    readable(() => revokeAccountTokens(manageDeps(c, deps), accountOf(deps, tenant).name, which));
  return [
    define({
      method: "get",
      path: TOKENS,
      id: "listTenantTokens",
      summary: "List the API tokens of an account",
      params: { name: tenantParam },
      answer: json(200, "Its tokens, newest first.", tokenListSchema, { tokens: [EXAMPLE_TOKEN] }),
      problems: ["no-such-tenant", "tokens-unreadable"],
      handle: (_c, { params }) =>
        readable(() => ({ tokens: listTokens(deps.users, accountOf(deps, params.name).name) })),
    }),
    define({
      method: "delete",
      path: TOKENS,
      id: "revokeTenantTokens",
      summary: "Revoke all API tokens of an account",
      params: { name: tenantParam },
      writes: false,
      answer: { status: 204, description: "They are revoked." },
      problems: ["no-such-tenant", "tokens-unreadable"],
      async handle(c, { params }) {
        await revoke(c, params.name, "all");
      },
    }),
    define({
      method: "delete",
      path: `${TOKENS}/:id`,
      id: "revokeTenantToken",
      summary: "Revoke an API token of an account",
      params: {
        name: tenantParam,
        id: { description: "The `id` of the token.", example: EXAMPLE_TOKEN.id },
      },
      writes: false,
      answer: { status: 204, description: "It is revoked." },
      problems: ["no-such-tenant", "no-such-token", "tokens-unreadable"],
      async handle(c, { params: { name, id } }) {
        await revoke(c, name, { id });
      },
    }),
  ];
}
