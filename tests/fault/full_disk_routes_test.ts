import assert from "node:assert/strict";
import { join } from "node:path";
import { keepAll } from "../harness/modules.ts";
import { Platform } from "../harness/platform.ts";
import { canMountDisk, fillDisk, MB, smallDisk } from "../harness/small_disk.ts";
import { asCustomer, type Customer, upload } from "../harness/tus.ts";
import { until } from "../harness/until.ts";

const canMount = await canMountDisk();

/** A route of the API document. */
interface ApiRoute {
  method: string;
  path: string;
  /** Whether its document says that it can answer 507. */
  stores: boolean;
  isOperators: boolean;
}

const METHODS = ["get", "head", "post", "put", "patch", "delete"];

async function routesOf(url: string): Promise<ApiRoute[]> {
  const { paths } = await (await fetch(`${url}/openapi.json`)).json();
  return Object.entries(paths as Record<string, Record<string, { responses: object }>>)
    .flatMap(([path, methods]) =>
      Object.entries(methods).filter(([method]) => METHODS.includes(method)).map((
        [method, { responses }],
      ) => ({
        method: method.toUpperCase(),
        path,
        stores: "507" in responses,
        isOperators: path.startsWith("/v1/admin"),
      }))
    );
}

async function ask(
  { method, path }: ApiRoute,
  as: Customer,
  ids: Record<string, string>,
): Promise<Response> {
  const real = path.replace(/\{(\w+)\}/g, (_, name) => ids[name] ?? name);
  const headers = { "Tus-Resumable": "1.0.0", "Content-Type": "application/json" };
  const hasBody = !["GET", "HEAD", "DELETE"].includes(method);
  const response = await asCustomer(as, real, { method, headers, ...(hasBody && { body: "{}" }) });
  // Streams of events do not end.
  if (!path.endsWith("/events")) await response.clone().text();
  return response;
}

async function signIn(url: string, user: string, role: string): Promise<Response> {
  const body = new URLSearchParams({ user, password: "password-1", role });
  const response = await fetch(`${url}/sign-in`, {
    method: "POST",
    headers: { "Sec-Fetch-Site": "same-origin" },
    body,
    redirect: "manual",
  });
  await response.body?.cancel();
  return response;
}

async function statusOf(response: Response): Promise<number> {
  await response.body?.cancel();
  return response.status;
}

