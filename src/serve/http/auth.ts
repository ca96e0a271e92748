import type { Accounts } from "../../accounts/accounts.ts";
import { Failure } from "../../base/failure.ts";
import type { SessionView } from "../../protocol/session.ts";
import { accountOfToken, type TokenScope } from "../../protocol/tokens.ts";
import { requireSameSite, sessionCookie } from "./cookies.ts";
import type { AppContext, AppMiddleware, RouteScope } from "./env.ts";
import { badRequest } from "./problem_response.ts";

/**
 * Authenticates customers by HTTP Basic (RFC 7617, UTF-8), a bearer token (RFC 6750) or a session
 * cookie. Requests that {@link authenticateOperator} has accepted are not checked again.
 */
export function authenticate(customers: Accounts): AppMiddleware {
  return async (c, next) => {
    if (c.get("operator") === undefined) {
      const caller = await identify(c, customers);
      c.set("tenant", caller.name);
      remember(c, caller);
    }
    await next();
  };
}

/** Authenticates operators, whose accounts are separate, in the same ways. */
export function authenticateOperator(operators: Accounts): AppMiddleware {
  return async (c, next) => {
    const caller = await identify(c, operators);
    c.set("operator", caller.name);
    remember(c, caller);
    await next();
  };
}

/** Who sent a request, and how that is known; see `AppEnv`. */
interface Caller {
  name: string;
  token: string | null;
  apiToken: { id: string; scope: TokenScope } | null;
  generation: string | null;
  stillValid(): boolean;
}

function remember(c: AppContext, { token, apiToken, generation, stillValid }: Caller): void {
  c.set("token", token);
  c.set("apiToken", apiToken);
  c.set("generation", generation);
  c.set("stillValid", stillValid);
}

async function identify(c: AppContext, accounts: Accounts): Promise<Caller> {
  const { scheme, value } = authorization(c);
  const cookie = scheme === "" ? sessionCookie(c) : undefined;
  if (scheme === "basic") {
    const { name, generation } = await byPassword(c, accounts, decodeBasic(value));
    const stillValid = () => accounts.isLive(name, generation);
    return { name, token: null, apiToken: null, generation, stillValid };
  }
  const token = scheme === "bearer" ? value : cookie;
  if (token === undefined) throw unauthorized("Cannot authenticate the request: it names no user");
  if (cookie !== undefined) requireSameSite(c);
  else if (accountOfToken(token) !== null) return byApiToken(accounts, token);
  const session = accounts.session(token);
  if (session === null) throw unauthorized("Cannot use this token: it is unknown or has expired");
  const stillValid = () => accounts.session(token) !== null;
  return { name: session.tenant, token, apiToken: null, generation: null, stillValid };
}

function byApiToken(accounts: Accounts, token: string): Caller {
  const use = accounts.apiToken(token);
  if (use.ok) {
    const { tenant: name, id, scope } = use;
    const stillValid = () => accounts.apiToken(token).ok;
    return { name, token, apiToken: { id, scope }, generation: null, stillValid };
  }
  const state = use.expiredAt === null
    ? "it is unknown or was revoked"
    : `it expired at ${use.expiredAt}`;
  throw new Failure("auth", "unauthorized", `Cannot use this API token: ${state}`, {
    hint: "Create another one with mysimbdp fetch login, or with POST /v1/tokens.",
  });
}

/**
 * Requires that the caller's API token is allowed to use a route; a password and a session are
 * allowed to use all of their account's routes.
 *
 * @param scope what the route needs; `account` for one that no API token may use
 * @throws {Failure} `insufficient-scope`
 */
export function requireScope(c: AppContext, scope: RouteScope): void {
  const apiToken = c.get("apiToken");
  if (!apiToken || apiToken.scope.split(",").includes(scope)) return;
  throw insufficientScope(
    scope,
    scope === "account"
      ? "Cannot use an API token here: sign in with the password"
      : `Cannot use this API token here: it needs the scope "${scope}"`,
  );
}

/** Requires that the caller sent its password. @throws {Failure} `insufficient-scope` */
export function requirePassword(c: AppContext, what: string): void {
  if (c.get("token") === null) return;
  throw insufficientScope(
    "account",
    `Cannot ${what} with a token: send the user name and password`,
  );
}

function insufficientScope(scope: RouteScope, text: string): Failure {
  const hint = scope === "account"
    ? "Send your user name and password."
    : "Create a token with this scope: mysimbdp fetch login --scope send,module";
  return new Failure("auth", "insufficient-scope", text, { hint, details: { scope } });
}

/** Opens a session for the caller. @throws {Failure} `unauthorized` for a caller with a token */
export async function openSession(c: AppContext, accounts: Accounts): Promise<SessionView> {
  // A token that could renew itself would never expire.
  if (c.get("token") !== null) throw unauthorized("Cannot open a session with a token");
  const { token, expiresAt } = await accounts.openSession(
    c.get("operator") ?? c.get("tenant"),
    c.get("generation") ?? undefined,
  );
  return { token, tokenType: "Bearer", expiresAt: new Date(expiresAt).toISOString() };
}

/** Closes the session of the caller's token. @throws {Failure} `bad-request` without a token */
export function closeSession(c: AppContext, accounts: Accounts): void {
  const token = c.get("token");
  if (token === null) throw badRequest("Cannot close a session: the request has no bearer token");
  accounts.closeSession(token);
}

/**
 * Checks a name and password.
 * @returns the account's name, and the generation of the password
 * @throws {Failure} `unauthorized`, `throttled`
 */
export async function byPassword(
  c: AppContext,
  accounts: Accounts,
  { user, password }: { user: string; password: string },
): Promise<{ name: string; generation: string }> {
  const answer = await accounts.verify(user, password, c.env?.address ?? "local");
  if (answer.ok) return { name: answer.tenant, generation: answer.generation };
  if (answer.retryAfterSeconds === undefined) {
    throw unauthorized("Cannot sign in: the user name or the password is wrong");
  }
  const retryAfterSeconds = Math.max(1, Math.ceil(answer.retryAfterSeconds));
  const reason = answer.isBusy ? "too many logins are waiting" : "too many failed attempts";
  throw new Failure("auth", "throttled", `Cannot sign in: ${reason}`, {
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
    throw unauthorized("Cannot read the user name and password: they are not UTF-8 in Base64");
  }
  const colon = text.indexOf(":");
  if (colon < 0) {
    throw unauthorized("Cannot read the user name and password: the colon between them is missing");
  }
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

function unauthorized(detail: string): Failure {
  return new Failure("auth", "unauthorized", detail, {
    hint: "Send your user name and password, or a token from POST /v1/session.",
  });
}
