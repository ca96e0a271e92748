import assert from "node:assert/strict";
import { basic, problemCode, withApp } from "./harness.ts";

const HOST = { Host: "localhost" };

/** A session of the dashboard: its token is in the cookie. */
async function cookieOf(send: (path: string, init?: RequestInit) => Promise<Response>) {
  const { token } = await (await send("/v1/session", { method: "POST" })).json();
  return `mysimbdp_session=${token}`;
}

Deno.test("the cookie of a session replaces the password", () =>
  withApp(async ({ app, send }) => {
    const Cookie = await cookieOf(send);
    assert.equal((await app.request("/v1/files", { headers: { Cookie } })).status, 200);
    const wrong = { Cookie: "mysimbdp_session=guess" };
    assert.equal((await app.request("/v1/files", { headers: wrong })).status, 401);
    // A password is never sent by accident, so the site does not matter.
    const both = { Cookie, Authorization: basic("customer-1", "wrong") };
    assert.equal((await app.request("/v1/files", { headers: both })).status, 401);
  }));

Deno.test("a request with a cookie from another site changes nothing", () =>
  withApp(async ({ app, send }) => {
    const Cookie = await cookieOf(send);
    const open = (headers: Record<string, string>) =>
      app.request("/v1/batches", { method: "POST", headers: { ...HOST, Cookie, ...headers } });
    const foreign = [
      {},
      { "Sec-Fetch-Site": "cross-site" },
      { "Sec-Fetch-Site": "same-site" },
      { "Sec-Fetch-Site": "none" },
      { "Sec-Fetch-Site": "cross-site", Origin: "http://localhost" },
      { Origin: "http://evil.example" },
      { Origin: "null" },
      { Origin: "http://localhost:81" },
    ];
    for (const headers of foreign) {
      const response = await open(headers as Record<string, string>);
      assert.equal(response.status, 403, JSON.stringify(headers));
      assert.equal(await problemCode(response), "cross-site");
    }
    assert.equal((await open({ "Sec-Fetch-Site": "same-origin" })).status, 201);
    assert.equal((await open({ Origin: "http://localhost" })).status, 201);
  }));

Deno.test("a page's request does not open the browser's login dialog", () =>
  withApp(async ({ app }) => {
    const headers = { "Sec-Fetch-Site": "same-origin" };
    const response = await app.request("/v1/files", { headers });
    assert.equal(response.headers.get("WWW-Authenticate"), 'Bearer realm="mysimbdp"');
  }));

/** Signs in with the form, as a browser does. */
function form(password: string, headers: Record<string, string> = {}) {
  return {
    method: "POST",
    headers: {
      "Content-Type": "application/x-www-form-urlencoded",
      "Sec-Fetch-Site": "same-origin",
      ...headers,
    },
    body: new URLSearchParams({ user: "customer-1", password, role: "customer" }).toString(),
  };
}

Deno.test("the form sets a cookie that no script can read and that TLS keeps on TLS", () =>
  withApp(async ({ app }) => {
    const plain = await app.request("/sign-in", form("secret"));
    assert.deepEqual([plain.status, plain.headers.get("Location")], [303, "/"]);
    const cookie = plain.headers.get("Set-Cookie") ?? "";
    assert.match(
      cookie,
      /^mysimbdp_session=[^;]+; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    const origin = "https://intake.example.com";
    const secure = await app.request("/sign-in", form("secret"), { origin });
    const bound = secure.headers.get("Set-Cookie") ?? "";
    assert.match(bound, /^__Host-mysimbdp_session=[^;]+;.* Path=\/; HttpOnly; Secure;/);
  }));

Deno.test("a wrong password in the form is shown, and counted like any other", () =>
  withApp(async ({ app, events }) => {
    const refused = await app.request("/sign-in", form("wrong"));
    assert.equal(refused.status, 401);
    assert.equal(refused.headers.get("Set-Cookie"), null);
    assert.match(await refused.text(), /role="alert"/);
    assert.ok(events.some((event) => event.kind === "auth.failed" && !event.throttled));
    const foreign = form("secret", { "Sec-Fetch-Site": "cross-site" });
    const unsent = await app.request("/sign-in", foreign);
    assert.equal(unsent.status, 403);
    assert.match(await unsent.text(), /role="alert"[^<]*>Cannot accept .* server\.trusted_proxies/);
  }));
