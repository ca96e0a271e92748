import assert from "node:assert/strict";
import type { ModuleFiles } from "../harness/modules.ts";
import { keepAll } from "../harness/modules.ts";
import { signedIn } from "../harness/tus.ts";
import { pause, until } from "../harness/until.ts";
import { staysAwake } from "./awake.ts";
import { basic, Customers, PASSWORD } from "./customers.ts";
import { memoryOf, OpenBodies, OpenBody, type OpenRequest } from "./open_bodies.ts";

const MIB = 1024 ** 2;
const ATTACKERS = ["a1", "a2", "a3", "a4"];
/** Attempts to measure an attack that can be made once. */
const ATTACKS = 3;
/** Memory that `serve` may use beyond what it uses without an attack, in MB. */
const MORE_MEMORY = 300;
/** Small bodies have 10 seconds; the machine may be busy. */
const SMALL_SECONDS = 20;

const text = (value: string) => new TextEncoder().encode(value);

/** The start of a module of 23 MB. */
function unfinishedModule(tenant: string): OpenRequest {
  const body = new Uint8Array(22.9 * MIB).fill(97);
  body.set(text('{"files":{"ingest.ts":"'));
  const headers = { Authorization: basic(tenant, PASSWORD), "Content-Type": "application/json" };
  return { method: "PUT", path: "/v1/module", headers, body, length: 23 * MIB };
}

/** Opens bodies again and again, as soon as the server has ended some, until it is stopped. */
async function keepOpen(
  bodies: OpenBodies,
  requests: OpenRequest[],
  each: number,
  stop: AbortSignal,
): Promise<OpenBody[]> {
  const opened: OpenBody[] = [];
  let open: { request: OpenRequest; body: OpenBody }[] = [];
  while (!stop.aborted) {
    open = open.filter(({ body }) => !body.isClosed);
    for (const request of requests) {
      const missing = each - open.filter((one) => one.request === request).length;
      const more = await bodies.open(request, Math.max(0, missing));
      open.push(...more.map((body) => ({ request, body })));
      opened.push(...more);
    }
    await pause(500);
  }
  return opened;
}

Deno.test("80 unfinished modules of 23 MB cost no memory, and hold up nobody", async (t) => {
  await using customers = await Customers.open("", "good", ...ATTACKERS);
  const { url, process } = customers.server;
  const before = memoryOf(process.pid);
  let most = 0;
  using bodies = new OpenBodies(url);
  await t.step("while others upload", async () => {
    const authorization = basic("good", PASSWORD);
    const requests = ATTACKERS.map(unfinishedModule);
    await staysAwake({
      url,
      authorization,
      seconds: 8,
      async attack(stop) {
        const opened = keepOpen(bodies, requests, 20, stop);
        while (!stop.aborted) {
          most = Math.max(most, memoryOf(process.pid));
          await pause(200);
        }
        const refused = (await opened).filter(({ status }) => status === 503);
        assert.ok(refused.length >= 60, `${refused.length} were refused`);
        assert.ok(refused.every(({ answer }) => /Retry-After: \d/i.test(answer)));
      },
    });
    assert.ok(most - before < MORE_MEMORY, `${before} MB, then ${most} MB`);
  });
  await t.step("and somebody else can submit a module meanwhile", async () => {
    for (const tenant of ATTACKERS) await bodies.open(unfinishedModule(tenant), 5);
    assert.equal((await customers.submit("good", keepAll())).state, "checking");
  });
});

Deno.test("whole modules of 20 MB are read without holding up others", async () => {
  await using customers = await Customers.open("", "good", ...ATTACKERS);
  // Each is another version. They are made before, so that only sending them counts.
  const wasm = "A".repeat(20 * MIB);
  const modules = Array.from({ length: ATTACKS * ATTACKERS.length }, (_, n) => {
    const files: ModuleFiles = { ...keepAll(), "big.wasm": wasm, "n.json": String(n) };
    return text(JSON.stringify({ files }));
  });
  const statuses: number[] = [];
  const { attacked } = await staysAwake({
    url: customers.server.url,
    authorization: basic("good", PASSWORD),
    attempts: ATTACKS,
    async attack() {
      await Promise.all(ATTACKERS.map(async (tenant) => {
        const init = { method: "PUT", body: modules.pop() };
        const { status, body } = await customers.send(tenant, "/v1/module", init);
        await body?.cancel();
        statuses.push(status);
      }));
    },
  });
  assert.ok(statuses.every((status) => status === 202), `${statuses}`);
  assert.ok(attacked.uploads > 0);
});

