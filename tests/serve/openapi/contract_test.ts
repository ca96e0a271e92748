import assert from "node:assert/strict";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import { documentedPath } from "../../../src/serve/openapi/document.ts";
import { PROBLEMS } from "../../../src/serve/http/problems.ts";
import { basic } from "../harness.ts";
import { type ExampleServer, exampleServer } from "./fixtures.ts";

interface Content {
  schema: object;
  example?: unknown;
  examples?: Record<string, { value: { type: string; status: number } }>;
}
interface Answer {
  description: string;
  headers?: Record<string, unknown>;
  content?: Record<string, Content>;
}
interface Described {
  operationId: string;
  security: Record<string, unknown>[];
  parameters: { name: string; in: string; required: boolean; example?: string }[];
  requestBody?: { content: Record<string, Content> };
  responses: Record<string, Answer>;
}
interface Document {
  paths: Record<string, Record<string, Described>>;
  components: { schemas: Record<string, object> };
}
interface Documented {
  method: string;
  path: string;
  operation: Described;
}

async function documentOf({ app }: ExampleServer): Promise<Document & Record<string, unknown>> {
  return await (await app.request("/openapi.json")).json();
}

function operationsOf({ paths }: Document): Documented[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation }))
  );
}

/** Checks values against the schemas of the document, which refer to each other by path. */
function validatorOf(document: Document): (schema: object, value: unknown, what: string) => void {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addSchema({ $id: "doc:/", ...document }, "doc:/");
  return (schema, value, what) => {
    const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"doc:/#/'));
    const check = ajv.compile(absolute);
    assert.ok(check(value), `${what}: ${ajv.errorsText(check.errors)} in ${JSON.stringify(value)}`);
  };
}

/** The credentials for a path. */
function userFor(path: string): string {
  return basic(path.startsWith("/v1/admin") ? "admin" : "customer-1", "secret");
}

/** The example request of an operation, built from its parameters and its body. */
function exampleRequest({ method, path, operation }: Documented): Request {
  const query = new URLSearchParams();
  const headers = new Headers(
    operation.security.length > 0 ? { Authorization: userFor(path) } : {},
  );
  let filled = path;
  for (const { name, in: place, example, required } of operation.parameters) {
    if (place === "path") filled = filled.replace(`{${name}}`, example ?? "");
    else if (place === "query" && example !== undefined) query.set(name, example);
    else if (place === "header" && required) headers.set(name, example ?? "");
  }
  const [media] = Object.entries(operation.requestBody?.content ?? {});
  if (media) headers.set("Content-Type", media[0]);
  const example = media?.[1].example;
  const body = typeof example === "string" ? example : JSON.stringify(example);
  return new Request(`http://localhost${filled}?${query}`, {
    method: method.toUpperCase(),
    headers,
    ...(media && { body }),
  });
}

/** Opens a session and puts its token into a request. */
async function signIn({ app }: ExampleServer, request: Request): Promise<void> {
  const { pathname } = new URL(request.url);
  const Authorization = request.headers.get("Authorization") ?? "";
  const opened = await app.request(pathname, { method: "POST", headers: { Authorization } });
  const { token } = await opened.json();
  request.headers.set("Authorization", `Bearer ${token}`);
}

/** The text of a body; for a stream of events, its beginning. */
async function textOf(response: Response): Promise<string> {
  if (response.headers.get("Content-Type") !== "text/event-stream") return await response.text();
  const reader = response.body?.getReader();
  const first = await reader?.read();
  await reader?.cancel();
  return new TextDecoder().decode(first?.value);
}

/** A problem must be among those that the operation documents. */
async function expectProblem(
  document: Document,
  { method, path, operation }: Documented,
  response: Response,
  code: string,
): Promise<void> {
  const what = `${method} ${path}`;
  const documented = operation.responses[response.status]?.content?.["application/problem+json"];
  assert.ok(documented, `${what} answered ${response.status}, which is not documented`);
  assert.ok(documented.examples?.[code], `${what}: "${code}" is not documented`);
  if (method === "head") return;
  assert.equal(response.headers.get("Content-Type"), "application/problem+json", what);
  const problem = await response.json();
  assert.equal(problem.type, `urn:mysimbdp:problem:${code}`, `${what}: ${problem.detail}`);
  validatorOf(document)(documented.schema, problem, what);
}

Deno.test("the document is OpenAPI 3.1", async () => {
  await using server = await exampleServer();
  const { valid, errors } = await new Validator().validate(await documentOf(server));
  assert.ok(valid, JSON.stringify(errors));
});

