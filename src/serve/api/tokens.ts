import { createToken, listTokens, revokeTokens } from "../../accounts/api_tokens.ts";
import { Failure } from "../../base/failure.ts";
import type { UsersFile } from "../../accounts/users.ts";
import { PATHS } from "../../protocol/paths.ts";
import {
  newTokenRequestSchema,
  newTokenSchema,
  tokenListSchema,
  type TokenView,
} from "../../protocol/tokens.ts";
import type { Emit } from "../../telemetry/events.ts";
import { requirePassword, requireScope } from "../http/auth.ts";
import { json, type Route, routesFor } from "../http/route.ts";
import { EXAMPLE_TOKEN } from "./examples.ts";

const define = routesFor("Account", "customer", "account");

/** The dependencies of the token routes. */
interface TokenDeps {
  users: UsersFile;
  emit: Emit;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** A customer's API tokens. */
export function tokenRoutes({ users, emit, now }: TokenDeps): Route[] {
  const report = (kind: "token.created" | "token.revoked", tenant: string, token: TokenView) => {
    const { id: tokenId, name, scope } = token;
    emit({ kind, tenant, tokenId, name, scope });
  };
  return [
    define({
      method: "post",
      path: PATHS.tokens,
      id: "createToken",
      summary: "Create an API token",
      description:
        "A token is sent as `Authorization: Bearer`. With the scope `send` it can send " +
        "files and follow them; `send,module` adds the module. It needs HTTP Basic: no token can " +
        "create another one. An account can have 100 tokens.",
      body: {
        schema: newTokenRequestSchema,
        example: { name: "nightly export", scope: "send", expiresInDays: 90 },
      },
      answer: json(201, "The token, which is shown only once.", newTokenSchema, {
        ...EXAMPLE_TOKEN,
        token: "mbdp_customer-1.N2rZ8yqvY0T1c5pPzV7aJdE3uKx9sWmHgLQ4bFoRtI6",
      }),
      problems: ["bad-request", "too-many-tokens", "tokens-unreadable"],
      async handle(c, { body }) {
        requirePassword(c, "create an API token");
        const tenant = c.get("tenant");
        const created = await readable(() => createToken(users, tenant, body, now()));
        report("token.created", tenant, created);
        return created;
      },
    }),
    define({
      method: "get",
      path: PATHS.tokens,
      id: "listTokens",
      summary: "List your API tokens",
      description: "Newest first, including those that expired in the last 30 days.",
      answer: json(200, "Your tokens.", tokenListSchema, { tokens: [EXAMPLE_TOKEN] }),
      problems: ["tokens-unreadable"],
      handle: (c) => readable(() => ({ tokens: listTokens(users, c.get("tenant")) })),
    }),
    define({
      method: "delete",
      path: `${PATHS.tokens}/:id`,
      id: "revokeToken",
      // Checked below: a token can revoke itself.
      scope: "send",
      summary: "Revoke an API token",
      description: "Requests with it are refused from now on, and its streams of events end. An " +
        "API token can only revoke itself.",
      params: { id: { description: "The `id` of the token.", example: EXAMPLE_TOKEN.id } },
      answer: { status: 204, description: "The token is revoked." },
      writes: false,
      problems: ["no-such-token", "tokens-unreadable"],
      async handle(c, { params: { id } }) {
        if (c.get("apiToken")?.id !== id) requireScope(c, "account");
        const tenant = c.get("tenant");
        for (const token of await readable(() => revokeTokens(users, tenant, { id }))) {
          report("token.revoked", tenant, token);
        }
      },
    }),
  ];
}

/** The path of the file and how to repair it are for the operator, whose log has them. */
export async function readable<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "bad-credentials-file") throw error;
    const text = "Cannot read the API tokens of the account: their file has faults";
    throw new Failure("server", "tokens-unreadable", text, {
      hint: "Contact the operator of the platform, who can run mysimbdp manage doctor.",
      cause: error,
    });
  }
}
