import assert from "node:assert/strict";
import { Failure } from "../../src/base/failure.ts";
import { ApiClient, type FetchFunction } from "../../src/fetch/client.ts";
import { networkFailure } from "../../src/fetch/network_failure.ts";
import { FakeServer, problem } from "./fake_server.ts";
import { clientOf } from "./setup.ts";

const signal = new AbortController().signal;

async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  try {
    await promise;
  } catch (thrown) {
    assert.ok(thrown instanceof Failure, `${thrown}`);
    return thrown;
  }
  throw new assert.AssertionError({ message: "it did not fail" });
}

/** A client whose server returns these responses in turn. */
function answering(...answers: Response[]): ApiClient {
  const fetch: FetchFunction = () => Promise.resolve(answers.shift()!);
  return new ApiClient({ server: "http://s.example", user: "u", password: "p", fetch });
}

Deno.test("the request for constraints has the credentials in UTF-8", async () => {
  await using server = new FakeServer();
  using client = clientOf(server);
  const constraints = await client.constraints(signal);
  assert.deepEqual(constraints, { formats: [".csv"], number_files: 10, data_sizes: 4096 });
});

Deno.test("a wrong password is of kind auth, and no text contains it", async () => {
  await using server = new FakeServer();
  using client = clientOf(server, { password: "hunter2" });
  const failure = await failureOf(client.constraints(signal));
  assert.equal(failure.kind, "auth");
  assert.match(failure.message, /Cannot log in as "customer-1"/);
  assert.ok(!`${failure.stack}${JSON.stringify(failure)}`.includes("hunter2"));
});

Deno.test("a proxy that answers for the server is named in the hint", async () => {
  for (const status of [403, 413, 502, 503, 504]) {
    using client = answering(new Response("<html>", { status }));
    const failure = await failureOf(client.constraints(signal));
    assert.match(failure.message, new RegExp(`it answered ${status} to GET /v1/constraints`));
    assert.match(failure.hint ?? "", /^A proxy in front of the server seems to answer/);
  }
});

Deno.test("a problem document provides message, code, hint and details", async () => {
  const body = {
    type: "urn:mysimbdp:problem:file-too-large",
    title: "too large",
    status: 413,
    detail: "It is too large",
    hint: "Split it.",
    details: { limit: 5 },
  };
  using client = answering(new Response(JSON.stringify(body), { status: 413 }));
  const failure = await failureOf(client.constraints(signal));
  const { kind, code, message, hint } = failure;
  assert.deepEqual({ kind, code, message, hint }, {
    kind: "refused",
    code: "file-too-large",
    message: "It is too large",
    hint: "Split it.",
  });
  assert.equal(failure.details.limit, 5);
});

Deno.test("statuses decide the kind", async () => {
  const kinds = { 400: "refused", 403: "auth", 500: "server", 503: "server", 507: "storage" };
  for (const [status, kind] of Object.entries(kinds)) {
    using client = answering(problem(Number(status), "x", "x"));
    assert.equal((await failureOf(client.constraints(signal))).kind, kind, status);
  }
});

Deno.test("a failure about the file is a refusal, whatever the status", async () => {
  for (const status of [403, 409, 429]) {
    using client = answering(problem(status, "too-many-files", "x", { "retry-after": "9999" }));
    const failure = await failureOf(client.openBatch(signal));
    assert.deepEqual([failure.kind, failure.details.passing], ["refused", false]);
  }
});

Deno.test("a shutdown is passing; too many logins are of kind auth", async () => {
  using client = answering(
    problem(400, "upload-interrupted", "x"),
    problem(400, "bad-request", "x"),
  );
  const interrupted = await failureOf(client.openBatch(signal));
  assert.deepEqual([interrupted.kind, interrupted.details.passing], ["server", true]);
  const bad = await failureOf(client.openBatch(signal));
  assert.deepEqual([bad.kind, bad.details.passing], ["refused", false]);
  using throttled = answering(problem(429, "throttled", "x", { "retry-after": "600" }));
  assert.equal((await failureOf(throttled.openBatch(signal))).kind, "auth");
});

