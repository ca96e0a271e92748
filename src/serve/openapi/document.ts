import { z } from "zod";
import * as admin from "../../protocol/admin_view.ts";
import { constraintsSchema } from "../../protocol/constraints.ts";
import * as file from "../../protocol/file_view.ts";
import * as module from "../../protocol/module_view.ts";
import { PROBLEM_MEDIA_TYPE, PROBLEM_TYPE_BASE, problemSchema } from "../../protocol/problem.ts";
import { batchSchema, healthSchema, sessionSchema } from "../../protocol/session.ts";
import { newTokenSchema, tokenListSchema, tokenViewSchema } from "../../protocol/tokens.ts";
import { usageSchema } from "../../protocol/usage.ts";
import { FOR_ANY_HOST } from "../http/hosts.ts";
import { type ProblemCode, PROBLEMS, titleOf } from "../http/problems.ts";
import { type Audience, type Body, type Route, storesSomething } from "../http/route.ts";
import { parametersOf } from "./parameters.ts";

/** A part of the document: plain JSON. */
type Json = {
  [key: string]: Json | Json[] | string | string[] | number | boolean | null | undefined;
};

/** Schemas with a name in the document; all others are inlined. */
const NAMED: [string, z.ZodType][] = [
  ["Constraints", constraintsSchema],
  ["Session", sessionSchema],
  ["Usage", usageSchema],
  ["Batch", batchSchema],
  ["Token", tokenViewSchema],
  ["TokenList", tokenListSchema],
  ["NewToken", newTokenSchema],
  ["Health", healthSchema],
  ["RowCounts", file.rowCountsSchema],
  ["File", file.fileViewSchema],
  ["FileList", file.fileListSchema],
  ["Reject", file.rejectViewSchema],
  ["RejectList", file.rejectListSchema],
  ["Upload", file.uploadViewSchema],
  ["UploadList", file.uploadListSchema],
  ["AdminFile", admin.adminFileSchema],
  ["AdminFileList", admin.adminFileListSchema],
  ["Tenant", admin.tenantViewSchema],
  ["TenantList", admin.tenantListSchema],
  ["TenantHealth", admin.tenantHealthSchema],
  ["Throughput", admin.throughputSchema],
  ["Overview", admin.overviewSchema],
  ["Credentials", admin.credentialsSchema],
  ["AuditEntry", admin.auditEntrySchema],
  ["AuditList", admin.auditListSchema],
  ["Module", module.moduleViewSchema],
  ["ModuleVersion", module.versionViewSchema],
  ["ModuleVersionWithFiles", module.versionWithFilesSchema],
  ["ModuleSubmission", module.moduleSubmissionSchema],
  ["ModuleFault", module.moduleFaultSchema],
  ["ModuleLog", module.moduleLogSchema],
  ["ModuleLogEntry", module.moduleLogEntrySchema],
  ["ModuleTestRun", module.testRunSchema],
  ["VersionReview", admin.versionReviewSchema],
  ["Problem", problemSchema],
];

/** Problems that every route of an audience can answer with. */
const USUAL: Record<Audience, ProblemCode[]> = {
  anyone: ["internal"],
  customer: [
    "unauthorized",
    "bad-account-name",
    "insufficient-scope",
    "throttled",
    "internal",
    "not-ready",
  ],
  operator: ["unauthorized", "throttled", "internal", "not-ready"],
};

/**
 * The OpenAPI 3.1 document of the server's routes. Its schemas are generated from the zod schemas
 * that check requests and type answers.
 *
 * @example
 * ```ts
 * import { openApiDocument } from "./document.ts";
 * openApiDocument([], "0.1.0").openapi; // "3.1.0"
 * ```
 */
export function openApiDocument(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = documentedPath(route.path);
    paths[path] = { ...paths[path], [route.method]: describe(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "mysimbdp",
      version,
      description: "Receives files and loads them into the database. Errors are " +
        "application/problem+json (RFC 9457).",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: { schemas: namedSchemas(), securitySchemes: SECURITY },
  };
}

/** The path of a route in the notation of OpenAPI: `/v1/files/{id}`. */
export function documentedPath(path: string): string {
  return path.replace(/\/:\w+\?$/, "").replace(/:(\w+)/g, "{$1}");
}

/** Every problem that a route can answer with. */
export function problemsOf(route: Route): ProblemCode[] {
  const { audience, method, problems = [] } = route;
  const changes = audience !== "anyone" && !["get", "head", "options"].includes(method);
  const crossSite: ProblemCode[] = changes ? ["cross-site"] : [];
  const otherHost: ProblemCode[] = FOR_ANY_HOST.has(route.path) ? [] : ["wrong-host"];
  const fullDisk: ProblemCode[] = storesSomething(route) ? ["no-space"] : [];
  return [...new Set([...problems, ...USUAL[audience], ...crossSite, ...otherHost, ...fullDisk])];
}

const SECURITY: Json = {
  password: { type: "http", scheme: "basic", description: "User name and password in UTF-8." },
  token: { type: "http", scheme: "bearer", description: "A token of a session, or an API token." },
  cookie: {
    type: "apiKey",
    in: "cookie",
    name: "mysimbdp_session",
    description:
      "The session of the dashboard. Over TLS its name starts with `__Host-`, or below a path with " +
      "`__Secure-`. Requests that change something must come from a page of this server.",
  },
};

function describe(route: Route): Json {
  const { id, tag, summary, description, audience, body, answer } = route;
  const content = body && contentOf(body);
  return {
    operationId: id,
    tags: [tag],
    summary,
    description,
    security: audience === "anyone" ? [] : [{ password: [] }, { token: [] }, { cookie: [] }],
    parameters: parametersOf(route).map((parameter) => ({ ...parameter }) as Json),
    requestBody: content && { required: body.required ?? true, content },
    responses: {
      [answer.status]: {
        description: answer.description,
        headers: answer.headers && Object.fromEntries(
          Object.entries(answer.headers).map(([name, description]) => [
            name,
            { description, schema: { type: "string" } },
          ]),
        ),
        content: answer.body && contentOf(answer.body),
      },
      ...problemResponses(route),
    },
  };
}

function contentOf({ schema, mediaType = "application/json", example }: Body): Json {
  return { [mediaType]: { schema: schema ? reference(schema) : {}, example: example as Json } };
}

/** One answer for each status, with an example of each problem. */
function problemResponses(route: Route): Record<string, Json> {
  const byStatus: Record<string, Record<string, Json>> = {};
  for (const code of problemsOf(route)) {
    const { status, when } = PROBLEMS[code];
    const value = { type: PROBLEM_TYPE_BASE + code, title: titleOf(code), status, detail: when };
    byStatus[status] = { ...byStatus[status], [code]: { summary: when, value } };
  }
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, examples]) => [status, {
      description: Object.keys(examples).map((code) => `\`${code}\``).join(", "),
      content: { [PROBLEM_MEDIA_TYPE]: { schema: reference(problemSchema), examples } },
    }]),
  );
}

function reference(schema: z.ZodType): Json {
  const named = NAMED.find(([, known]) => known === schema);
  if (named) return { $ref: `#/components/schemas/${named[0]}` };
  const { $schema: _, ...inline } = z.toJSONSchema(schema, { io: "input" });
  return inline as Json;
}

function namedSchemas(): Record<string, Json> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of NAMED) registry.add(schema, { id });
  const uri = (id: string) => `#/components/schemas/${id}`;
  const { schemas } = z.toJSONSchema(registry, { uri, io: "input" });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _, $id: __, ...schema }]) => [id, schema as Json]),
  );
}
