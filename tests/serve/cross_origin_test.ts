import assert from "node:assert/strict";
import { appending, basic, creation, problemCode, TUS, withApp } from "./harness.ts";

const APP = "https://app.example.com";
const AUTH = { Authorization: basic("customer-1", "secret") };

/** The request with which a browser asks whether a page may send another one. */
function preflight(origin: string, method: string, headers: string) {
  return {
    method: "OPTIONS",
    headers: {
      Origin: origin,
      "Access-Control-Request-Method": method,
      "Access-Control-Request-Headers": headers,
    },
  };
}

function listOf(response: Response, header: string): string[] {
  return (response.headers.get(header) ?? "").split(", ").map((name) => name.toLowerCase());
}

Deno.test("a page of an allowed origin uploads with tus", () =>
  withApp(async ({ app }) => {
    const send = async (
      path: string,
      init: { method: string; headers: HeadersInit; body?: string },
    ) => {
      const headers = new Headers(init.headers);
      const names = [...headers.keys()];
      const asked = await app.request(path, preflight(APP, init.method, names.join(",")));
      assert.equal(asked.status, 204);
      assert.equal(asked.headers.get("Access-Control-Allow-Origin"), APP);
      assert.ok(listOf(asked, "Access-Control-Allow-Methods").includes(init.method.toLowerCase()));
      const allowed = listOf(asked, "Access-Control-Allow-Headers");
      for (const name of names) assert.ok(allowed.includes(name), name);
      headers.set("Origin", APP);
      headers.set("Sec-Fetch-Site", "cross-site");
      const response = await app.request(path, { ...init, headers });
      assert.equal(response.headers.get("Access-Control-Allow-Origin"), APP);
      assert.equal(response.headers.get("Access-Control-Allow-Credentials"), null);
      assert.match(response.headers.get("Vary") ?? "", /\bOrigin\b/);
      // What a page cannot read, tus-js-client cannot use.
      const readable = listOf(response, "Access-Control-Expose-Headers");
      for (const [name] of response.headers) {
        if (/^(location|upload-|tus-|mysimbdp-|retry-after|etag)/.test(name)) {
          assert.ok(readable.includes(name), name);
        }
      }
      return response;
    };
    const created = await send("/v1/uploads", {
      method: "POST",
      headers: { ...AUTH, ...creation("a.csv", 4) },
    });
    assert.equal(created.status, 201);
    const path = created.headers.get("Location") ?? "";
    const sent = await send(path, {
      method: "PATCH",
      headers: { ...AUTH, ...appending(0), "Upload-Checksum": "sha1 nU/+RTr/CSBPbAdCj6MuGTqfIAM=" },
      body: "a,b\n",
    });
    assert.equal(await problemCode(sent), "checksum-mismatch");
    const whole = await send(path, {
      method: "PATCH",
      headers: { ...AUTH, ...appending(0) },
      body: "a,b\n",
    });
    assert.equal(whole.status, 204);
    assert.ok(whole.headers.get("Mysimbdp-File-Id"));
    const shown = await send(path, { method: "HEAD", headers: { ...AUTH, ...TUS } });
    assert.equal(shown.headers.get("Upload-Length"), "4");
    const refused = await send("/v1/files", { method: "GET", headers: {} });
    assert.equal(await problemCode(refused), "unauthorized");
    // This one is no preflight but a question of tus.
    const discovery = await send("/v1/uploads", { method: "OPTIONS", headers: AUTH });
    assert.equal(discovery.headers.get("Tus-Version"), "1.0.0");
  }, { app: { corsOrigins: ["https://other.example.com", APP] } }));

Deno.test("other origins get no permission, and neither do the cookie and the pages", () =>
  withApp(async ({ app, send }) => {
    const { token } = await (await send("/v1/session", { method: "POST" })).json();
    const others = ["https://app.example.com.evil.example", "http://app.example.com", "null"];
    for (const origin of others) {
      const refused = await app.request("/v1/files", preflight(origin, "GET", "authorization"));
      assert.equal(refused.status, 401);
      const read = await app.request("/v1/files", { headers: { ...AUTH, Origin: origin } });
      assert.equal(read.status, 200);
      for (const response of [refused, read]) {
        assert.equal(response.headers.get("Access-Control-Allow-Origin"), null);
        assert.match(response.headers.get("Vary") ?? "", /\bOrigin\b/);
      }
    }
    const headers = {
      Cookie: `mysimbdp_session=${token}`,
      Origin: APP,
      "Sec-Fetch-Site": "same-site",
    };
    const forged = await app.request("/v1/batches", { method: "POST", headers });
    assert.equal(await problemCode(forged), "cross-site");
    const page = await app.request("/sign-in", { headers: { Origin: APP } });
    assert.equal(page.headers.get("Access-Control-Allow-Origin"), null);
  }, { app: { corsOrigins: [APP] } }));

Deno.test("without cors_origins nothing changes; with * all origins are allowed", async () => {
  await withApp(async ({ send }) => {
    const response = await send("/v1/files", { headers: { Origin: APP } });
    assert.equal(response.headers.get("Access-Control-Allow-Origin"), null);
    assert.doesNotMatch(response.headers.get("Vary") ?? "", /Origin/);
  });
  await withApp(async ({ app, send }) => {
    const response = await send("/v1/files", { headers: { Origin: "https://any.example" } });
    assert.equal(response.headers.get("Access-Control-Allow-Origin"), "*");
    const asked = await app.request("/v1/files", preflight("null", "GET", "authorization"));
    assert.equal(asked.status, 204);
    assert.equal(asked.headers.get("Access-Control-Allow-Credentials"), null);
  }, { app: { corsOrigins: ["*"] } });
});
