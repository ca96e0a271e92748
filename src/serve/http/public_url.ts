import { getPathNoStrict } from "hono/utils/url";
import { PATHS } from "../../protocol/paths.ts";
import type { AppContext, AppEnv, AppMiddleware } from "./env.ts";

/** Scheme and host under which the client reached the server: `https://intake.example.com`. */
export function originOf(c: AppContext): string {
  // Undefined when the app is called in process.
  return c.env?.origin ?? new URL(c.req.url).origin;
}

/** The path under which a proxy serves this server, such as `/intake`; "" for the root. */
export function prefixOf(c: AppContext): string {
  return c.env?.prefix ?? "";
}

/** The URL under which the client reached the server, without a slash at its end. */
export function publicUrl(c: AppContext): string {
  return originOf(c) + prefixOf(c);
}

/**
 * The path of a request for the router: without the prefix, if the proxy has left it in. Metrics are
 * not part of what a proxy shows: with the prefix removed here too, they could be asked for by a path
 * that the proxy does not look for.
 */
export function routedPath(request: Request, { env }: { env?: AppEnv["Bindings"] } = {}): string {
  const path = getPathNoStrict(request);
  const prefix = env?.prefix ?? "";
  if (prefix === "" || path === prefix) return prefix === "" ? path : "/";
  const rest = path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path;
  return rest === PATHS.metrics ? path : rest;
}

/** Adds the prefix to each `Location`, which handlers write as a path of this server. */
export function prefixLocations(): AppMiddleware {
  return async (c, next) => {
    await next();
    const location = c.res.headers.get("Location");
    if (location?.startsWith("/")) c.header("Location", prefixOf(c) + location);
  };
}

/**
 * Adds the prefix to the links, forms and assets of a page, which are written as paths of this
 * server. Only attributes match: in text, JSX escapes quotes.
 */
export function prefixLinks(prefix: string, html: string): string {
  return prefix === "" ? html : html.replace(/ (href|action|src)="(?=\/)/g, `$&${prefix}`);
}
