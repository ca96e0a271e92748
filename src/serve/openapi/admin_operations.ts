import {
  adminFileListSchema,
  adminFileSchema,
  auditListSchema,
  credentialsSchema,
  decisionSchema,
  newPasswordSchema,
  newTenantSchema,
  overviewSchema,
  tenantChangeSchema,
  tenantListSchema,
  tenantViewSchema,
  versionReviewSchema,
} from "../../protocol/admin_view.ts";
import { constraintsSchema } from "../../protocol/constraints.ts";
import { rejectListSchema } from "../../protocol/file_view.ts";
import { moduleViewSchema } from "../../protocol/module_view.ts";
import { PATHS } from "../../protocol/paths.ts";
import { sessionSchema } from "../../protocol/session.ts";
import { auditQuerySchema } from "../admin/audit.ts";
import { adminListQuerySchema } from "../admin/files.ts";
import { overviewQuerySchema } from "../admin/overview.ts";
import { eventsQuerySchema } from "../api/fingerprints.ts";
import { rejectsQuerySchema } from "../api/files.ts";
import {
  EXAMPLE_CONSTRAINTS,
  EXAMPLE_FILE,
  EXAMPLE_ID,
  EXAMPLE_MODULE,
  EXAMPLE_REJECT,
  EXAMPLE_SESSION,
  EXAMPLE_VERSION,
} from "./examples.ts";
import type { Operation, Parameter } from "./operation.ts";

const TAG = "Operators";
const { admin } = PATHS;

const tenantName: Parameter = {
  name: "name",
  in: "path",
  description: "The tenant.",
  example: "customer-1",
};
const fileId: Parameter = {
  name: "id",
  in: "path",
  description: "The file, of whichever tenant.",
  example: EXAMPLE_ID,
};
const moduleVersion: Parameter = {
  name: "version",
  in: "path",
  description: "One of its module's versions.",
  example: EXAMPLE_VERSION.version,
};
const ONE_VERSION = "/tenants/{name}/module/{version}";
const EXAMPLE_REVIEW = {
  ...EXAMPLE_VERSION,
  state: "pending",
  decidedAt: null,
  decidedBy: null,
  files: EXAMPLE_MODULE,
  current: false,
  against: null,
  diff:
    '--- /dev/null\n+++ b/ingest.ts\n@@ -0,0 +1,1 @@\n+import { csv, defineIngest } from "mysimbdp";\n',
  approvalRequested: false,
};
const EXAMPLE_TENANT = {
  name: "customer-1",
  enabled: true,
  constraints: EXAMPLE_CONSTRAINTS,
  ownConstraints: true,
  module: { current: null, pending: EXAMPLE_VERSION.version },
};
const EXAMPLE_ADMIN_FILE = { ...EXAMPLE_FILE, tenant: "customer-1", replayRequested: false };

const operation = (
  method: Operation["method"],
  path: string,
  id: string,
  summary: string,
  rest: Omit<Operation, "method" | "path" | "id" | "summary" | "tag" | "audience">,
): Operation => ({
  method,
  path: `${admin}${path}`,
  id,
  summary,
  tag: TAG,
  audience: "operator",
  ...rest,
});