Deno.test("every route of the API is registered with its contract", async () => {
  await using server = await exampleServer();
  const documented = operationsOf(await documentOf(server)).map(({ method, path }) =>
    // Hono routes HEAD as GET.
    `${method === "head" ? "GET" : method.toUpperCase()} ${path}`
  );
  const pages = /^\/($|docs|assets\/|sign-|files\/|module|operator)/;
  const routes = server.app.routes
    .filter(({ method, path }) => method !== "ALL" && !pages.test(path))
    .map(({ method, path }) => `${method} ${documentedPath(path)}`);
  assert.deepEqual([...new Set(routes)].sort(), documented.sort());
});

Deno.test("every example is answered as documented", async () => {
  const document = await (async () => {
    await using server = await exampleServer();
    return await documentOf(server);
  })();
  const validate = validatorOf(document);
  for (const documented of operationsOf(document)) {
    await using server = await exampleServer();
    const { operation, method, path } = documented;
    const what = `${method} ${path}`;
    const [status = "", answer] = Object.entries(operation.responses)
      .find(([status]) => Number(status) < 400) ?? [];
    const request = exampleRequest(documented);
    if (operation.operationId.startsWith("close")) await signIn(server, request);
    const response = await server.app.fetch(request);
    const text = await textOf(response);
    assert.equal(String(response.status), status, `${what}: ${text}`);
    const [media] = Object.entries(answer?.content ?? {});
    const type = response.headers.get("Content-Type")?.split(";")[0] ?? null;
    assert.equal(type, media?.[0] ?? null, what);
    if (media?.[0] === "application/json") {
      validate(media[1].schema, JSON.parse(text), what);
      validate(media[1].schema, media[1].example, `example of ${what}`);
    }
    const sent = Object.keys(answer?.headers ?? {}).filter((name) => response.headers.has(name));
    if (answer?.headers) assert.ok(sent.length > 0, `${what} has none of its documented headers`);
  }
});

Deno.test("exactly the routes that document authentication require it", async () => {
  await using server = await exampleServer();
  const document = await documentOf(server);
  for (const documented of operationsOf(document)) {
    const request = exampleRequest(documented);
    request.headers.delete("Authorization");
    const response = await server.app.fetch(request);
    if (documented.operation.security.length === 0) assert.notEqual(response.status, 401);
    else {
      assert.equal(response.status, 401, documented.path);
      await expectProblem(document, documented, response, "unauthorized");
    }
  }
});

const UPLOAD = "01m85y2c3d4e5f6g7h8j9k0m1n";
const CUSTOMER = "/v1/admin/tenants/customer-1/constraints";
const MODULE = "/v1/admin/tenants/customer-1/module";
const TUS = { "Tus-Resumable": "1.0.0" };
const BYTES = { ...TUS, "Content-Type": "application/offset+octet-stream" };
const NEW = { ...TUS, "Upload-Length": "3", "Upload-Metadata": "filename YS5jc3Y=" };
const named = (name: string) => `filename ${btoa(name)}`;

