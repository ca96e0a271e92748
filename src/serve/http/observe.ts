import { routePath } from "hono/route";
import { shortened } from "../../base/shortened.ts";
import type { AppMiddleware } from "./env.ts";
import type { Emit } from "../../telemetry/events.ts";

/** Reports each answered request with the pattern of its route. */
export function observe(emit: Emit): AppMiddleware {
  return async (c, next) => {
    const start = performance.now();
    await next();
    // Hono drops the body of the answer to HEAD: a file or a stream behind it would stay open.
    if (c.req.method === "HEAD") await c.res.body?.cancel();
    c.header("X-Content-Type-Options", "nosniff");
    // What an account sees must not be kept by caches, on any route and with any answer.
    if (/^\/v1(\/|$)/.test(c.req.path)) c.header("Cache-Control", "no-store");
    if (c.env?.inner) return;
    emit({
      kind: "request.finished",
      method: shortened(c.req.method, 20),
      route: routePath(c, -1),
      status: c.res.status,
      seconds: (performance.now() - start) / 1000,
      tenant: c.get("tenant") ?? null,
    });
  };
}
