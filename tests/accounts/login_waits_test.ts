import assert from "node:assert/strict";
import { LoginWaits } from "../../src/accounts/login_waits.ts";

/** A clock whose sleepers wake up together. */
function sleepers() {
  const { promise: woken, resolve: wake } = Promise.withResolvers<void>();
  const sleep = (_ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason));
      woken.then(resolve);
    });
  return { clock: { sleep, monotonic: () => 0 }, wake };
}

/** Resolves once all that can go on has done so. */
const settled = () => new Promise((resolve) => setTimeout(resolve));

/** A refused login: its answer is delayed. */
function delayed(waits: LoginWaits, party: string): Promise<string | null> {
  return waits.run(party, async () => {
    await waits.delay(party, 250);
    return "refused";
  });
}

/** A login that waits until it is released. */
function checking(waits: LoginWaits, party: string) {
  const { promise, resolve } = Promise.withResolvers<string>();
  return { done: waits.run(party, () => promise), release: () => resolve("checked") };
}

Deno.test("a newcomer is let in; instead, the oldest delayed answer is given early", async () => {
  const { clock, wake } = sleepers();
  const waits = new LoginWaits({ clock, maxPerParty: 2, maxTotal: 3 });
  const ended: string[] = [];
  const begin = (name: string, party: string) =>
    delayed(waits, party).then((result) => ended.push(`${name} ${result}`));
  const all = [begin("a0", "a"), begin("b0", "b"), begin("a1", "a")];
  // There is no more room for this address.
  await waits.run("a", () => Promise.resolve(""));
  await settled();
  assert.deepEqual(ended, ["a0 refused"]);
  // There is no more room at all.
  all.push(begin("c0", "c"));
  await waits.run("d", () => Promise.resolve(""));
  await settled();
  assert.deepEqual(ended, ["a0 refused", "b0 refused"]);
  wake();
  await Promise.all(all);
  assert.equal(ended.length, 4);
});

Deno.test("logins that are still being checked are bounded, for each address and in total", async () => {
  const waits = new LoginWaits({ clock: sleepers().clock, maxPerParty: 2, maxTotal: 3 });
  const [first, second, other] = ["a", "a", "b"].map((party) => checking(waits, party));
  assert.equal(await waits.run("a", () => Promise.resolve("")), null);
  assert.equal(await waits.run("c", () => Promise.resolve("")), null);
  for (const each of [first, second, other]) each?.release();
  assert.equal(await first?.done, "checked");
  await Promise.all([second?.done, other?.done]);
  assert.equal(await waits.run("a", () => Promise.resolve("again")), "again");
});

Deno.test("answers that are due at the same time are given one after another", async () => {
  const slept: number[] = [];
  const sleep = (ms: number) => {
    slept.push(ms);
    return Promise.resolve();
  };
  const clock = { sleep, monotonic: () => 1_000 };
  const waits = new LoginWaits({ clock, maxPerParty: 10, maxTotal: 10 });
  await Promise.all([250, 250, 250, 2_000, 250].map((ms) => waits.delay("a", ms)));
  assert.deepEqual(slept.map((ms) => Math.round(ms)), [250, 251, 254, 2_000, 257]);
  await waits.delay("a", 250);
  assert.equal(slept.at(-1), 250);
});