Deno.test("a server that is not mysimbdp is reported in one sentence", async () => {
  const answers = [
    new Response("<html>", { status: 404 }),
    new Response("<html>", { status: 200 }),
    new Response(`{"hello":1}`, { status: 200 }),
    new Response(null, { status: 302, headers: { location: "http://elsewhere.example" } }),
  ];
  for (const answer of answers) {
    using client = answering(answer);
    const failure = await failureOf(client.constraints(signal));
    assert.deepEqual([failure.kind, failure.code], ["server", "foreign-answer"]);
    assert.match(failure.message, /^Cannot use the server "http:\/\/s\.example": /);
  }
});

Deno.test("429: waits as Retry-After says, a limited number of times", async () => {
  const slept: number[] = [];
  const told: number[] = [];
  let requests = 0;
  const clock = {
    now: () => 0,
    monotonic: () => 0,
    sleep: (ms: number) => Promise.resolve(void slept.push(ms)),
  };
  const make = (answer: () => Response) =>
    new ApiClient({
      server: "http://s.example",
      user: "u",
      password: "p",
      clock,
      onThrottled: (_, seconds) => told.push(seconds),
      fetch: () => Promise.resolve(answer()),
    });
  const busy = () => problem(429, "too-many-requests", "slower", { "retry-after": "7" });
  using patient = make(() => requests++ < 2 ? busy() : Response.json({ uploads: [] }));
  assert.deepEqual(await patient.uploads(signal), []);
  assert.deepEqual(slept, [7000, 7000]);
  assert.deepEqual(told, [7, 7]);

  requests = 0;
  using never = make(() => (requests++, busy()));
  assert.equal((await failureOf(never.uploads(signal))).code, "too-many-requests");
  assert.equal(requests, 6);

  const tooLong = problem(429, "too-many-requests", "slower", { "retry-after": "86400" });
  using hopeless = make(() => tooLong);
  const before = slept.length;
  await failureOf(hopeless.uploads(signal));
  assert.equal(slept.length, before);
});

Deno.test("no server: connection refused", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  using client = clientOf({ url: `http://127.0.0.1:${port}` });
  const failure = await failureOf(client.constraints(signal));
  assert.deepEqual([failure.kind, failure.code], ["server", "connection-refused"]);
  assert.match(failure.message, /^Cannot reach the server "[^"]+": the connection was refused$/);
  assert.ok(failure.hint);
});

Deno.test("a timeout is a passing failure", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  using client = clientOf({ url: `http://127.0.0.1:${port}` });
  const failure = await failureOf(client.request({ path: "/", signal, timeout: 50 }));
  listener.close();
  assert.deepEqual([failure.code, failure.details.passing], ["timed-out", true]);
});

Deno.test("network failures are recognized by the messages of fetch", () => {
  const says = (message: string) => networkFailure("https://tls.example", new TypeError(message));
  const url = "error sending request for url (https://tls.example/v1): client error (Connect): ";
  assert.equal(says(`${url}invalid peer certificate: UnknownIssuer`).code, "tls-failed");
  assert.equal(says(`${url}dns error: failed to lookup address`).code, "host-unknown");
  assert.equal(says(`${url}tcp connect error: os error 10061`).code, "connection-refused");
  assert.equal(says(`${url}connection closed before message completed`).code, "connection-lost");
});

Deno.test("invalid addresses are usage errors", () => {
  for (const server of ["", "intake.example.com", "ftp://x", "http://u:p@x", "http://x/?a=1"]) {
    assert.throws(() => new ApiClient({ server, user: "u", password: "p" }), (thrown) => {
      return thrown instanceof Failure && thrown.kind === "usage" &&
        !thrown.message.includes(":p@");
    }, server);
  }
  using client = new ApiClient({ server: "https://x.example/in/", user: "u", password: "p" });
  assert.equal(client.server, "https://x.example/in");
  assert.throws(() => new ApiClient({ server: "http://x", user: "a:b", password: "p" }), /colon/);
});
