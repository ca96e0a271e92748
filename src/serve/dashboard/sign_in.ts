import type { AuditLog } from "../../accounts/audit_log.ts";
import { diskCauseOf } from "../../base/disk.ts";
import { Failure } from "../../base/failure.ts";
import type { Accounts } from "../../accounts/accounts.ts";
import { byPassword } from "../http/auth.ts";
import {
  dropSessionCookie,
  requireSameSite,
  sessionCookie,
  setSessionCookie,
} from "../http/cookies.ts";
import type { AppContext, AppHandler } from "../http/env.ts";
import { loginRefused } from "../http/problem_response.ts";
import type { Emit } from "../../telemetry/events.ts";
import { readText } from "../http/body.ts";
import { sendPage, type Viewer } from "./page.tsx";
import { SignInPage } from "./sign_in_page.tsx";

/** What signing in needs. */
export interface SignInDeps {
  version: string;
  accounts: Accounts;
  operators: Accounts;
  audit: AuditLog;
  emit: Emit;
  now: () => number;
}

/** The home page of each role. */
export const HOME: Record<Viewer["role"], string> = { customer: "/", operator: "/operator" };

/** Failures to sign in that are not those of a password. */
const REFUSED = new Set(["bad-account-name", "cross-site"]);

/** Returns who is signed in, by the session cookie; null when nobody is. */
export function viewerOf(c: AppContext, { accounts, operators }: SignInDeps): Viewer | null {
  const token = sessionCookie(c);
  if (token === undefined) return null;
  const customer = accounts.session(token);
  if (customer) return { name: customer.tenant, role: "customer" };
  const operator = operators.session(token);
  return operator && { name: operator.tenant, role: "operator" };
}

/** `GET /sign-in` */
export function showSignIn(deps: SignInDeps): AppHandler {
  return (c) => {
    const viewer = viewerOf(c, deps);
    return viewer ? c.redirect(HOME[viewer.role], 303) : sendPage(c, SignInPage(deps));
  };
}

/**
 * `POST /sign-in`: delayed and throttled like any other login. Forms of other sites are refused.
 */
export function signIn(deps: SignInDeps): AppHandler {
  return async (c) => {
    const form = new URLSearchParams(await readText(c));
    const role = form.get("role") === "operator" ? "operator" : "customer";
    const user = form.get("user") ?? "";
    const accounts = role === "operator" ? deps.operators : deps.accounts;
    try {
      requireSameSite(c);
      const password = form.get("password") ?? "";
      const { name, generation } = await byPassword(c, accounts, { user, password });
      const { token, expiresAt } = await accounts.openSession(name, generation);
      if (role === "operator") await writeSignIn(c, deps, name);
      setSessionCookie(c, token, Math.max(1, Math.floor((expiresAt - deps.now()) / 1000)));
      return c.redirect(HOME[role], 303);
    } catch (error) {
      if (!(error instanceof Failure) || error.kind !== "auth") throw error;
      const { code, message: detail } = error;
      const seconds = error.details["retryAfterSeconds"];
      if (code === "throttled") c.header("Retry-After", String(seconds));
      const [status, text] = code === "throttled"
        ? [429 as const, `${detail.replace("Cannot sign in: t", "T")}. ${error.hint}`]
        : REFUSED.has(code)
        ? [403 as const, `${detail}. ${error.hint}`]
        : [401 as const, "The user name or the password is wrong."];
      const page = SignInPage({ version: deps.version, error: text, user, role });
      if (REFUSED.has(code)) {
        deps.emit({ kind: "request.refused", tenant: null, code, status, detail });
      } else deps.emit(loginRefused(c, null, code === "throttled"));
      return await sendPage(c, page, status);
    }
  };
}

/** `POST /sign-out`: ends the session, which makes its token useless everywhere. */
export function signOut({ accounts, operators }: SignInDeps): AppHandler {
  return (c) => {
    requireSameSite(c);
    const token = sessionCookie(c);
    if (token !== undefined) {
      accounts.closeSession(token);
      operators.closeSession(token);
    }
    dropSessionCookie(c);
    return c.redirect("/sign-in", 303);
  };
}

async function writeSignIn(c: AppContext, deps: SignInDeps, name: string): Promise<void> {
  const from = c.env?.address ?? "local";
  try {
    await deps.audit.append({
      at: new Date(deps.now()).toISOString(),
      operator: name,
      from,
      action: "sign-in",
      subject: name,
      details: {},
      outcome: "done",
    });
  } catch (error) {
    if (diskCauseOf(error) === null) throw error;
    // An operator must be able to look at a platform whose disk is full; the log has the entry.
    deps.emit({ kind: "audit.unwritten", operator: name, address: from, action: "sign-in" });
  }
}
