import { PATHS } from "../../protocol/paths.ts";
import { sessionSchema } from "../../protocol/session.ts";
import { EXAMPLE_SESSION } from "../api/examples.ts";
import { eventsContract } from "../api/files.ts";
import { watchedByOperator } from "../api/watched.ts";
import { closeSession, openSession } from "../http/auth.ts";
import { json, type Route, routesFor } from "../http/route.ts";
import { auditRoutes } from "./audit.ts";
import type { AdminDeps } from "./deps.ts";
import { adminFileRoutes } from "./files.ts";
import { adminModuleRoutes } from "./modules.ts";
import { overviewRoutes } from "./overview.ts";
import { tenantRoutes } from "./tenants.ts";
import { tenantTokenRoutes } from "./tokens.ts";

const define = routesFor("Operators", "operator");

/** The routes of operators, whose accounts are in `admins.json`. */
export function adminRoutes(deps: AdminDeps): Route[] {
  const { operators, live } = deps;
  return [
    define({
      method: "post",
      path: `${PATHS.admin}/session`,
      id: "openOperatorSession",
      summary: "Open an operator's session",
      writes: false,
      answer: json(201, "The token.", sessionSchema, EXAMPLE_SESSION),
      handle: (c) => openSession(c, operators),
    }),
    define({
      method: "delete",
      path: `${PATHS.admin}/session`,
      id: "closeOperatorSession",
      summary: "Close an operator's session",
      writes: false,
      answer: { status: 204, description: "The session is closed." },
      problems: ["bad-request"],
      handle: (c) => closeSession(c, operators),
    }),
    ...overviewRoutes(deps),
    ...tenantRoutes(deps),
    ...tenantTokenRoutes(deps),
    ...adminModuleRoutes(deps),
    ...adminFileRoutes(deps),
    ...auditRoutes(deps),
    define({
      method: "get",
      path: `${PATHS.admin}/events`,
      id: "operatorEvents",
      summary: "Subscribe to changes",
      description: "Server-sent events: `changed` when a file, the queue, an account or a module " +
        "has changed.",
      ...eventsContract,
      problems: ["too-busy", "unavailable"],
      handle: (c, { query }) => live(c, watchedByOperator(deps, query.file)),
    }),
  ];
}
