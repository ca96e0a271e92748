import { PATHS } from "../../protocol/paths.ts";
import { healthSchema } from "../../protocol/session.ts";
import type { Intake } from "../../staging/intake.ts";
import { type Route, routesFor } from "../http/route.ts";
import { readyCheck } from "./health.ts";
import type { Metrics } from "./metrics.ts";

const define = routesFor("Server", "anyone");
const OK = { status: "ok" } as const;
const HEALTH = { schema: healthSchema, example: OK };

/** The dependencies of the routes of the server itself. */
interface ServerDeps {
  intake: Intake;
  metrics: Metrics;
}

/** Health and metrics; they need no authentication. */
export function serverRoutes({ intake, metrics }: ServerDeps): Route[] {
  const checkReady = readyCheck(intake);
  return [
    define({
      method: "get",
      path: PATHS.live,
      id: "live",
      summary: "Check that the process answers",
      answer: { status: 200, description: "It answers; nothing else was checked.", body: HEALTH },
      handle: () => OK,
    }),
    define({
      method: "get",
      path: PATHS.ready,
      id: "ready",
      summary: "Check that the server can accept files",
      answer: { status: 200, description: "A file can be written.", body: HEALTH },
      problems: ["not-ready"],
      async handle() {
        await checkReady();
        return OK;
      },
    }),
    define({
      method: "get",
      path: PATHS.metrics,
      id: "metrics",
      summary: "Show the metrics for Prometheus",
      description: "They name tenants: block this route in the proxy.",
      answer: {
        status: 200,
        description: "The text format of Prometheus.",
        body: { mediaType: "text/plain", example: 'mysimbdp_build_info{version="0.1.0"} 1\n' },
      },
      problems: ["unavailable"],
      handle: async (c) => c.body(await metrics.text(), 200, { "Content-Type": metrics.mediaType }),
    }),
  ];
}
