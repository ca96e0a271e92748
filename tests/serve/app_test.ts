import assert from "node:assert/strict";
import { Failure } from "../../src/base/failure.ts";
import { problemSchema } from "../../src/protocol/problem.ts";
import { base64, basic, fakeLedger, problemCode, uploadWhole, withApp } from "./harness.ts";

Deno.test("every route of the API requires authentication", () =>
  withApp(async ({ app }) => {
    const requests = [
      ["GET", "/v1/constraints"],
      ["POST", "/v1/session"],
      ["DELETE", "/v1/session"],
      ["POST", "/v1/batches"],
      ["OPTIONS", "/v1/uploads"],
      ["GET", "/v1/uploads"],
      ["POST", "/v1/uploads"],
      ["GET", "/v1/uploads/x"],
      ["PATCH", "/v1/uploads/x"],
      ["DELETE", "/v1/uploads/x"],
      ["GET", "/v1/files"],
      ["GET", "/v1/files/x"],
      ["GET", "/v1/files/x/rejects"],
      ["GET", "/v1/anything"],
    ] as const;
    for (const [method, path] of requests) {
      const response = await app.request(path, { method, headers: { "Tus-Resumable": "1.0.0" } });
      assert.equal(response.status, 401, `${method} ${path}`);
      assert.match(response.headers.get("WWW-Authenticate") ?? "", /^Basic realm=/);
    }
  }));

Deno.test("wrong and unreadable credentials get 401, a throttled user gets 429", () =>
  withApp(async ({ send }) => {
    const ask = (authorization: string) =>
      send("/v1/constraints", { headers: { Authorization: authorization } });
    const wrong = ["Basic !!!", `Basic ${base64("no-colon")}`, "Digest x", "Bearer unknown"];
    for (const authorization of [basic("customer-1", "wrong"), ...wrong]) {
      assert.equal((await ask(authorization)).status, 401, authorization);
    }
    const slowed = await ask(basic("slowed", "secret"));
    assert.equal(slowed.status, 429);
    assert.equal(slowed.headers.get("Retry-After"), "8");
    assert.equal((await ask(basic("customer-1", "secret"))).status, 200);
    assert.equal((await ask(basic("customer-1", "secret").replace("Basic", "basic"))).status, 200);
  }));

Deno.test("the token of a session replaces the password until the session is closed", () =>
  withApp(async ({ send }) => {
    const opened = await send("/v1/session", { method: "POST" });
    assert.equal(opened.status, 201);
    const { token, expiresAt } = await opened.json();
    assert.equal(expiresAt, new Date(1_000_000).toISOString());
    const headers = { Authorization: `Bearer ${token}` };
    assert.equal((await send("/v1/constraints", { headers })).status, 200);
    assert.equal((await send("/v1/session", { method: "POST", headers })).status, 401);
    assert.equal((await send("/v1/session", { method: "DELETE", headers })).status, 204);
    assert.equal((await send("/v1/constraints", { headers })).status, 401);
    assert.equal((await send("/v1/session", { method: "DELETE" })).status, 400);
  }));

Deno.test("errors are problem+json", () =>
  withApp(async ({ send }) => {
    const response = await send("/nowhere");
    assert.equal(response.status, 404);
    assert.equal(response.headers.get("Content-Type"), "application/problem+json");
    assert.deepEqual(problemSchema.parse(await response.json()), {
      type: "urn:mysimbdp:problem:not-found",
      title: "Not found",
      status: 404,
      detail: 'Cannot find "/nowhere"',
      hint: "Check the path. The URL of the server itself ends before /v1.",
      instance: "/nowhere",
    });
    assert.equal((await send("/v1/nowhere")).status, 404);
  }));

Deno.test("unexpected errors are logged, and clients see no internals", async () => {
  const ledger = fakeLedger([]);
  const inner = new Error("secret path /var/x");
  ledger.get = () => Promise.reject(inner);
  ledger.list = () => Promise.reject(new Failure("storage", "unreachable", "at 10.0.0.7"));
  await withApp(async ({ send, events }) => {
    const broken = await send("/v1/files/x");
    assert.equal(broken.status, 500);
    const internal = await broken.text();
    assert.match(internal, /"urn:mysimbdp:problem:internal"/);
    assert.doesNotMatch(internal, /secret|stack/);
    assert.ok(
      events.some((event) => event.kind === "request.failed" && event.error === inner.message),
    );
    const away = await send("/v1/files");
    assert.equal(away.status, 503);
    const unavailable = await away.text();
    assert.match(unavailable, /"urn:mysimbdp:problem:unavailable"/);
    assert.doesNotMatch(unavailable, /10\.0\.0\.7/);
  }, { app: { ledger } });
});

Deno.test("health, metrics and the first page need no authentication", () =>
  withApp(async (harness) => {
    const { app } = harness;
    assert.equal((await app.request("/livez")).status, 200);
    assert.equal((await app.request("/readyz")).status, 200);
    const first = await app.request("/");
    assert.deepEqual([first.status, first.headers.get("Location")], [303, "/sign-in"]);
    const page = await (await app.request("/sign-in")).text();
    assert.match(page, /mysimbdp 1\.2\.3/);

    await uploadWhole(harness, "a.csv", "abc");
    await uploadWhole(harness, "a.csv", "abc");
    await app.request("/v1/files", { method: "BREW" });
    const metrics = await (await app.request("/metrics")).text();
    assert.match(metrics, /mysimbdp_build_info\{version="1\.2\.3"\} 1/);
    assert.match(metrics, /mysimbdp_uploads_total\{tenant="customer-1",result="finished"\} 1/);
    assert.match(metrics, /mysimbdp_uploads_total\{tenant="customer-1",result="duplicate"\} 1/);
    assert.match(metrics, /mysimbdp_upload_received_bytes_total\{tenant="customer-1"\} 6/);
    assert.match(metrics, /_count\{method="POST",route="\/v1\/uploads",status="201"\} 2/);
    assert.doesNotMatch(metrics, /BREW/);
  }));

Deno.test("the gauges show the counts of the ledger", async () => {
  const ledger = fakeLedger([]);
  const tenant = "customer-1";
  ledger.counts = () =>
    Promise.resolve([
      { tenant, state: "ingested", files: 3, stored: 30, rejected: 2 },
      { tenant, state: "quarantined", files: 1, stored: 0, rejected: 9 },
    ]);
  await withApp(async ({ app }) => {
    for (let time = 0; time < 2; time++) {
      const metrics = await (await app.request("/metrics")).text();
      assert.match(metrics, /mysimbdp_files\{tenant="customer-1",state="ingested"\} 3/);
      assert.match(metrics, /mysimbdp_rows\{tenant="customer-1",result="rejected"\} 11/);
    }
  }, { app: { ledger } });
});

Deno.test("readyz fails when the data directory cannot be written", () =>
  withApp(async ({ app, intake }) => {
    await Deno.remove(intake.layout.uploads, { recursive: true });
    const response = await app.request("/readyz");
    assert.equal(response.status, 503);
    assert.equal(await problemCode(response), "not-ready");
    await Deno.mkdir(intake.layout.uploads);
  }));
