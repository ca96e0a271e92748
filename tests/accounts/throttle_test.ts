import assert from "node:assert/strict";
import fc from "fast-check";
import { SlidingWindow } from "../../src/accounts/sliding_window.ts";
import { addressGroup, type Attempt, Throttle } from "../../src/accounts/throttle.ts";

function failing(throttle: Throttle, user: string, address: string): Attempt {
  const attempt = throttle.begin(user, address);
  assert.ok(!("retryAfterSeconds" in attempt), `${user} from ${address} is blocked`);
  return attempt;
}

Deno.test("five failures in a minute block user and address until the first is a minute old", () => {
  let now = 0;
  const throttle = new Throttle({ now: () => now });
  for (let i = 0; i < 5; i++) {
    failing(throttle, "customer-1", "192.0.2.1");
    now += 10_000;
  }
  assert.deepEqual(throttle.begin("customer-1", "192.0.2.1"), { retryAfterSeconds: 10 });
  assert.equal(throttle.blockedSeconds("customer-1", "192.0.2.1"), 10);
  failing(throttle, "customer-1", "192.0.2.2");
  failing(throttle, "customer-2", "192.0.2.1");
  now += 10_000;
  failing(throttle, "customer-1", "192.0.2.1");
  assert.deepEqual(throttle.begin("customer-1", "192.0.2.1"), { retryAfterSeconds: 10 });
});

Deno.test("the delay grows with each failure, up to a limit", () => {
  const throttle = new Throttle({ now: () => 0, perUserAndAddress: 8 });
  const delays = Array.from(
    { length: 8 },
    () => failing(throttle, "customer-1", "192.0.2.1").delayMs,
  );
  assert.deepEqual(delays, [0, 250, 500, 1000, 2000, 2000, 2000, 2000]);
});

Deno.test("an attempt that succeeded does not count", () => {
  const throttle = new Throttle({ now: () => 0 });
  for (let i = 0; i < 100; i++) failing(throttle, "customer-1", "192.0.2.1").succeeded();
  assert.equal(throttle.blockedSeconds("customer-1", "192.0.2.1"), 0);
});

Deno.test("concurrent attempts gain nothing", () => {
  const throttle = new Throttle({ now: () => 0 });
  const begun = Array.from({ length: 100 }, () => throttle.begin("customer-1", "192.0.2.1"));
  assert.equal(begun.filter((attempt) => "delayMs" in attempt).length, 5);
});

Deno.test("an address is blocked for all users, and a user for all addresses", () => {
  const throttle = new Throttle({ now: () => 0, perAddress: 20, perUser: 10 });
  for (let i = 0; i < 20; i++) failing(throttle, `user-${i}`, "192.0.2.1");
  assert.ok("retryAfterSeconds" in throttle.begin("user-21", "192.0.2.1"));
  for (let i = 0; i < 10; i++) failing(throttle, "customer-1", `198.51.100.${i}`);
  assert.ok("retryAfterSeconds" in throttle.begin("customer-1", "198.51.100.99"));
  // Remembered credentials do not wait for the failures of others.
  assert.equal(throttle.blockedSeconds("customer-1", "198.51.100.99"), 0);
});

Deno.test("the networks of one party count as one address", () => {
  assert.equal(addressGroup("2001:db8:1:2::1"), addressGroup("2001:DB8:1:2:ffff:1:2:3"));
  assert.equal(addressGroup("2001:0db8:1:2::1"), addressGroup("2001:db8:0001:2::9"));
  assert.notEqual(addressGroup("2001:db8:1:2::1"), addressGroup("2001:db8:1:3::1"));
  assert.equal(addressGroup("::ffff:192.0.2.1"), "192.0.2.1");
  assert.notEqual(addressGroup("192.0.2.1"), addressGroup("192.0.2.2"));
  assert.equal(addressGroup("::1"), addressGroup("0:0:0:0::2"));
});

Deno.test("the window agrees with a simple count for any times", () => {
  const steps = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 });
  fc.assert(fc.property(steps, fc.integer({ min: 1, max: 6 }), (gaps, limit) => {
    const window = new SlidingWindow(limit, 100, 10);
    const taken: number[] = [];
    let now = 0;
    for (const gap of gaps) {
      now += gap;
      const recent = taken.filter((time) => time > now - 100);
      assert.equal(window.blockedMs("key", now) > 0, recent.length >= limit);
      if (recent.length >= limit) {
        const free = now + window.blockedMs("key", now);
        assert.ok(taken.filter((time) => time > free - 100).length < limit);
        continue;
      }
      window.add("key", now);
      taken.push(now);
    }
  }));
});

Deno.test("memory is bounded: the least recently used key is dropped first", () => {
  const window = new SlidingWindow(1, 1000, 3);
  for (const key of ["a", "b", "c"]) window.add(key, 0);
  window.add("a", 1);
  window.add("d", 2);
  assert.equal(window.size, 3);
  assert.deepEqual(["a", "b", "c", "d"].map((key) => window.count(key, 3)), [2, 0, 1, 1]);
});
