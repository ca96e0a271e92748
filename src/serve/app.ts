import { Hono } from "hono";
import { AuditLog } from "../accounts/audit_log.ts";
import { hashPassword } from "../accounts/password_hash.ts";
import { UsersFile } from "../accounts/users.ts";
import type { Constraints } from "../protocol/constraints.ts";
import { PATHS } from "../protocol/paths.ts";
import { NO_TRACER, type Tracer } from "../base/tracing.ts";
import type { Intake } from "../staging/intake.ts";
import type { LedgerReader } from "../storage/contract.ts";
import type { AdminDeps } from "./admin/deps.ts";
import { addAdminRoutes } from "./admin/routes.ts";
import { ASSETS_PATH, showAsset } from "./dashboard/assets.ts";
import {
  type Accounts,
  authenticate,
  authenticateOperator,
  closeSession,
  openSession,
} from "./http/auth.ts";
import { openBatch } from "./api/batches.ts";
import { constraintsReader, showConstraints } from "./api/constraints.ts";
import { innerApi } from "./dashboard/inner_api.ts";
import { addPageRoutes } from "./dashboard/routes.ts";
import type { AppEnv } from "./http/env.ts";
import type { Report } from "./events.ts";
import { downloadFile } from "./api/file_content.ts";
import { downloadRejects, listFiles, listRejects, showFile } from "./api/files.ts";
import { customerFingerprint } from "./api/fingerprints.ts";
import { live, ready } from "./api/health.ts";
import { liveEvents } from "./http/live_events.ts";
import { createMetrics, showMetrics } from "./api/metrics.ts";
import { moduleDeps, putModule, showModule, showModuleLog, showVersion } from "./api/module.ts";
import { showTestRun, startTestRun } from "./api/test_run.ts";
import { observe } from "./http/observe.ts";
import { showDocument, showReference } from "./openapi/show.ts";
import { notFound, problemResponse } from "./http/problem_response.ts";
import { createUpload } from "./uploads/create.ts";
import type { UploadDeps } from "./uploads/deps.ts";
import { discover } from "./uploads/discover.ts";
import { showOffset } from "./uploads/head.ts";
import { listUploads } from "./uploads/list.ts";
import { appendBytes } from "./uploads/patch.ts";
import { type SlotLimits, Slots } from "./uploads/slots.ts";
import { terminate } from "./uploads/terminate.ts";
import { traceRequests } from "./http/trace.ts";
import { overridden, speakTus } from "./uploads/tus.ts";
import { showUsage } from "./api/usage.ts";

/** Constraints of a tenant that has no file of its own: those of the platform's first version. */
const DEFAULT_CONSTRAINTS: Constraints = {
  formats: [".csv"],
  number_files: 10,
  data_sizes: 4096,
};

/** What the server is made of. */
export interface ServeDeps {
  /** Of the product, shown on the first page and in the metrics. */
  version: string;
  intake: Intake;
  accounts: Accounts;
  ledger: LedgerReader;
  /** For tenants without `constraints/<tenant>.json`. @default DEFAULT_CONSTRAINTS */
  defaultConstraints?: Constraints;
  /** Operators' accounts. */
  operators: Accounts;
  /** Hashes a new password, best off the main thread. @default hashPassword */
  hash?: (password: string) => Promise<string>;
  /** Ends the streams of events: the server is stopping. */
  stopping?: AbortSignal;
  /** Takes events for the log. @default none */
  report?: Report;
  /** Where the steps of traces go. @default nowhere */
  tracer?: Tracer;
  /** Milliseconds since the epoch. @default Date.now */
  now?: () => number;
  /** Milliseconds without a byte until a body is ended; what came is kept. @default 60,000 */
  stallMs?: number;
  /** How many bodies are received at once. @default 64, and 16 of one tenant */
  slots?: SlotLimits;
}

/**
 * Builds the HTTP server's app; it needs no port.
 *
 * @example
 * ```ts ignore
 * const app = createApp({ version: "0.1.0", intake, accounts, ledger });
 * const response = await app.request("/livez"); // 200 {"status":"ok"}
 * ```
 */
