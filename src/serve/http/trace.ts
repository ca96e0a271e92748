import { routePath } from "hono/route";
import { parseTraceparent, TRACEPARENT, type Tracer } from "../../base/tracing.ts";
import type { AppMiddleware } from "./env.ts";

/**
 * Records each request as a step of its client's trace. Without tracing, the client's `traceparent`
 * still reaches `manage`.
 */
export function traceRequests(tracer: Tracer): AppMiddleware {
  return async (c, next) => {
    const received = c.req.header(TRACEPARENT);
    const parent = received !== undefined && parseTraceparent(received) ? received : null;
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
