import assert from "node:assert/strict";
import fc from "fast-check";
import { FairQueue } from "../../src/accounts/fair_queue.ts";

function all(queue: FairQueue<string>): string[] {
  const entries: string[] = [];
  for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) entries.push(entry);
  return entries;
}

Deno.test("lanes take turns", () => {
  const queue = new FairQueue<string>({ maxPerParty: 10, maxPerLane: 100 });
  for (let i = 0; i < 3; i++) queue.push("tenant", "a", `a${i}`);
  queue.push("operator", "a", "operator");
  assert.deepEqual(all(queue), ["a0", "operator", "a1", "a2"]);
});

Deno.test("a newcomer does not wait for a crowd, and nobody waits for all newcomers", () => {
  const queue = new FairQueue<string>({ maxPerParty: 10, maxPerLane: 100 });
  for (let i = 0; i < 4; i++) queue.push("tenant", "busy", `busy${i}`);
  for (let i = 0; i < 50; i++) queue.push("tenant", `${i}`, `${i}`);
  assert.deepEqual([1, 2, 3].map(() => queue.shift()), ["49", "busy0", "busy1"]);
  queue.push("tenant", "newcomer", "newcomer");
  assert.deepEqual([1, 2, 3].map(() => queue.shift()), ["newcomer", "0", "busy2"]);
  assert.deepEqual([1, 2, 3].map(() => queue.shift()), ["48", "1", "busy3"]);
  for (let i = 0; i < 20; i++) {
    queue.push("tenant", `later${i}`, `later${i}`);
    queue.shift();
  }
  // Of those who came first, half have had their turn.
  const left = all(queue).filter((entry) => /^\d/.test(entry)).map(Number);
  assert.ok(Math.min(...left) >= 10, left.join());
});

Deno.test("when a lane is full, the longest party loses its newest entry, and a newcomer is let in", () => {
  const queue = new FairQueue<string>({ maxPerParty: 3, maxPerLane: 4 });
  for (const entry of ["a0", "a1", "a2"]) assert.equal(queue.push("tenant", "a", entry), null);
  assert.equal(queue.push("tenant", "a", "a3"), "a3");
  assert.equal(queue.push("tenant", "b", "b0"), null);
  assert.equal(queue.push("tenant", "c", "c0"), "a2");
  assert.equal(queue.push("tenant", "d", "d0"), "a1");
  assert.equal(queue.push("tenant", "b", "b1"), "b1");
  assert.equal(queue.push("operator", "a", "operator"), null);
  assert.equal(queue.work, 5);
  assert.deepEqual(all(queue), ["d0", "operator", "a0", "c0", "b0"]);
});

Deno.test("entries that are no work wait for their turn, and take no room", () => {
  const queue = new FairQueue<string>({ maxPerParty: 2, maxPerLane: 2 });
  for (const entry of ["w0", "w1"]) queue.push("tenant", "a", entry);
  for (let i = 0; i < 3; i++) assert.equal(queue.push("tenant", "a", `free${i}`, false), null);
  assert.equal(queue.work, 2);
  assert.equal(queue.push("tenant", "b", "b0"), "w1");
  queue.push("operator", "a", "operator");
  queue.push("operator", "a", "free");
  const order = ["b0", "operator", "w0", "free", "free0", "free1", "free2"];
  assert.deepEqual(all(queue), order);
  // They cost their lane no turn either.
  for (let i = 0; i < 9; i++) queue.push("tenant", `${i}`, `free${i}`, false);
  queue.push("tenant", "b", "work");
  for (let i = 0; i < 9; i++) queue.push("operator", `${i}`, `operator${i}`);
  for (let i = 0; i < 9; i++) queue.push("tenant", `later${i}`, `later${i}`, false);
  const entries = all(queue);
  const others = entries.slice(0, entries.indexOf("work")).filter((entry) => /^op/.test(entry));
  assert.deepEqual(others, []);
});

Deno.test("no entry is lost or doubled", () => {
  const step = fc.record({
    lane: fc.constantFrom("x", "y"),
    party: fc.constantFrom("a", "b", "c"),
    takes: fc.integer({ min: 0, max: 2 }),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
    const queue = new FairQueue<string>({ maxPerParty: 5, maxPerLane: 9 });
    const waiting = new Set<string>();
    for (const [i, { lane, party, takes }] of steps.entries()) {
      const entry = `${lane}${party}${i}`;
      waiting.add(entry);
      const refused = queue.push(lane, party, entry);
      if (refused !== null) assert.ok(waiting.delete(refused));
      for (let j = 0; j < takes; j++) {
        const taken = queue.shift();
        assert.equal(taken === undefined, waiting.size === 0);
        if (taken !== undefined) assert.ok(waiting.delete(taken));
      }
      assert.equal(queue.work, waiting.size);
    }
    assert.deepEqual(all(queue).toSorted(), [...waiting].toSorted());
  }));
});
