import assert from "node:assert/strict";
import { pause } from "../harness/until.ts";
import { type SlotLimits, Slots } from "../../src/serve/http/slots.ts";

/** Slots that refuse without a delay. */
function slotsOf(limits: SlotLimits): Slots {
  return new Slots({ ...limits, refusalMs: 0 });
}

/** Takes slots until one is refused. @returns their signals, and what ends them */
function holder(slots: Slots) {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const take = (caller: string) => {
    let signal: AbortSignal | null = null;
    const done = slots.run(caller, (displaced) => {
      signal = displaced;
      return held;
    });
    done.catch(() => {});
    return signal as AbortSignal | null;
  };
  const takeAll = (caller: string) => {
    const taken: AbortSignal[] = [];
    for (let one; (one = take(caller)) !== null;) taken.push(one);
    return taken;
  };
  return { take, takeAll, release };
}

Deno.test("callers who take what they can leave slots for others", async () => {
  const { takeAll } = holder(slotsOf({ total: 64, perCaller: 16 }));
  const counts = ["a", "b", "c", "d", "e"].map((caller) => takeAll(caller).length);
  assert.deepEqual(counts, [16, 16, 16, 8, 4]);
  await pause(5);
});

Deno.test("one that has none gets a slot of the caller with the most, until everybody has one", async () => {
  const total = 64;
  const { take, takeAll } = holder(slotsOf({ total, perCaller: 16 }));
  const taken = Array.from({ length: total }, (_, n) => takeAll(`caller ${n}`));
  assert.ok(taken.every(([first]) => first !== undefined));
  const open = taken.flat().filter(({ aborted }) => !aborted);
  assert.equal(open.length, total);
  assert.ok(taken.every((own) => own.filter(({ aborted }) => !aborted).length === 1));
  assert.equal(take("one more"), null, "everybody has one, and it is new");
  const displaced = taken.flat().find(({ aborted }) => aborted);
  assert.equal(displaced?.reason.code, "too-busy");
  await pause(5);
});

Deno.test("if everybody has one, they take turns", async () => {
  const { take } = holder(slotsOf({ total: 2, perCaller: 2, turnMs: 0 }));
  const [a, b] = [take("a"), take("b")];
  assert.ok(take("c") && a?.aborted && !b?.aborted);
  assert.ok(take("d") && b?.aborted);
  assert.equal(take("d"), null, "a second one");
  await pause(5);
});

Deno.test("where the oldest gives way, a caller and one that comes last always get a slot", () => {
  const { take } = holder(new Slots({ total: 4, perCaller: 2, oldestGivesWay: true }));
  const [first, second] = [take("a"), take("a")];
  assert.ok(take("a") && first?.aborted && !second?.aborted);
  for (const caller of ["b", "c", "d", "e", "f"]) assert.ok(take(caller));
});

Deno.test("slots are free again when the work ends, and only once", async () => {
  const slots = new Slots({ total: 2, perCaller: 2, oldestGivesWay: true });
  const { take, release } = holder(slots);
  for (let n = 0; n < 5; n++) assert.ok(take("a"));
  release();
  await new Promise((resolve) => setTimeout(resolve));
  const refusing = holder(slots);
  assert.ok(refusing.take("a"));
  assert.equal(await slots.run("b", (displaced) => Promise.resolve(displaced.aborted)), false);
});