/** A request for each problem: operation, problem, and the changes to the example request. */
const MISTAKES: [
  string,
  keyof typeof PROBLEMS,
  { headers?: Record<string, string>; path?: string; body?: string },
][] = [
  ["listFiles", "bad-request", { path: "/v1/files?limit=0" }],
  ["showFile", "not-found", { path: "/v1/files/nobody" }],
  ["listRejects", "not-found", { path: "/v1/files/nobody/rejects" }],
  ["listRejects", "bad-request", { path: `/v1/files/01m85y1kj8c5r1g4hx7h65vx55/rejects?after=x` }],
  ["closeSession", "bad-request", {}],
  ["openSession", "throttled", { headers: { Authorization: basic("slowed", "secret") } }],
  ["createUpload", "tus-version", { headers: { ...NEW, "Tus-Resumable": "0.2.2" } }],
  ["createUpload", "bad-request", { headers: { ...TUS, "Upload-Metadata": "filename YS5jc3Y=" } }],
  [
    "createUpload",
    "upload-length-deferred",
    { headers: { ...TUS, "Upload-Defer-Length": "1", "Upload-Metadata": "filename YS5jc3Y=" } },
  ],
  ["createUpload", "bad-file-name", { headers: { ...NEW, "Upload-Metadata": named("a/b.csv") } }],
  ["createUpload", "format-not-allowed", { headers: { ...NEW, "Upload-Metadata": named("a.md") } }],
  ["createUpload", "file-too-large", { headers: { ...NEW, "Upload-Length": "99999999" } }],
  [
    "createUpload",
    "unknown-batch",
    { headers: { ...NEW, "Upload-Metadata": `${named("a.csv")},batch eA==` } },
  ],
  ["createUpload", "wrong-content-type", {
    headers: { ...NEW, "Content-Type": "text/csv", "Content-Length": "1" },
    body: "a",
  }],
  [
    "createUpload",
    "sha256-mismatch",
    {
      headers: {
        ...NEW,
        ...BYTES,
        "Upload-Metadata": `${named("a.csv")},sha256 ${btoa("0".repeat(64))}`,
      },
      body: "abc",
    },
  ],
  ["appendToUpload", "length-exceeded", {
    headers: { ...BYTES, "Upload-Offset": "0" },
    body: "x".repeat(39),
  }],
  ["appendToUpload", "offset-conflict", { headers: { ...BYTES, "Upload-Offset": "7" }, body: "a" }],
  ["appendToUpload", "upload-not-found", {
    path: "/v1/uploads/nobody",
    headers: { ...BYTES, "Upload-Offset": "0" },
    body: "a",
  }],
  ["appendToUpload", "unsupported-checksum", {
    headers: { ...BYTES, "Upload-Offset": "0", "Upload-Checksum": "rot13 YQ==" },
    body: "a",
  }],
  ["appendToUpload", "checksum-mismatch", {
    headers: { ...BYTES, "Upload-Offset": "0", "Upload-Checksum": "md5 YQ==" },
    body: "a",
  }],
  ["submitModule", "bad-request", { body: "{" }],
  ["submitModule", "bad-module-files", { body: '{"files":{"../ingest.ts":""}}' }],
  ["submitModule", "module-too-large", {
    body: JSON.stringify({ files: { "ingest.ts": "x".repeat(2 * 1024 ** 2 + 1) } }),
  }],
  ["showModuleVersion", "not-found", { path: "/v1/module/v9-00000000" }],
  ["listModuleSources", "not-found", { path: "/v1/module/v9-00000000/sources" }],
  ["showModuleSource", "bad-request", { path: "/v1/module/v1-d580bb47/source" }],
  ["showModuleSource", "not-found", { path: "/v1/module/v1-d580bb47/source?path=a.ts" }],
  ["showVersionSource", "not-found", { path: `${MODULE}/v1-d580bb47/source?path=a.ts` }],
  ["listVersionSources", "not-found", { path: `${MODULE}/v9-00000000/sources` }],
  ["showVersionChanges", "bad-request", { path: `${MODULE}/v1-d580bb47/changes?page=0` }],
  ["startTestRun", "file-too-large", {
    path: "/v1/module/v1-d580bb47/test-run",
    body: "x".repeat(1024 ** 2 + 1),
  }],
  ["startTestRun", "bad-file-name", {
    path: "/v1/module/v1-d580bb47/test-run?name=a%2Fb",
    body: "",
  }],
  ["showTestRun", "not-found", { path: "/v1/module/v9-00000000/test-run" }],
  ["approveVersion", "not-found", {
    path: `${MODULE}/v9-00000000/approve`,
    body: '{"seen":"5e1f"}',
  }],
  ["approveVersion", "review-outdated", {
    path: `${MODULE}/v1-d580bb47/approve`,
    body: '{"seen":"5e1f"}',
  }],
  ["reviewVersion", "not-found", { path: `${MODULE}/..%2f..%2f` }],
  ["rejectVersion", "bad-request", { path: `${MODULE}/v1-d580bb47/reject`, body: "[]" }],
  ["createToken", "bad-request", { body: '{"name":"a","expiresInDays":1000}' }],
  ["revokeToken", "no-such-token", { path: "/v1/tokens/nobody" }],
  ["showUpload", "upload-not-found", { path: "/v1/uploads/nobody", headers: TUS }],
  ["addTenant", "tenant-exists", { body: '{"name":"customer-1"}' }],
  ["addTenant", "bad-tenant-name", { body: '{"name":"../etc"}' }],
  ["addTenant", "bad-password", { body: '{"name":"customer-9","password":""}' }],
  ["addTenant", "bad-request", { body: '{"name":"customer-9","admin":true}' }],
  ["addTenant", "bad-request", { body: "{" }],
  ["changeTenant", "no-such-tenant", { path: "/v1/admin/tenants/x", body: '{"enabled":true}' }],
  ["setConstraints", "bad-request", { path: CUSTOMER, body: '{"formats":".csv"}' }],
  ["dropConstraints", "no-such-tenant", { path: "/v1/admin/tenants/nobody/constraints" }],
  ["setPassword", "bad-request", { path: CUSTOMER.replace("constraints", "password"), body: "3" }],
  ["showAnyFile", "not-found", { path: "/v1/admin/files/nobody" }],
  ["replayFile", "not-found", { path: "/v1/admin/files/nobody/replay" }],
  ["listAudit", "bad-request", { path: "/v1/admin/audit?limit=many" }],
  ["showOverview", "bad-request", { path: "/v1/admin/overview?hours=-1" }],
  ["dropUpload", "tus-version", { path: `/v1/uploads/${UPLOAD}` }],
];

