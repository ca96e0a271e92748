import { Hono } from "hono";
import type { Accounts } from "../accounts/accounts.ts";
import { AuditLog } from "../accounts/audit_log.ts";
import { hashPassword } from "../accounts/password_hash.ts";
import { UsersFile } from "../accounts/users.ts";
import { NO_TRACER, type Tracer } from "../base/tracing.ts";
import { type Constraints, DEFAULT_CONSTRAINTS } from "../protocol/constraints.ts";
import { PATHS } from "../protocol/paths.ts";
import type { Intake } from "../staging/intake.ts";
import type { LedgerReader } from "../storage/contract.ts";
import { adminRoutes } from "./admin/routes.ts";
import { accountRoutes } from "./api/account.ts";
import { constraintsReader } from "./api/constraints.ts";
import { FileWaits } from "./api/file_waits.ts";
import { fileRoutes } from "./api/files.ts";
import { createMetrics } from "./api/metrics.ts";
import { moduleRoutes } from "./api/module.ts";
import { moduleDeps } from "./api/module_views.ts";
import { serverRoutes } from "./api/server.ts";
import { tokenRoutes } from "./api/tokens.ts";
import { testRunRoutes } from "./api/test_run.ts";
import { ASSETS_PATH, showAsset } from "./dashboard/assets.ts";
import { innerApi } from "./dashboard/inner_api.ts";
import { addPageRoutes } from "./dashboard/pages.ts";
import type { Emit } from "../telemetry/events.ts";
import { dropBody } from "./http/body.ts";
import { BodyBudget, type BodyLimits } from "./http/body_budget.ts";
import { authenticate, authenticateOperator } from "./http/auth.ts";
import { crossOrigin } from "./http/cross_origin.ts";
import type { AppEnv } from "./http/env.ts";
import { limitHosts } from "./http/hosts.ts";
import { requireOneLength } from "./http/framing.ts";
import { liveEvents, StreamCount } from "./http/live_events.ts";
import { SharedPolls } from "./http/shared_poll.ts";
import { prefixLocations, routedPath } from "./http/public_url.ts";
import { requireData } from "./http/require_data.ts";
import { observe } from "./http/observe.ts";
import { notFound, problemResponse } from "./http/problem_response.ts";
import { addRoutes, type Route } from "./http/route.ts";
import { traceRequests } from "./http/trace.ts";
import { isNoSpace } from "../data/free_space.ts";
import { documentRoute, showReference } from "./openapi/routes.ts";
import { uploadRoutes } from "./uploads/routes.ts";
import { takeTurns } from "./http/turns.ts";
import { speakTus } from "./uploads/tus.ts";

/** The dependencies and settings of the app. */
export interface ServeDeps {
  /** The version of the product, for the dashboard and the metrics. */
  version: string;
  intake: Intake;
  accounts: Accounts;
  ledger: LedgerReader;
  /** Whether the storage can load a file again in the order of arrival. @default false */
  keepsOrder?: boolean;
  /** When the served certificate expires, in milliseconds since the epoch; null without TLS. */
  certificateEnds?: () => number | null;
  /** For tenants without `constraints/<tenant>.json`. @default DEFAULT_CONSTRAINTS */
  defaultConstraints?: Constraints;
  /** The accounts of operators. */
  operators: Accounts;
  /** Hashes a new password, ideally outside the main thread. @default hashPassword */
  hash?: (password: string) => Promise<string>;
  /** Aborts when the server stops, which ends the streams of events. */
  stopping?: AbortSignal;
  /** Hosts that are answered. @default all */
  hosts?: readonly string[];
  /** Origins whose pages can use the API. @default none */
  corsOrigins?: readonly string[];
  /** Receives events for the log. @default none */
  emit?: Emit;
  /** Receives the steps of traces. @default none */
  tracer?: Tracer;
  /** Milliseconds since the epoch. @default Date.now */
  now?: () => number;
  /** Limits of the bodies that are being received. */
  bodies?: BodyLimits;
  /** The most unfinished uploads of a tenant, whatever their batch. @default 10,000 */
  maxUnfinished?: number;
}

/**
 * Creates the HTTP server's app, which needs no port.
 *
 * @example
 * ```ts ignore
 * const app = createApp({ version: "0.1.0", intake, accounts, operators, ledger });
 * const response = await app.request("/livez"); // 200 {"status":"ok"}
 * ```
 */
export function createApp(deps: ServeDeps): Hono<AppEnv> {
  const { intake, accounts, operators, ledger, version, stopping, now = Date.now } = deps;
  const { keepsOrder = false } = deps;
  const { defaultConstraints = DEFAULT_CONSTRAINTS, hash = hashPassword } = deps;
  const { maxUnfinished = 10_000 } = deps;
  const { layout, receipts, disk } = intake;
  const metrics = createMetrics(deps);
  const emit: Emit = (event) => {
    metrics.count(event);
    deps.emit?.(event);
  };
  const constraintsOf = constraintsReader(layout, defaultConstraints, emit);
  const modules = moduleDeps(layout, stopping);
  const waits = new FileWaits({ layout, disk, store: modules.store, now });
  const audit = new AuditLog(layout.audit);
  const users = new UsersFile(layout.users);
  const bodies = new BodyBudget(deps.bodies);
  const live = liveEvents({ streams: new StreamCount(), polls: new SharedPolls(), stopping });

  const routes: Route[] = [
    ...accountRoutes({ accounts, intake, ledger, constraintsOf, maxUnfinished, now }),
    ...tokenRoutes({ users, emit, now }),
    ...uploadRoutes({ intake, constraintsOf, maxUnfinished, emit, now }),
    ...fileRoutes({ receipts, ledger, isCurrent: intake.isCurrent, layout, modules, waits, live }),
    ...adminRoutes({
      operators,
      layout,
      disk,
      ledger,
      keepsOrder,
      users,
      audit,
      modules,
      waits,
      constraintsOf,
      live,
      hash,
      now,
    }),
    ...moduleRoutes({ layout, disk, modules, emit, now }),
    ...testRunRoutes({ layout, disk, modules, now }),
    ...serverRoutes({ intake, metrics }),
  ];
  routes.push(documentRoute(routes, version));

  const app = new Hono<AppEnv>({ getPath: routedPath });
  app.onError(async (error, c) => {
    const known = await disk.explainAll(error);
    if (isNoSpace(known)) await dropBody(c.req.raw);
    return problemResponse(c, known, emit);
  });
  app.notFound((c) => {
    const hint = "Check the path. The URL of the server itself ends before /v1.";
    return problemResponse(c, notFound(JSON.stringify(c.req.path), hint), emit);
  });
  app.use(prefixLocations());
  app.use((c, next) => {
    c.set("bodies", bodies);
    return next();
  });
  app.use(observe(emit));
  app.use(requireOneLength());
  app.use(limitHosts(deps.hosts ?? []));
  app.use("/v1/*", crossOrigin(deps.corsOrigins ?? [], routes));
  app.use("/v1/*", traceRequests(deps.tracer ?? NO_TRACER));
  app.use(`${PATHS.uploads}/*`, speakTus());
  app.use(requireData(disk));
  app.use(`${PATHS.admin}/*`, authenticateOperator(operators));
  app.use("/v1/*", authenticate(accounts));
  app.use(takeTurns());
  addRoutes(app, routes, () => disk.require());
  app.get(PATHS.docs, showReference(routes, version));
  app.get(`${ASSETS_PATH}/:name`, showAsset());
  addPageRoutes(app, { version, accounts, operators, audit, emit, now, readApi: innerApi(app) });
  return app;
}
