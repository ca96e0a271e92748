import assert from "node:assert/strict";
import { namesTag } from "../../src/serve/http/kept_answer.ts";
import { withApp } from "./harness.ts";

Deno.test("nothing below /v1 is kept by caches, whatever the answer", () =>
  withApp(async ({ app, send }) => {
    const paths = ["/v1/files", "/v1/constraints", "/v1/usage", "/v1/nothing", "/v1/files/nobody"];
    for (const path of [...paths, "/v1/module/log", "/v1/admin/overview", "/v1/uploads", "/v1"]) {
      for (const method of ["GET", "HEAD", "POST", "OPTIONS"]) {
        for (
          const response of [await send(path, { method }), await app.request(path, { method })]
        ) {
          const what = `${method} ${path}: ${response.status}`;
          assert.equal(response.headers.get("Cache-Control"), "no-store", what);
          await response.body?.cancel();
        }
      }
    }
  }));

Deno.test("entity tags are compared as RFC 9110 says, also behind proxies that compress", () =>
  withApp(async ({ app }) => {
    for (const path of ["/docs", "/openapi.json", "/assets/site.css"]) {
      const first = await app.request(path);
      const tag = first.headers.get("ETag") ?? "";
      assert.match(tag, /^"[0-9a-f]{20}"$/, path);
      await first.body?.cancel();
      const known = [tag, `W/${tag}`, "*", `"other", W/${tag}`, tag.replace(/"$/, '-gzip"')];
      for (const header of known) {
        const response = await app.request(path, { headers: { "If-None-Match": header } });
        assert.deepEqual([response.status, await response.text()], [304, ""], `${path} ${header}`);
        assert.equal(response.headers.get("ETag"), tag);
      }
      const other = await app.request(path, { headers: { "If-None-Match": '"other"' } });
      assert.equal(other.status, 200);
      await other.body?.cancel();
    }
  }));

Deno.test("a list of entity tags", () => {
  assert.ok(namesTag('"a,b", W/"c"', '"a,b"'));
  assert.ok(namesTag('"a" , W/"c-br"', '"c"'));
  for (const header of [undefined, "", "a", '"b"', '"a"x', "W/a", '"A"']) {
    assert.ok(!namesTag(header, '"a"'), header);
  }
});

Deno.test("long paths and names are cut in answers and in the log", () =>
  withApp(async ({ send, events }) => {
    const long = "a".repeat(20_000);
    for (const path of ["", "v1/", "v1/files/", "v1/module/", "v1/admin/tenants/", "assets/"]) {
      events.length = 0;
      const response = await send(`/${path}${long}`);
      const text = await response.text();
      assert.equal(response.status, 404, path);
      assert.ok(text.length < 1_000, `${path}: ${text.length} characters`);
      const logged = JSON.stringify(events);
      assert.ok(logged.length < 2_000, `${path}: ${logged.length} characters in the log`);
    }
  }));