for (const [left, text] of [[8 * MB, "less than the reserve"], [0, "no byte"]] as const) {
  Deno.test({
    name: `serve with ${text} free: 507 for what stores something, everything else works`,
    ignore: !canMount,
    async fn(t) {
      await using disk = await smallDisk(64);
      await using platform = await Platform.create("", disk.path);
      await platform.seedAccounts();
      const users = JSON.parse(await Deno.readTextFile(join(platform.data, "users.json")));
      const admins = JSON.stringify({ boss: users["customer-1"] });
      await Deno.writeTextFile(join(platform.data, "admins.json"), admins);
      await platform.deploy("customer-1", keepAll({ files: "*.csv" }));
      const { url, process } = await platform.serve();
      const customer = { url, user: "customer-1", password: "password-1" };
      const operator = { ...customer, user: "boss" };
      assert.equal(
        (await upload(customer, "a.csv", new TextEncoder().encode("x\n1\n"))).status,
        201,
      );
      await platform.must("manage", "--once");
      const [file] = await platform.files();
      const created = await asCustomer(customer, "/v1/uploads", {
        method: "POST",
        headers: {
          "Tus-Resumable": "1.0.0",
          "Upload-Length": "5",
          "Upload-Metadata": `filename ${btoa("b.csv")}`,
        },
      });
      const uploadId = created.headers.get("Location")?.split("/").at(-1) ?? "";
      await created.body?.cancel();
      const routes = await routesOf(url);
      const version = (await (await asCustomer(customer, "/v1/module")).json()).current ?? "";
      const idsOf = ({ path }: ApiRoute) => ({
        id: path.startsWith("/v1/uploads") ? uploadId : file?.id ?? "",
        name: "customer-1",
        version: String(version.version ?? version),
      });
      const askAll = (wanted: (route: ApiRoute) => boolean) =>
        Promise.all(
          routes.filter(wanted).map(async (route) => {
            const response = await ask(
              route,
              route.isOperators ? operator : customer,
              idsOf(route),
            );
            return [`${route.method} ${route.path}`, response] as const;
          }),
        );
      const isRead = ({ method }: ApiRoute) => method === "GET" || method === "HEAD";
      const read = (route: ApiRoute) => isRead(route) && route.path !== "/readyz";
      const before = await Promise.all(
        (await askAll(read)).map(async ([name, it]) => [name, await statusOf(it)]),
      );

      const free = await fillDisk(platform.dir, left);
      await t.step("it is one state, reported once", async () => {
        await until("it is reported", () => process.stderr.text.includes('"disk.full"'));
        const ready = await fetch(`${url}/readyz`);
        assert.equal(ready.status, 503);
        const problem = await ready.json();
        assert.equal(problem.details.cause, "space");
        assert.equal(problem.detail, "Cannot accept files now: the server's disk is full");
        // Metrics that took long were read moments ago, and are answered again for a while.
        await until("the metrics have it", async () => {
          const metrics = await (await fetch(`${url}/metrics`)).text();
          return /^mysimbdp_disk_full 1$/m.test(metrics);
        });
        const { code, stdout } = await platform.run("manage", "doctor");
        assert.equal(code, 1);
        assert.match(
          stdout,
          /^failed +disk .* must stay free \(disk.reserve_mb\).*\n.*Free [\d.]+ MiB/m,
        );
      });
      await t.step("what stores something answers 507", async () => {
        const answers = await askAll(({ stores, path }) => stores && path !== "/v1/uploads/{id}");
        assert.ok(answers.length >= 10);
        for (const [name, answer] of answers) {
          const problem = await answer.json();
          assert.equal(answer.status, 507, `${name}: ${JSON.stringify(problem)}`);
          assert.match(problem.type, /no-space$/);
        }
        const bytes = { "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream" };
        const patch = await asCustomer(customer, `/v1/uploads/${uploadId}`, {
          method: "PATCH",
          headers: { "Tus-Resumable": "1.0.0", ...bytes },
          body: "x\n2\n\n",
        });
        assert.equal(await statusOf(patch), 507);
        assert.deepEqual((await platform.list("uploads")).sort(), [uploadId, `${uploadId}.json`]);
      });
      await t.step("reading works as before", async () => {
        const after = await Promise.all(
          (await askAll(read)).map(async ([name, it]) => [name, await statusOf(it)]),
        );
        assert.deepEqual(after, before);
      });
      await t.step(
        "signing in works, for an account with an old hash and an operator too",
        async () => {
          assert.equal(await statusOf(await signIn(url, "customer-1", "customer")), 303);
          const answer = await signIn(url, "boss", "operator");
          assert.equal(answer.status, 303);
          const cookie = answer.headers.get("Set-Cookie")?.split(";")[0] ?? "";
          const page = await fetch(`${url}/operator`, { headers: { Cookie: cookie } });
          assert.equal(page.status, 200);
          assert.match(await page.text(), /disk/i);
          const other = { url, user: "customer-2", password: "password-2" };
          assert.equal(await statusOf(await asCustomer(other, "/v1/constraints")), 200);
          const session = await asCustomer(other, "/v1/session", { method: "POST" });
          assert.equal(await statusOf(session), 201);
          assert.equal(process.stderr.text.includes("rehash_failed"), false);
        },
      );
      await t.step("manage --once ends with 5 and says why", async () => {
        const { code, stderr } = await platform.run("manage", "--once");
        assert.equal(code, 5, stderr);
        assert.match(stderr, /must stay free|disk is full/);
      });
      await t.step("an unfinished upload can be discarded", async () => {
        const dropped = await asCustomer(customer, `/v1/uploads/${uploadId}`, {
          method: "DELETE",
          headers: { "Tus-Resumable": "1.0.0" },
        });
        assert.equal(await statusOf(dropped), 204);
      });
      await free();
      await t.step("with room again it works without a restart", async () => {
        await until("ready", async () => await statusOf(await fetch(`${url}/readyz`)) === 200);
        assert.equal(
          await statusOf(await asCustomer(customer, "/v1/batches", { method: "POST" })),
          201,
        );
        assert.equal(
          (await upload(customer, "b.csv", new TextEncoder().encode("x\n2\n"))).status,
          201,
        );
        await until("the end is reported", () => process.stderr.text.includes('"disk.free"'));
        assert.equal(process.stderr.text.split('"disk.full"').length, 2, "reported once");
        assert.equal(process.stderr.text.includes('"request.failed"'), false, process.stderr.text);
        await platform.must("manage", "--once");
      });
      assert.equal((await process.stop()).code, 0);
    },
  });
}
