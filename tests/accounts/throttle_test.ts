import assert from "node:assert/strict";
import fc from "fast-check";
import { SlidingWindow } from "../../src/accounts/sliding_window.ts";
import { type Attempt, type Caller, Throttle } from "../../src/accounts/throttle.ts";
import { addressGroup } from "../../src/base/address_group.ts";

const HOME = "192.0.2.1";

function caller(user: string, group: string, more: Partial<Caller> = {}): Caller {
  return { user, group, exists: true, known: false, isRepeated: false, ...more };
}

/** An attempt that is allowed, and fails. */
function failing(throttle: Throttle, ...who: Parameters<typeof caller>): Attempt {
  const attempt = throttle.begin(caller(...who));
  assert.ok("isChecked" in attempt, `${who[0]} from ${who[1]} is blocked`);
  return attempt;
}

/** The answer to a wrong password: 0 is that it is wrong, else the seconds to wait. */
function answer(throttle: Throttle, ...who: Parameters<typeof caller>): number {
  return throttle.begin(caller(...who)).retryAfterSeconds ?? 0;
}

/** Whether the right password would be accepted now. */
function letIn(throttle: Throttle, ...who: Parameters<typeof caller>): boolean {
  const attempt = throttle.begin(caller(...who));
  if (!("isChecked" in attempt)) return false;
  attempt.uncounted();
  return attempt.isChecked;
}

Deno.test("five failures in a minute block name and address until the first is a minute old", () => {
  for (const exists of [true, false]) {
    let now = 0;
    const throttle = new Throttle({ now: () => now });
    for (let i = 0; i < 5; i++) {
      assert.equal(answer(throttle, "customer-1", HOME, { exists }), 0);
      now += 10_000;
    }
    assert.equal(answer(throttle, "customer-1", HOME, { exists }), 10);
    assert.equal(answer(throttle, "customer-1", "192.0.2.2", { exists }), 0);
    assert.equal(answer(throttle, "customer-2", HOME, { exists }), 0);
    now += 10_000;
    assert.equal(answer(throttle, "customer-1", HOME, { exists }), 0);
    assert.equal(answer(throttle, "customer-1", HOME, { exists }), 10);
  }
});

Deno.test("the delay grows with each failure, up to a limit", () => {
  const throttle = new Throttle({ now: () => 0, perPair: 8 });
  const delays = Array.from({ length: 8 }, () => failing(throttle, "customer-1", HOME).delayMs);
  assert.deepEqual(delays, [0, 250, 500, 1000, 2000, 2000, 2000, 2000]);
});

Deno.test("an attempt that succeeded does not count", () => {
  const throttle = new Throttle({ now: () => 0 });
  for (let i = 0; i < 500; i++) failing(throttle, "customer-1", HOME).uncounted();
  assert.equal(answer(throttle, "customer-1", HOME), 0);
});

Deno.test("concurrent attempts gain nothing", () => {
  const throttle = new Throttle({ now: () => 0 });
  const answers = Array.from({ length: 100 }, () => answer(throttle, "customer-1", HOME));
  assert.equal(answers.filter((seconds) => seconds === 0).length, 5);
});

Deno.test("names without an account cost nobody at their address anything", () => {
  const throttle = new Throttle({ now: () => 0 });
  const checked = Array.from(
    { length: 1000 },
    (_, i) => failing(throttle, `nobody-${i}`, HOME, { exists: false }).isChecked,
  );
  // Ten cost a hash; the answers to all others look the same.
  assert.equal(checked.lastIndexOf(true), 9);
  assert.ok(letIn(throttle, "customer-1", HOME));
  assert.ok(failing(throttle, "nobody", "192.0.2.2", { exists: false }).isChecked);
});

Deno.test("names without an account from any number of addresses cost 30 hashes a minute", () => {
  let now = 0;
  const throttle = new Throttle({ now: () => now });
  const hashes = () =>
    Array.from(
      { length: 5000 },
      (_, i) => failing(throttle, `nobody-${i}`, `198.51.${i >> 8}.${i & 255}`, { exists: false }),
    )
      .filter(({ isChecked }) => isChecked).length;
  assert.equal(hashes(), 30);
  now += 60_000;
  assert.equal(hashes(), 30);
});

Deno.test("refusals are slow where there are many, whatever the names; the right password is not", () => {
  let now = 0;
  for (const exists of [true, false]) {
    now += 60_000;
    const throttle = new Throttle({ now: () => now });
    const delay = (user: string, group: string) =>
      failing(throttle, user, group, { exists, known: true }).delayMs;
    for (let i = 0; i < 60; i++) assert.equal(delay(`name-${i}`, HOME), 0);
    assert.equal(delay("name-60", HOME), 1750);
    assert.equal(delay("name-61", "192.0.2.2"), 0);
    for (let i = 0; i < 540; i++) delay(`name-${i}`, `198.51.${i >> 8}.${i & 255}`);
    assert.equal(delay("name-62", "192.0.2.3"), 750);
    now += 60_000;
    assert.equal(delay("name-62", HOME), 0);
  }
});

