import type { Accounts } from "../../accounts/accounts.ts";
import { Failure } from "../../base/failure.ts";
import type { SessionView } from "../../protocol/session.ts";
import { requireSameSite, sessionCookie } from "./cookies.ts";
import type { AppContext, AppMiddleware } from "./env.ts";
import { badRequest } from "./problem_response.ts";

/**
 * Authenticates customers by HTTP Basic (RFC 7617, UTF-8), a bearer token (RFC 6750) or a session
 * cookie. Requests that {@link authenticateOperator} has accepted are not checked again.
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

/** Authenticates operators, whose accounts are separate, in the same ways. */
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
  if (token === undefined) throw unauthorized("Cannot authenticate the request: it names no user");
  if (cookie !== undefined) requireSameSite(c);
  const session = accounts.session(token);
  if (session) return { name: session.tenant, token };
  throw unauthorized("Cannot use this token: it is unknown or has expired");
}

/** Opens a session for the caller. @throws {Failure} `unauthorized` for a caller with a token */
export async function openSession(c: AppContext, accounts: Accounts): Promise<SessionView> {
  // A token that could renew itself would never expire.
  if (c.get("token") !== null) throw unauthorized("Cannot open a session with a token");
  const { token, expiresAt } = await accounts.openSession(c.get("operator") ?? c.get("tenant"));
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
