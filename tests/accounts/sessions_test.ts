import assert from "node:assert/strict";
import { SESSION_SECONDS, Sessions } from "../../src/accounts/sessions.ts";

Deno.test("a token has 256 bits and opens its session until it is closed", () => {
  const sessions = new Sessions({ clock: { now: () => 0, monotonic: () => 0 } });
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

Deno.test("a session expires after an hour and is removed, also if the time of day was set back", () => {
  const time = { now: 5, monotonic: 1_000 };
  const clock = { now: () => time.now, monotonic: () => time.monotonic };
  const sessions = new Sessions({ clock });
  const { token, expiresAt } = sessions.open("customer-1", "hash");
  assert.equal(expiresAt, 5 + SESSION_SECONDS * 1000);
  assert.ok(SESSION_SECONDS <= 3600);
  time.now += 24 * 3_600_000;
  time.monotonic += SESSION_SECONDS * 1000 - 1;
  assert.ok(sessions.find(token), "the clock was set ahead");
  time.now -= 48 * 3_600_000;
  time.monotonic += 1;
  assert.equal(sessions.find(token), null);
  assert.equal(sessions.size, 0);
});

Deno.test("the number of a tenant's sessions is limited, without an effect on other tenants", () => {
  const sessions = new Sessions({ clock: { now: () => 0, monotonic: () => 0 }, maxPerTenant: 3 });
  const other = sessions.open("customer-2", "hash").token;
  const tokens = Array.from({ length: 5 }, () => sessions.open("customer-1", "hash").token);
  const open = tokens.map((token) => sessions.find(token) !== null);
  assert.deepEqual(open, [false, false, true, true, true]);
  assert.ok(sessions.find(other));
  assert.equal(sessions.size, 4);
});