/** Problems that need more than one request, with the test that covers each. */
const COVERED_ELSEWHERE: Record<string, string> = {
  "bad-account-name": "tests/serve/real_accounts_test.ts",
  "insufficient-scope": "tests/serve/tokens_test.ts",
  "too-many-tokens": "tests/serve/tokens_test.ts",
  "tokens-unreadable": "tests/serve/tokens_test.ts",
  "cross-site": "tests/serve/cookies_test.ts",
  "wrong-version-state": "tests/serve/module_admin_test.ts",
  "test-run-in-progress": "tests/serve/module_admin_test.ts",
  "not-replayable": "tests/serve/admin_test.ts",
  "file-not-found": "tests/serve/admin_test.ts",
  "upload-interrupted": "tests/serve/uploads_test.ts",
  "body-stalled": "tests/serve/server_test.ts",
  "already-finished": "tests/serve/uploads_test.ts",
  "too-many-files": "tests/serve/limits_test.ts",
  "too-many-unfinished": "tests/serve/limits_test.ts",
  "upload-locked": "tests/serve/uploads_test.ts",
  "too-many-submissions": "tests/e2e/module_versions_test.ts",
  internal: "tests/serve/app_test.ts",
  "too-busy": "tests/serve/uploads_test.ts",
  "not-ready": "tests/serve/app_test.ts",
  "limits-unreadable": "tests/serve/limits_test.ts",
  unavailable: "tests/serve/app_test.ts",
  "no-os-sandbox": "tests/e2e/module_checks_test.ts",
  "wrong-host": "tests/serve/hosts_test.ts",
  "no-space": "tests/serve/full_disk_test.ts",
};

Deno.test("every mistake gets a documented problem", async () => {
  await using server = await exampleServer();
  const document = await documentOf(server);
  const met = new Set<string>(["unauthorized"]);
  for (const [id, code, { headers = {}, path, body }] of MISTAKES) {
    const documented = operationsOf(document).find(({ operation }) => operation.operationId === id);
    assert.ok(documented, `no operation ${id}`);
    const request = new Request(
      `http://localhost${path ?? documented.path.replace("{id}", UPLOAD)}`,
      {
        method: documented.method.toUpperCase(),
        headers: { Authorization: userFor(documented.path), ...headers },
        ...(body !== undefined && { body }),
      },
    );
    const response = await server.app.fetch(request);
    assert.equal(response.status, PROBLEMS[code].status, `${id} ${code}`);
    await expectProblem(document, documented, response, code);
    met.add(code);
  }
  const missing = Object.keys(PROBLEMS).filter((code) => !met.has(code));
  assert.deepEqual(missing.sort(), Object.keys(COVERED_ELSEWHERE).sort());
  for (const [code, path] of Object.entries(COVERED_ELSEWHERE)) {
    const text = await Deno.readTextFile(new URL(`../../../${path}`, import.meta.url));
    assert.match(text, new RegExp(`\\b${code}\\b`), `${path} does not mention "${code}"`);
  }
});

Deno.test("the reference page has every route and every problem", async () => {
  await using server = await exampleServer();
  const response = await server.app.request("/docs");
  const policy = response.headers.get("Content-Security-Policy") ?? "";
  assert.match(policy, /^default-src 'none'; script-src 'self';/);
  assert.doesNotMatch(policy, /unsafe/);
  const page = await response.text();
  for (const { operation } of operationsOf(await documentOf(server))) {
    assert.ok(page.includes(`id="${operation.operationId}"`), operation.operationId);
  }
  for (const code of Object.keys(PROBLEMS)) {
    assert.ok(page.includes(`id="problem-${code}"`), code);
  }
});
