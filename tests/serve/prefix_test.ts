import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import * as tus from "tus-js-client";
import { arrivals } from "../../src/serve/http/arrival.ts";
import { ASSETS } from "../../src/serve/dashboard/assets.ts";
import { FIRST_PARTS, isPrefix } from "../../src/protocol/paths.ts";
import { basic, creation, fakeAccounts, problemCode, withApp } from "./harness.ts";
import { type Listening, withServer } from "./listening.ts";

const AUTH = { Authorization: basic("customer-1", "secret") };
const PUBLIC = "https://intake.example.com/intake";

/** A server that people reach at {@link PUBLIC}. */
function withPrefix(test: (listening: Listening) => Promise<void>): Promise<void> {
  const arrival = arrivals({ public_url: `${PUBLIC}/` });
  const accounts = fakeAccounts();
  return withServer(test, { app: { accounts }, server: { arrival } });
}

/** Signs in with the form; returns the answer. */
async function signIn(url: string, role: "customer" | "operator"): Promise<Response> {
  const response = await fetch(`${url}/sign-in`, {
    method: "POST",
    redirect: "manual",
    headers: { Origin: "https://intake.example.com" },
    body: new URLSearchParams({ user: "customer-1", password: "secret", role }),
  });
  await response.body?.cancel();
  return response;
}

Deno.test("below a prefix each path works with it and without it", () =>
  withPrefix(async ({ url }) => {
    for (const path of ["/livez", "/v1/files", "/v1/files/", "/openapi.json", "/sign-in"]) {
      for (const prefix of ["", "/intake", "/%69ntake"]) {
        const response = await fetch(`${url}${prefix}${path}`, { headers: AUTH });
        assert.equal(response.status, 200, prefix + path);
        await response.body?.cancel();
      }
    }
    // A proxy that removes the prefix and hides metrics must not be passed with the prefix twice.
    const metrics = await fetch(`${url}/intake/metrics`);
    assert.equal(await problemCode(metrics), "not-found");
    const other = await fetch(`${url}/intakes/v1/files`, { headers: AUTH });
    assert.equal(await problemCode(other), "not-found");
    for (const home of ["/intake", "/intake/", "/"]) {
      const response = await fetch(url + home, { redirect: "manual" });
      assert.deepEqual([response.status, response.headers.get("Location")], [
        303,
        "/intake/sign-in",
      ]);
      await response.body?.cancel();
    }
  }));

Deno.test("the cookie is only sent below the prefix, and only over TLS", () =>
  withPrefix(async ({ url }) => {
    const signedIn = await signIn(url, "customer");
    assert.deepEqual([signedIn.status, signedIn.headers.get("Location")], [303, "/intake/"]);
    const cookie = signedIn.headers.get("Set-Cookie") ?? "";
    assert.match(cookie, /^__Secure-mysimbdp_session=[^;]+;.* Path=\/intake; HttpOnly; Secure;/);
    const headers = { Cookie: cookie.split(";")[0] ?? "", Origin: "https://intake.example.com" };
    const signedOut = await fetch(`${url}/intake/sign-out`, {
      method: "POST",
      headers,
      redirect: "manual",
    });
    await signedOut.body?.cancel();
    assert.equal(signedOut.headers.get("Location"), "/intake/sign-in");
    assert.match(signedOut.headers.get("Set-Cookie") ?? "", /Max-Age=0; Path=\/intake;/);
  }));