Deno.test("small modules without end do not hold up others", async (t) => {
  await using customers = await Customers.open("", "good", "bad");
  const { server: { url } } = customers;
  await customers.ask("bad", "/v1/constraints");
  let n = 0;
  const kinds = {
    "modules": () => JSON.stringify({ files: { "ingest.ts": `// ${n++}`, "tenant.json": "{}" } }),
    "bodies that are not JSON": () => "{",
  };
  for (const [what, body] of Object.entries(kinds)) {
    await t.step(what, async () => {
      const statuses = new Map<number, number>();
      await staysAwake({
        url,
        authorization: basic("good", PASSWORD),
        seconds: 5,
        async attack(stop) {
          const attacker = async () => {
            while (!stop.aborted) {
              const init = { method: "PUT", body: body() };
              const answer = await customers.send("bad", "/v1/module", init);
              await answer.body?.cancel();
              statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
            }
          };
          await Promise.all(Array.from({ length: 40 }, attacker));
        },
      });
      const known = [202, 400, 429, 503];
      assert.ok([...statuses.keys()].every((status) => known.includes(status)), `${[...statuses]}`);
    });
  }
});

Deno.test("bodies of outsiders and small JSON end after seconds, and do not lock others out", async (t) => {
  await using customers = await Customers.open("", "good", "bad");
  const { server: { url }, password } = customers;
  const bad = { Authorization: basic("bad", PASSWORD) };
  const form = { "Content-Type": "application/x-www-form-urlencoded" };
  const sameSite = { "Sec-Fetch-Site": "same-origin" };
  const operator = { Authorization: basic("admin", password) };
  const requests: OpenRequest[] = [
    { method: "POST", path: "/sign-in", headers: { ...form, ...sameSite } },
    { method: "POST", path: "/sign-in", headers: { ...form, ...sameSite }, everyMs: 500 },
    { method: "POST", path: "/v1/session" },
    { method: "POST", path: "/v1/batches", headers: bad },
    { method: "POST", path: "/v1/tokens", headers: bad },
    { method: "PUT", path: "/v1/nothing", headers: bad },
    { method: "GET", path: "/livez" },
    { method: "POST", path: "/v1/admin/tenants", headers: operator },
    { method: "PUT", path: "/v1/admin/tenants/bad/constraints", headers: operator },
  ];
  for (const request of requests) {
    await t.step(
      `${request.method} ${request.path} ${request.everyMs ? "drop by drop" : ""}`,
      async () => {
        using bodies = new OpenBodies(url);
        const opened = await bodies.open({ ...request, body: text("user=a") }, 100);
        const ended = () => opened.filter(({ isClosed }) => isClosed).length === 100;
        await until("all 100 are answered and closed", ended, SMALL_SECONDS);
        assert.ok(opened.every(({ status }) => status !== null && status !== 500));
      },
    );
  }
  await t.step("100 open at all times: others sign in, and are served", async () => {
    using bodies = new OpenBodies(url);
    const [signIn] = requests;
    assert.ok(signIn);
    await staysAwake({
      url,
      authorization: basic("good", PASSWORD),
      seconds: 5,
      async attack(stop) {
        const opened = keepOpen(bodies, [{ ...signIn, body: text("user=a") }], 100, stop);
        await pause(1000);
        assert.notEqual(await signedIn({ url, user: "good", password: PASSWORD }), "");
        await opened;
      },
    });
  });
});

Deno.test("large bodies must keep a minimum rate, and others a deadline", async (t) => {
  const config = "[uploads]\nstall_seconds = 2\n";
  await using customers = await Customers.open(config, "good", "bad");
  customers.platform.manage();
  const { server: { url } } = customers;
  const { version } = await customers.checked("bad", await customers.submit("bad", keepAll()));
  const headers = { Authorization: basic("bad", PASSWORD) };
  const tus = {
    ...headers,
    "Tus-Resumable": "1.0.0",
    "Content-Type": "application/offset+octet-stream",
    "Upload-Length": "100000",
    "Upload-Metadata": `filename ${btoa("slow.csv")}`,
  };
  const requests: OpenRequest[] = [
    { method: "PUT", path: "/v1/module", headers },
    { method: "POST", path: `/v1/module/${version}/test-run?name=a.csv`, headers },
    { method: "POST", path: "/v1/uploads", headers: tus },
  ];
  for (const request of requests) {
    await t.step(`${request.method} ${request.path}`, async () => {
      using bodies = new OpenBodies(url);
      const slow = { ...request, length: 100_000, everyMs: 50 };
      const [body] = await bodies.open({ ...slow, body: text('{"files":') });
      await until("it is ended", () => body?.isClosed, 15);
      assert.match(body?.answer ?? "", /^HTTP\/1\.1 408 [^]*body-stalled/);
    });
  }
  await t.step("the bytes of the upload are kept", async () => {
    const { uploads } = await customers.ask<{ uploads: { offset: number }[] }>(
      "bad",
      "/v1/uploads",
    );
    assert.ok((uploads[0]?.offset ?? 0) > 10, JSON.stringify(uploads));
  });
  const left = async () =>
    (await customers.platform.list("uploads")).filter((name) => name.startsWith("."));
  await t.step("nothing is left on the disk, also of a server that was killed", async () => {
    assert.deepEqual(await left(), []);
    using bodies = new OpenBodies(url);
    await bodies.open({ method: "PUT", path: "/v1/module", headers, length: 1e6, body: text("{") });
    await until("it is being received", async () => (await left()).length === 1);
    await customers.server.process.stop("SIGKILL");
    await customers.platform.serve();
    assert.deepEqual(await left(), []);
  });
});
