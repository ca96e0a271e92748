import { routePath } from "hono/route";
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
    if (c.env?.inner) return;
    emit({
      kind: "request.finished",
      method: c.req.method,
      route: routePath(c, -1),
      status: c.res.status,
      seconds: (performance.now() - start) / 1000,
      tenant: c.get("tenant") ?? null,
    });
  };
}
