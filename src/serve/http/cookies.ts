import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { Failure } from "../../base/failure.ts";
import type { AppContext } from "./env.ts";

const NAME = "mysimbdp_session";
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/** The token of the session that a browser brings along; undefined where it has none. */
export function sessionCookie(c: AppContext): string | undefined {
  return getCookie(c, NAME, isSecure(c) ? "host" : undefined);
}

/**
 * Gives the browser the token of its session: no script can read it, no other site's page can send
 * it, and over TLS nothing but TLS carries it.
 */
export function setSessionCookie(c: AppContext, token: string, maxAge: number): void {
  const secure = isSecure(c);
  setCookie(c, NAME, token, {
    path: "/",
    httpOnly: true,
    sameSite: "Strict",
    secure,
    maxAge,
    ...(secure && { prefix: "host" }),
  });
}

export function dropSessionCookie(c: AppContext): void {
  const secure = isSecure(c);
  deleteCookie(c, NAME, { path: "/", secure, ...(secure && { prefix: "host" }) });
}

/**
 * Refuses what changes something unless a page of this very server sent it. SameSite keeps other
 * sites out already; this also keeps out other hosts of the same site.
 * @throws {Failure} `cross-site`
 */
export function requireSameSite(c: AppContext): void {
  if (SAFE.has(c.req.raw.method)) return;
  const site = c.req.header("Sec-Fetch-Site");
  // Browsers leave it out without TLS; then the origin tells.
  const same = site === undefined ? hasOwnOrigin(c) : site === "same-origin";
  if (same) return;
  throw new Failure("auth", "cross-site", "Cannot do this: the request comes from another site", {
    hint: "Use the dashboard at this server's own address, or a password or token, not a cookie.",
  });
}

function hasOwnOrigin(c: AppContext): boolean {
  const origin = c.req.header("Origin");
  return origin !== undefined && URL.canParse(origin) &&
    new URL(origin).host === c.req.header("Host");
}

/** Whether the browser's side of the connection is TLS; a proxy in front says so in its header. */
function isSecure(c: AppContext): boolean {
  return c.req.url.startsWith("https:") || c.req.header("X-Forwarded-Proto") === "https";
}
