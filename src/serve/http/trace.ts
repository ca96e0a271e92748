import { routePath } from "hono/route";
import { parseTraceparent, TRACEPARENT, type Tracer } from "../../base/tracing.ts";
import type { AppMiddleware } from "./env.ts";

/**
 * Makes each request a step of the trace that its client may have begun. What the client gave goes
 * on to `manage` also where this server itself traces nothing.
 */
export function traceRequests(tracer: Tracer): AppMiddleware {
  return async (c, next) => {
    const given = c.req.header(TRACEPARENT);
    const parent = given !== undefined && parseTraceparent(given) ? given : null;
    const span = tracer.start(c.req.method, { kind: "server", parent });
    c.set("traceparent", span.traceparent ?? parent);
    try {
      await next();
    } finally {
      if (tracer.active) {
        const { status } = c.res;
        const route = routePath(c, -1);
        span.rename(`${c.req.method} ${route}`);
        span.set({
          "http.request.method": c.req.method,
          "http.route": route,
          "http.response.status_code": status,
          ...(c.get("tenant") ? { "mysimbdp.tenant": c.get("tenant") } : {}),
        });
        span.end(status >= 500 ? `answered with ${status}` : undefined);
      }
    }
  };
}