Deno.test("all links, forms and assets of the pages are below the prefix, and lead somewhere", () =>
  withPrefix(async ({ url }) => {
    const pages = {
      customer: ["/", "/module", "/sign-in", "/files/unknown"],
      operator: ["/operator", "/operator/files", "/operator/tenants", "/operator/audit"],
    };
    const found = new Set<string>();
    for (const role of ["customer", "operator"] as const) {
      const Cookie = (await signIn(url, role)).headers.get("Set-Cookie")?.split(";")[0] ?? "";
      for (const path of [...pages[role], "/docs"]) {
        const response = await fetch(url + path, { headers: { Cookie } });
        const html = await response.text();
        const links = [...html.matchAll(/\s(?:href|src|action)="([^"#]+)/g)];
        assert.ok(links.length > 3, path);
        for (const [, link = ""] of links) found.add(link);
      }
    }
    for (const link of found) {
      assert.match(link, /^\/intake\//);
      // Only for POST.
      if (link.endsWith("/sign-out")) continue;
      const response = await fetch(url + link, { headers: AUTH, redirect: "manual" });
      assert.notEqual(response.status, 404, link);
      await response.body?.cancel();
    }
    assert.ok(found.has("/intake/assets/site.css"));
  }));

Deno.test("no script names a path of the server without its prefix", async () => {
  for (const name of Object.keys(ASSETS).filter((name) => /^\w+\.js$/.test(name))) {
    const url = new URL(`../../src/serve/dashboard/assets/${name}`, import.meta.url);
    const text = await Deno.readTextFile(url);
    for (const [found, before] of text.matchAll(/(.{3})["`]\/[\w$]/g)) {
      assert.equal(before, "at(", `${name}: ${found}`);
    }
  }
});

Deno.test("problems and the API document name the public URL", () =>
  withPrefix(async ({ url }) => {
    const problem = await (await fetch(`${url}/v1/files/unknown`, { headers: AUTH })).json();
    assert.equal(problem.instance, "/intake/v1/files/unknown");
    const document = await (await fetch(`${url}/openapi.json`)).json();
    assert.deepEqual(document.servers, [{ url: PUBLIC }]);
    assert.match(
      await (await fetch(`${url}/docs`)).text(),
      /SERVER=https:\/\/intake.example.com\/intake\b/,
    );
  }));

// The client keeps timers until its process ends.
const CLIENT = { sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "Location is right for the clients of tus, with and without a slash",
  CLIENT,
  () =>
    withPrefix(async ({ url }) => {
      const bytes = randomBytes(700_000);
      for (const endpoint of ["/intake/v1/uploads", "/intake/v1/uploads/"]) {
        const created = await fetch(url + endpoint, {
          method: "POST",
          headers: { ...AUTH, ...creation("a.csv", 1) },
        });
        await created.body?.cancel();
        const location = created.headers.get("Location") ?? "";
        assert.match(location, /^\/intake\/v1\/uploads\/[0-9a-z]{26}$/);
        await new Promise<void>((resolve, reject) =>
          new tus.Upload(Readable.from([bytes]), {
            endpoint: url + endpoint,
            uploadSize: bytes.length,
            chunkSize: 300_000,
            headers: AUTH,
            metadata: { filename: "a.csv" },
            retryDelays: null,
            onError: reject,
            onSuccess: () => resolve(),
          }).start()
        );
      }
    }),
);

Deno.test("a trusted proxy can name the prefix that it removes", () => {
  const prefixOf = (prefix: string, trusted_proxies: string[]) =>
    arrivals({ trusted_proxies })(
      new Request("http://localhost/", { headers: { "X-Forwarded-Prefix": prefix } }),
      "127.0.0.1",
    ).prefix;
  assert.equal(prefixOf("/intake/", ["127.0.0.1"]), "/intake");
  assert.equal(prefixOf("/intake", []), "");
  for (const prefix of ["//evil.example", '/"><script>', "intake", "/v1", "/..", "/a/../b", "/"]) {
    assert.equal(prefixOf(prefix, ["127.0.0.1"]), "", prefix);
  }
});

Deno.test("no path of the server can be a prefix", CLIENT, () =>
  withApp(({ app }) => {
    const firsts = app.routes.map(({ path }) => path.split("/")[1] ?? "");
    const own = new Set(firsts.filter((part) => /^[a-z]/.test(part)));
    assert.deepEqual([...own].sort(), [...FIRST_PARTS].sort());
    for (const part of own) assert.ok(!isPrefix(`/${part}/x`), part);
    return Promise.resolve();
  }));
