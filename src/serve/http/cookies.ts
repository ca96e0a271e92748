import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { CookieOptions } from "hono/utils/cookie";
import { Failure } from "../../base/failure.ts";
import type { AppContext } from "./env.ts";
import { originOf, prefixOf } from "./public_url.ts";

const NAME = "mysimbdp_session";
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/** The token in the session cookie; undefined without one. */
export function sessionCookie(c: AppContext): string | undefined {
  return getCookie(c, NAME, scopeOf(c).prefix);
}

/**
 * Sets the session cookie. No script can read it, no page of another site can send it, and over TLS
 * it is only sent over TLS.
 *
 * @param maxAge seconds
 */
export function setSessionCookie(c: AppContext, token: string, maxAge: number): void {
  setCookie(c, NAME, token, { ...scopeOf(c), httpOnly: true, sameSite: "Strict", maxAge });
}

export function dropSessionCookie(c: AppContext): void {
  deleteCookie(c, NAME, scopeOf(c));
}

/** Where the browser sends the cookie. `__Host-` is only allowed for the whole host. */
function scopeOf(c: AppContext): Pick<CookieOptions, "path" | "secure" | "prefix"> {
  const path = prefixOf(c) || "/";
  if (!isSecure(c)) return { path, secure: false };
  return { path, secure: true, prefix: path === "/" ? "host" : "secure" };
}

/**
 * Requires that a request that changes something comes from a page of this server. SameSite already
 * stops other sites; this also stops other hosts of the same site.
 *
 * @throws {Failure} `cross-site`
 */
export function requireSameSite(c: AppContext): void {
  if (SAFE.has(c.req.raw.method)) return;
  const site = c.req.header("Sec-Fetch-Site");
  // Browsers omit it without TLS; then the origin decides.
  const same = site === undefined ? hasOwnOrigin(c) : site === "same-origin";
  if (same) return;
  const text = "Cannot accept the request: it does not come from a page of this server";
  throw new Failure("auth", "cross-site", text, {
    hint:
      "Open the dashboard at the address of this server, or send a password or a token. Behind " +
      "a proxy, its operator sets server.trusted_proxies or server.public_url.",
  });
}

function hasOwnOrigin(c: AppContext): boolean {
  const origin = c.req.header("Origin");
  return origin !== undefined && URL.canParse(origin) &&
    new URL(origin).host === new URL(originOf(c)).host;
}

/** True when the browser uses TLS, with this server or with a trusted proxy in front of it. */
function isSecure(c: AppContext): boolean {
  return originOf(c).startsWith("https:");
}