export function createApp(deps: ServeDeps): Hono<AppEnv> {
  const { intake, accounts, operators, version, now = Date.now } = deps;
  const metrics = createMetrics(deps);
  const report: Report = (event) => {
    metrics.count(event);
    deps.report?.(event);
  };
  const defaultConstraints = deps.defaultConstraints ?? DEFAULT_CONSTRAINTS;
  const constraintsOf = constraintsReader(intake.layout, defaultConstraints);
  const stallMs = deps.stallMs ?? 60_000;
  const slots = new Slots(deps.slots);
  const uploads: UploadDeps = { intake, constraintsOf, slots, report, now, stallMs };

  const modules = moduleDeps(intake.layout, { report, now, stallMs });

  const app = new Hono<AppEnv>({ strict: false });
  app.onError((error, c) => problemResponse(c, error, report));
  app.notFound((c) => problemResponse(c, notFound(c.req.path), report));
  app.use(observe(report));
  app.use("/v1/*", traceRequests(deps.tracer ?? NO_TRACER));

  app.get(PATHS.live, live);
  app.get(PATHS.ready, ready(intake, now));
  app.get(PATHS.metrics, showMetrics(metrics));

  app.get(PATHS.openapi, showDocument(version));
  app.get(PATHS.docs, showReference(version));
  app.get(`${ASSETS_PATH}/:name`, showAsset());

  app.use(`${PATHS.uploads}/*`, speakTus());
  app.use(`${PATHS.admin}/*`, authenticateOperator(operators));
  app.use("/v1/*", authenticate(accounts));
  app.post(PATHS.session, openSession(accounts));
  app.delete(PATHS.session, closeSession(accounts));
  app.get(PATHS.usage, showUsage({ intake, ledger: deps.ledger, constraintsOf }));
  app.get(PATHS.constraints, showConstraints(constraintsOf));
  app.post(PATHS.batches, openBatch(intake, now));

  app.options(`${PATHS.uploads}/:id?`, discover(uploads));
  app.get(PATHS.uploads, listUploads(uploads));
  app.post(PATHS.uploads, createUpload(uploads));
  // Hono routes HEAD as GET and drops the body.
  app.get(`${PATHS.uploads}/:id`, showOffset(uploads));
  app.patch(`${PATHS.uploads}/:id`, appendBytes(uploads));
  app.delete(`${PATHS.uploads}/:id`, terminate(uploads));
  app.post(
    `${PATHS.uploads}/:id`,
    overridden({
      PATCH: appendBytes(uploads),
      DELETE: terminate(uploads),
      HEAD: showOffset(uploads),
    }),
  );

  const files = { receipts: intake.receipts, ledger: deps.ledger };
  app.get(PATHS.files, listFiles(files));
  app.get(`${PATHS.files}/:id`, showFile(files));
  app.get(`${PATHS.files}/:id/rejects`, listRejects(files));
  app.get(`${PATHS.files}/:id/rejects.csv`, downloadRejects(files));
  app.get(`${PATHS.files}/:id/content`, downloadFile(files, intake.layout));
  app.get(
    PATHS.events,
    liveEvents({
      fingerprint: customerFingerprint(deps.ledger, intake.receipts, modules),
      isOpen: (token) => accounts.session(token) !== null,
      stopping: deps.stopping,
    }),
  );

  app.get(PATHS.module, showModule(modules));
  app.put(PATHS.module, putModule(modules));
  app.get(PATHS.moduleLog, showModuleLog(modules));
  app.get(`${PATHS.module}/:version`, showVersion(modules));
  app.post(`${PATHS.module}/:version/test-run`, startTestRun(modules));
  app.get(`${PATHS.module}/:version/test-run`, showTestRun(modules));

  const audit = new AuditLog(intake.layout.audit);
  const admin: AdminDeps = {
    layout: intake.layout,
    ledger: deps.ledger,
    users: new UsersFile(intake.layout.users),
    audit,
    modules,
    constraintsOf,
    hash: deps.hash ?? hashPassword,
    now,
  };
  addAdminRoutes(app, admin, operators, deps.stopping);
  addPageRoutes(app, { version, accounts, operators, audit, report, now, ask: innerApi(app) });
  return app;
}
