import { HEADERS } from "../../protocol/paths.ts";
import type { AppMiddleware } from "./env.ts";
import type { Route } from "./route.ts";

/** Headers that routes do not describe one by one. */
const SENT = [
  "Authorization",
  "Content-Type",
  "If-None-Match",
  HEADERS.sha256,
  // Not supported: the page gets the answer that says so.
  "Upload-Concat",
  "Upload-Defer-Length",
  "X-HTTP-Method-Override",
  "X-Request-ID",
  "X-Requested-With",
  "traceparent",
];
const ANSWERED = ["Content-Disposition", "ETag", "Retry-After", "Tus-Resumable", "Tus-Version"];
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].join(", ");
/** Seconds for which a browser keeps the answer to a preflight. */
const MAX_AGE = "600";

/**
 * Lets the pages of these origins use the API (CORS, Fetch Standard), with a password or a token:
 * `Access-Control-Allow-Credentials` is never sent, as the cookie is for this server's pages only.
 * A preflight is answered without authentication; any other OPTIONS is a request like others.
 *
 * @param origins as in `server.cors_origins`; `"*"` stands for all
 */
export function crossOrigin(
  origins: readonly string[],
  routes: readonly Route[],
): AppMiddleware {
  const every = origins.includes("*");
  const names = (more: string[], of: (route: Route) => object | undefined) =>
    [...new Set([...more, ...routes.flatMap((route) => Object.keys(of(route) ?? {}))])].join(", ");
  const sent = names(SENT, ({ headers }) => headers);
  const answered = names(ANSWERED, ({ answer }) => answer.headers);
  return async (c, next) => {
    const origin = c.req.header("Origin");
    const allowed = origin !== undefined && (every || origins.includes(origin));
    const isPreflight = c.req.raw.method === "OPTIONS" &&
      c.req.header("Access-Control-Request-Method") !== undefined;
    if (allowed && isPreflight) {
      c.res = c.body(null, 204, {
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": sent,
        "Access-Control-Max-Age": MAX_AGE,
      });
    } else await next();
    if (!every && origins.length > 0) c.header("Vary", "Origin", { append: true });
    if (!allowed) return;
    c.header("Access-Control-Allow-Origin", every ? "*" : origin);
    c.header("Access-Control-Expose-Headers", answered);
  };
}
