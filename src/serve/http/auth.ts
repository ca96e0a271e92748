import { Failure } from "../../base/failure.ts";
import type { SessionView } from "../../protocol/session.ts";
import { requireSameSite, sessionCookie } from "./cookies.ts";
import type { AppContext, AppHandler, AppMiddleware } from "./env.ts";
import { badRequest } from "./problem_response.ts";

/** What the server asks of whoever keeps the accounts. */
export interface Accounts {
  /** Checks a name and password; slow hashing off-thread, throttled by user and address. */
  verify(
    user: string,
    password: string,
    address: string,
  ): Promise<{ ok: true; tenant: string } | { ok: false; retryAfterSeconds?: number }>;
  /** Opens a session; `expiresAt` in milliseconds since the epoch. */
  openSession(tenant: string): Promise<{ token: string; expiresAt: number }>;
  /** Whose token it is; null for an unknown or expired one. */
  session(token: string): { tenant: string } | null;
  closeSession(token: string): void;
}

/**
 * Lets a customer's request through once it is known whose it is: by HTTP Basic (RFC 7617, UTF-8),
 * by a bearer token (RFC 6750), or by the cookie of a session. Operators' requests, which were let
 * through before, pass.
 */
export function authenticate(customers: Accounts): AppMiddleware {
  return async (c, next) => {
    if (c.get("operator") === undefined) {
      const { name, token } = await identify(c, customers);
      c.set("tenant", name);
      c.set("token", token);
    }
    await next();
  };
}

/** The same for operators, who have accounts of their own. */
export function authenticateOperator(operators: Accounts): AppMiddleware {
  return async (c, next) => {
    const { name, token } = await identify(c, operators);
    c.set("operator", name);
    c.set("token", token);
    await next();
  };
}

async function identify(
  c: AppContext,
  accounts: Accounts,
): Promise<{ name: string; token: string | null }> {
  const { scheme, value } = authorization(c);
  const cookie = scheme === "" ? sessionCookie(c) : undefined;
  if (scheme === "basic") {
    return { name: await byPassword(c, accounts, decodeBasic(value)), token: null };
  }
  const token = scheme === "bearer" ? value : cookie;
  if (token === undefined) throw unauthorized("Cannot answer: the request names no user");
  if (cookie !== undefined) requireSameSite(c);
  const session = accounts.session(token);
  if (session) return { name: session.tenant, token };
  throw unauthorized("Cannot use this token: it is unknown or has expired");
}

/** `POST /v1/session`: a token in exchange for the password. */
export function openSession(accounts: Accounts): AppHandler {
  return async (c) => {
    // A token that could renew itself would never have to be left behind.
    if (c.get("token") !== null) throw unauthorized("Cannot open a session with a token");
    const { token, expiresAt } = await accounts.openSession(c.get("operator") ?? c.get("tenant"));
    const view = {
      token,
      tokenType: "Bearer" as const,
      expiresAt: new Date(expiresAt).toISOString(),
    };
    return c.json(view satisfies SessionView, 201);
  };
}

/** `DELETE /v1/session`: the token with which it comes is good for nothing afterwards. */
export function closeSession(accounts: Accounts): AppHandler {
  return (c) => {
    const token = c.get("token");
    if (token === null) throw badRequest("Cannot close a session: the request has no bearer token");
    accounts.closeSession(token);
    return c.body(null, 204);
  };
}

/**
 * Checks a name and password.
 * @returns the account's name
 * @throws {Failure} `unauthorized`, `throttled`
 */
export async function byPassword(
  c: AppContext,
  accounts: Accounts,
  { user, password }: { user: string; password: string },
): Promise<string> {
  const answer = await accounts.verify(user, password, c.env?.address ?? "local");
  if (answer.ok) return answer.tenant;
  if (answer.retryAfterSeconds === undefined) {
    throw unauthorized("Cannot sign in: the user or the password is wrong");
  }
  const retryAfterSeconds = Math.max(1, Math.ceil(answer.retryAfterSeconds));
  throw new Failure("auth", "throttled", "Cannot sign in: too many attempts failed", {
    hint: `Try again in ${retryAfterSeconds} seconds.`,
    details: { retryAfterSeconds },
  });
}

function authorization(c: AppContext): { scheme: string; value: string } {
  const [, scheme = "", value = ""] =
    /^(\S+) +(\S+) *$/.exec(c.req.header("Authorization") ?? "") ??
      [];
  return { scheme: scheme.toLowerCase(), value };
}

function decodeBasic(encoded: string): { user: string; password: string } {
  let text: string;
  try {
    const bytes = Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0));
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw unauthorized("Cannot read the user and password: they are not Base64 of UTF-8");
  }
  const colon = text.indexOf(":");
  if (colon < 0) throw unauthorized("Cannot read the user and password: there is no colon");
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** The failure of a request of which it is not known whose it is. */
function unauthorized(detail: string): Failure {
  return new Failure("auth", "unauthorized", detail, {
    hint: "Send your user name and password, or a token from POST /v1/session.",
  });
}