/** What operators do; their accounts are those of `admins.json`. */
export const ADMIN_OPERATIONS: Operation[] = [
  operation("post", "/session", "openOperatorSession", "Open an operator's session", {
    answer: {
      status: 201,
      description: "The token.",
      body: { schema: sessionSchema, example: EXAMPLE_SESSION },
    },
  }),
  operation("delete", "/session", "closeOperatorSession", "Close an operator's session", {
    answer: { status: 204, description: "It is closed." },
    problems: ["bad-request"],
  }),
  operation("get", "/overview", "showOverview", "How the platform is doing", {
    description: "The queue, each tenant, and what was loaded when.",
    query: overviewQuerySchema,
    queryExample: { hours: "24" },
    answer: {
      status: 200,
      description: "The overview.",
      body: {
        schema: overviewSchema,
        example: {
          queue: { files: 1, oldestAt: "2026-11-24T04:46:52.016Z" },
          tenants: [{
            name: "customer-1",
            enabled: true,
            files: {
              received: 0,
              queued: 1,
              running: 0,
              ingested: 12,
              rejected: 0,
              quarantined: 1,
            },
            rows: { stored: 119_820, rejected: 15 },
            waiting: 1,
            oldestWaitingAt: "2026-11-24T04:46:52.016Z",
            failing: null,
          }],
          throughput: [{
            at: "2026-11-24T04:30:00.000Z",
            files: 12,
            failed: 0,
            rows: 119_820,
            rejected: 15,
            bytes: 14_335_720,
          }],
          bucketSeconds: 1800,
        },
      },
    },
    problems: ["bad-request", "unavailable"],
  }),
  operation("get", "/tenants", "listTenants", "Accounts with their constraints", {
    answer: {
      status: 200,
      description: "All accounts, by name.",
      body: { schema: tenantListSchema, example: { tenants: [EXAMPLE_TENANT] } },
    },
  }),
  operation("post", "/tenants", "addTenant", "Make an account", {
    description: "Without a password one is made, and told this once.",
    body: { schema: newTenantSchema, example: { name: "customer-3" } },
    answer: {
      status: 201,
      description: "It is there.",
      body: {
        schema: credentialsSchema,
        example: { name: "customer-3", password: "k2m9x7c4vbn5tq8wz3hjr6dfgp" },
      },
    },
    problems: ["bad-request", "bad-tenant-name", "bad-password", "tenant-exists"],
  }),
  operation("get", "/tenants/{name}", "showTenant", "One account", {
    parameters: [tenantName],
    answer: {
      status: 200,
      description: "The account.",
      body: { schema: tenantViewSchema, example: EXAMPLE_TENANT },
    },
    problems: ["no-such-tenant"],
  }),
  operation("patch", "/tenants/{name}", "changeTenant", "Let an account in, or keep it out", {
    description: "Its files and rows stay.",
    parameters: [tenantName],
    body: { schema: tenantChangeSchema, example: { enabled: true } },
    answer: {
      status: 200,
      description: "The account as it is now.",
      body: { schema: tenantViewSchema, example: EXAMPLE_TENANT },
    },
    problems: ["bad-request", "no-such-tenant"],
  }),
  operation("post", "/tenants/{name}/password", "setPassword", "Set an account's password", {
    description: "Its sessions end. Without a password one is made, and told this once.",
    parameters: [tenantName],
    body: { schema: newPasswordSchema, example: { password: "a new password" } },
    answer: {
      status: 200,
      description: "It is set; null where the caller chose it.",
      body: { schema: credentialsSchema, example: { name: "customer-1", password: null } },
    },
    problems: ["bad-request", "bad-password", "no-such-tenant"],
  }),
  operation("put", "/tenants/{name}/constraints", "setConstraints", "Set what may be sent", {
    description: "It holds from the next request on.",
    parameters: [tenantName],
    body: { schema: constraintsSchema, example: EXAMPLE_CONSTRAINTS },
    answer: {
      status: 200,
      description: "The constraints.",
      body: { schema: constraintsSchema, example: EXAMPLE_CONSTRAINTS },
    },
    problems: ["bad-request", "no-such-tenant"],
  }),
  operation(
    "delete",
    "/tenants/{name}/constraints",
    "dropConstraints",
    "Go back to the default constraints",
    {
      parameters: [tenantName],
      answer: { status: 204, description: "The platform's defaults hold." },
      problems: ["no-such-tenant"],
    },
  ),
  operation("get", "/tenants/{name}/module", "showTenantModule", "A tenant's versions", {
    parameters: [tenantName],
    answer: {
      status: 200,
      description: "Newest first, and which one runs.",
      body: {
        schema: moduleViewSchema,
        example: { current: null, versions: [EXAMPLE_VERSION] },
      },
    },
    problems: ["not-found"],
  }),
  operation("get", `${ONE_VERSION}`, "reviewVersion", "A version with what it changes", {
    description: "`diff` is a unified diff against the version that runs.",
    parameters: [tenantName, moduleVersion],
    answer: {
      status: 200,
      description: "The version.",
      body: { schema: versionReviewSchema, example: EXAMPLE_REVIEW },
    },
    problems: ["not-found"],
  }),
  operation("post", `${ONE_VERSION}/approve`, "approveVersion", "Let a version run", {
    description: "From the next file on, as soon as `manage` has made its tables. Also brings an " +
      "earlier version back.",
    parameters: [tenantName, moduleVersion],
    body: { schema: decisionSchema, example: { note: "thank you" } },
    answer: {
      status: 202,
      description: "It is approved.",
      body: {
        schema: versionReviewSchema,
        example: { ...EXAMPLE_REVIEW, approvalRequested: true },
      },
    },
    problems: ["bad-request", "not-found", "wrong-version-state"],
  }),
  operation("post", `${ONE_VERSION}/reject`, "rejectVersion", "Refuse a version that waits", {
    parameters: [tenantName, moduleVersion],
    body: { schema: decisionSchema, example: { note: "it reads no dates" } },
    answer: {
      status: 200,
      description: "It is rejected; its author sees the note.",
      body: { schema: versionReviewSchema, example: { ...EXAMPLE_REVIEW, state: "rejected" } },
    },
    problems: ["bad-request", "not-found", "wrong-version-state"],
  }),
  operation("get", "/files", "listAllFiles", "Everybody's files, newest first", {
    query: adminListQuerySchema,
    queryExample: { tenant: "customer-1", limit: "1" },
    answer: {
      status: 200,
      description: "A page of files.",
      body: { schema: adminFileListSchema, example: { files: [EXAMPLE_ADMIN_FILE], next: null } },
    },
    problems: ["bad-request", "unavailable"],
  }),
  operation("get", "/files/{id}", "showAnyFile", "One file", {
    parameters: [fileId],
    answer: {
      status: 200,
      description: "The file.",
      body: { schema: adminFileSchema, example: EXAMPLE_ADMIN_FILE },
    },
    problems: ["not-found", "unavailable"],
  }),
  operation("get", "/files/{id}/rejects", "listAnyRejects", "Records that were kept out", {
    parameters: [fileId],
    query: rejectsQuerySchema,
    queryExample: { limit: "100" },
    answer: {
      status: 200,
      description: "A page of the file's rejects.",
      body: { schema: rejectListSchema, example: { rejects: [EXAMPLE_REJECT], next: null } },
    },
    problems: ["bad-request", "not-found", "unavailable"],
  }),
  operation("get", "/files/{id}/rejects.csv", "downloadAnyRejects", "The same as CSV", {
    parameters: [fileId],
    answer: {
      status: 200,
      description: "All of them.",
      body: { mediaType: "text/csv", example: "line,column,reason,raw\r\n" },
    },
    problems: ["not-found", "unavailable"],
  }),
  operation("post", "/files/{id}/replay", "replayFile", "Load a file again", {
    description: "From the archive or from quarantine, with the module that is current then. " +
      "`manage` takes it up as soon as it runs.",
    parameters: [fileId],
    answer: {
      status: 202,
      description: "It was asked for.",
      body: {
        schema: adminFileSchema,
        example: { ...EXAMPLE_ADMIN_FILE, replayRequested: true },
      },
    },
    problems: ["not-found", "not-replayable", "unavailable"],
  }),
  operation("get", "/audit", "listAudit", "What operators did", {
    description: "Newest first, also what was refused.",
    query: auditQuerySchema,
    queryExample: { limit: "100" },
    answer: {
      status: 200,
      description: "Entries of the audit log.",
      body: {
        schema: auditListSchema,
        example: {
          entries: [{
            at: "2026-11-24T04:46:52.016Z",
            operator: "admin",
            from: "192.0.2.7",
            action: "tenant.disable",
            subject: "customer-1",
            details: {},
            outcome: "done",
          }],
        },
      },
    },
    problems: ["bad-request"],
  }),
  operation("get", "/events", "operatorEvents", "Hear of changes", {
    query: eventsQuerySchema,
    description: "Server-sent events: `changed`, when something is other than it was.",
    answer: {
      status: 200,
      description: "A stream that ends with the session.",
      body: { mediaType: "text/event-stream", example: "event: changed\ndata: {}\n\n" },
    },
    problems: ["too-busy", "unavailable"],
  }),
];
