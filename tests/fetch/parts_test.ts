import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../../src/base/failure.ts";
import { systemClock } from "../../src/base/clock.ts";
import { Gate, inOrder } from "../../src/fetch/gate.ts";
import { FIRST_PIECE, LARGEST_PIECE, Pace } from "../../src/fetch/pace.ts";
import { retry } from "../../src/base/retry.ts";

Deno.test("a byte budget is never exceeded, and every request is served", async () => {
  await fc.assert(fc.asyncProperty(
    fc.integer({ min: 1, max: 100 }),
    fc.array(fc.integer({ min: 0, max: 150 }), { maxLength: 40 }),
    async (capacity, sizes) => {
      const budget = new Gate(capacity);
      let held = 0;
      let served = 0;
      await Promise.all(sizes.map(async (size) => {
        const taken = Math.min(size, capacity);
        const release = await budget.take(size);
        held += taken;
        assert.ok(held <= capacity);
        await Promise.resolve();
        held -= taken;
        served += 1;
        release();
        release();
      }));
      assert.equal(served, sizes.length);
    },
  ));
});

Deno.test("a gate runs no more tasks than its width, also after failures", async () => {
  const gate = new Gate(3);
  let running = 0;
  let most = 0;
  await Promise.allSettled(Array.from({ length: 20 }, (_, at) =>
    gate.run(async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running -= 1;
      if (at % 4 === 0) throw new Error("one of them fails");
    })));
  assert.deepEqual([most, running], [3, 0]);
});

Deno.test("results are in order, whatever the durations", async () => {
  const delays = [5, 0, 3, 1, 0, 4];
  const found: number[] = [];
  const map = async (delay: number) => {
    await new Promise((resolve) => setTimeout(resolve, delay));
    return delay;
  };
  for await (const result of inOrder(delays, 3, map)) found.push(result);
  assert.deepEqual(found, delays);
});

Deno.test("pieces stay within their limits and follow the speed", () => {
  fc.assert(fc.property(
    fc.array(fc.oneof(fc.double({ min: 0, max: 100, noNaN: true }), fc.constant("lost" as const))),
    (history) => {
      const pace = new Pace();
      for (const each of history) {
        if (each === "lost") pace.lost();
        else pace.took(pace.piece, each);
        assert.ok(pace.piece >= 64 * 1024 && pace.piece <= LARGEST_PIECE);
      }
    },
  ));
  const fast = new Pace();
  assert.equal(fast.piece, FIRST_PIECE);
  for (let i = 0; i < 10; i += 1) fast.took(fast.piece, 0.01);
  assert.equal(fast.piece, LARGEST_PIECE);
  fast.tooLarge();
  fast.took(fast.piece, 0.01);
  assert.equal(fast.piece, LARGEST_PIECE / 2, "it does not grow again beyond what got through");
  const slow = new Pace();
  slow.took(slow.piece, 40);
  assert.ok(slow.piece < FIRST_PIECE / 10);
});

Deno.test("the wait before a retry doubles, starts again after progress, and ends", async () => {
  const delays: number[] = [];
  const clock = { ...systemClock, sleep: (ms: number) => Promise.resolve(void delays.push(ms)) };
  const options = {
    attempts: 4,
    firstDelay: 100,
    longestDelay: 300,
    random: () => 1,
    clock,
    onWait: () => {},
  };
  const passing = new Failure("server", "x", "x", { details: { passing: true } });
  const failing = () => Promise.reject(passing);
  await assert.rejects(retry(failing, options), (thrown) => thrown === passing);
  assert.deepEqual(delays.splice(0), [100, 200, 300]);
  let tries = 0;
  const progressing = (progressed: () => void) => {
    if (++tries === 3) progressed();
    return failing();
  };
  await assert.rejects(retry(progressing, options), (thrown) => thrown === passing);
  assert.deepEqual(delays.splice(0), [100, 200, 100, 200, 300]);
  const lasting = new Failure("refused", "y", "y");
  const refused = retry(() => Promise.reject(lasting), options);
  await assert.rejects(refused, (thrown) => thrown === lasting);
  assert.deepEqual(delays, []);
  assert.equal(await retry(() => Promise.resolve(7), options), 7);
});

Deno.test("an abort ends a sleep at once", async () => {
  const stop = new AbortController();
  const sleeping = systemClock.sleep(60_000, stop.signal);
  stop.abort(new Error("enough"));
  await assert.rejects(sleeping, /enough/);
  await assert.rejects(systemClock.sleep(1, stop.signal), /enough/);
});
