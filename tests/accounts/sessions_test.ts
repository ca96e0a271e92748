import assert from "node:assert/strict";
import { SESSION_SECONDS, Sessions } from "../../src/accounts/sessions.ts";

Deno.test("a token has 256 bits and opens its session until it is closed", () => {
  const sessions = new Sessions({ now: () => 0 });
  const { token } = sessions.open("customer-1", "hash");
  assert.equal(
    Uint8Array.from(atob(token.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0))
      .length,
    32,
  );
  assert.equal(sessions.find(token)?.tenant, "customer-1");
  assert.equal(sessions.find(token + "x"), null);
  sessions.close(token);
  assert.equal(sessions.find(token), null);
  assert.equal(sessions.size, 0);
});

Deno.test("a session expires after an hour and is removed", () => {
  let now = 5;
  const sessions = new Sessions({ now: () => now });
  const { token, expiresAt } = sessions.open("customer-1", "hash");
  assert.equal(expiresAt, 5 + SESSION_SECONDS * 1000);
  assert.ok(SESSION_SECONDS <= 3600);
  now = expiresAt - 1;
  assert.ok(sessions.find(token));
  now = expiresAt;
  assert.equal(sessions.find(token), null);
  assert.equal(sessions.size, 0);
});

Deno.test("the number of a tenant's sessions is limited, without an effect on other tenants", () => {
  const sessions = new Sessions({ now: () => 0, maxPerTenant: 3 });
  const other = sessions.open("customer-2", "hash").token;
  const tokens = Array.from({ length: 5 }, () => sessions.open("customer-1", "hash").token);
  const open = tokens.map((token) => sessions.find(token) !== null);
  assert.deepEqual(open, [false, false, true, true, true]);
  assert.ok(sessions.find(other));
  assert.equal(sessions.size, 4);
});