Deno.test("who is attacked is known: others do not wait in one queue with it", () => {
  const throttle = new Throttle({ now: () => 0 });
  for (const exists of [true, false]) {
    const attacked = Array.from(
      { length: 6 },
      (_, i) => failing(throttle, "name", `198.51.100.${i}`, { exists }).isAttacked,
    );
    assert.deepEqual(attacked, [false, false, false, false, false, true]);
    assert.equal(failing(throttle, "other", HOME, { exists }).isAttacked, false);
  }
});

Deno.test("names without an account do not displace what is known of accounts", () => {
  const throttle = new Throttle({ now: () => 0, maxKeys: 10 });
  for (let i = 0; i < 5; i++) failing(throttle, "customer-1", HOME);
  for (let i = 0; i < 100; i++) failing(throttle, `nobody-${i}`, HOME, { exists: false });
  assert.equal(answer(throttle, "customer-1", HOME), 60);
});

Deno.test("after 60 failures at an address, it lets in accounts that used it before, and no others", () => {
  let now = 0;
  const throttle = new Throttle({ now: () => now });
  for (let i = 0; i < 60; i++) failing(throttle, `customer-${i}`, HOME);
  assert.equal(answer(throttle, "customer-98", HOME), 60);
  // A name without an account gets the same answer.
  assert.equal(answer(throttle, "nobody", HOME, { exists: false }), 60);
  assert.ok(letIn(throttle, "customer-99", HOME, { known: true }));
  assert.ok(letIn(throttle, "customer-98", "192.0.2.2"));
  now += 60_000;
  assert.ok(letIn(throttle, "customer-98", HOME));
});

Deno.test("an account that is attacked from many addresses is slowed down, but not locked out", () => {
  const throttle = new Throttle({ now: () => 0 });
  const attack = (addresses: number, exists: boolean) => {
    for (let i = 0; i < addresses; i++) {
      for (let j = 0; j < 5; j++) answer(throttle, "operator", `198.51.100.${i}`, { exists });
    }
  };
  for (const exists of [true, false]) {
    attack(6, exists);
    // 30 failures: an address now has two attempts instead of five.
    const answers = [1, 2, 3].map(() => answer(throttle, "operator", "203.0.113.1", { exists }));
    assert.deepEqual(answers, [0, 0, 60]);
  }
  assert.ok(letIn(throttle, "operator", "203.0.113.2"));
  attack(200, true);
  assert.ok(!letIn(throttle, "operator", "203.0.113.3"));
  assert.ok(letIn(throttle, "operator", HOME, { known: true }));
});

Deno.test("at an address that the account has used, the right password counts in spite of guesses", () => {
  const throttle = new Throttle({ now: () => 0 });
  const known = { known: true };
  for (let i = 0; i < 60; i++) {
    // Nobody there can see that the address is known.
    const seconds = i < 5 ? 0 : 60;
    assert.equal(answer(throttle, "customer-1", HOME, known), seconds);
    assert.equal(answer(throttle, "customer-2", HOME), seconds);
  }
  assert.ok(letIn(throttle, "customer-1", HOME, known));
  assert.ok(throttle.accepts("customer-1", HOME));
  assert.ok(!letIn(throttle, "customer-2", HOME));
  // Otherwise anybody there could try any number of passwords.
  for (let i = 0; i < 40; i++) answer(throttle, "customer-1", HOME, known);
  assert.ok(!letIn(throttle, "customer-1", HOME, known));
  assert.ok(!throttle.accepts("customer-1", HOME));
  assert.ok(throttle.accepts("customer-1", "192.0.2.2"));
});

Deno.test("whatever happens, the wait is honest and guesses are bounded", () => {
  const step = fc.record({
    gap: fc.integer({ min: 0, max: 4_000 }),
    user: fc.constantFrom("a", "b", "c"),
    group: fc.constantFrom("1", "2", "3", "4", "5", "6", "7", "8"),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    let now = 0;
    const throttle = new Throttle({ now: () => now, perAddress: 6, perName: 4, perNameAtMost: 9 });
    const guesses: { at: number; user: string }[] = [];
    for (const { gap, user, group } of steps) {
      now += gap;
      const attempt = throttle.begin(caller(user, group));
      if (attempt.retryAfterSeconds !== null) {
        // Nobody else tries, and the wait is over: the attempt must be allowed then.
        const seconds = attempt.retryAfterSeconds;
        assert.ok(seconds >= 1 && seconds <= 60);
        now += seconds * 1000;
        assert.ok(letIn(throttle, user, group), `${user} still waits after ${seconds} seconds`);
        continue;
      }
      guesses.push({ at: now, user });
      const recent = guesses.filter((guess) => guess.user === user && guess.at > now - 60_000);
      assert.ok(recent.length <= 9);
    }
  }));
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
  const window = new SlidingWindow(2, 1000, 3);
  for (const key of ["a", "b", "c"]) window.add(key, 0);
  window.add("a", 1);
  window.add("d", 2);
  assert.equal(window.size, 3);
  assert.deepEqual(["a", "b", "c", "d"].map((key) => window.count(key, 3)), [2, 0, 1, 1]);
});
