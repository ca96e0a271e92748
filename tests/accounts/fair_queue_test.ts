import assert from "node:assert/strict";
import fc from "fast-check";
import { FairQueue } from "../../src/accounts/fair_queue.ts";

function all(queue: FairQueue<string>): string[] {
  const entries: string[] = [];
  for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) entries.push(entry);
  return entries;
}

Deno.test("lanes take turns, and within a lane its parties", () => {
  const queue = new FairQueue<string>({ maxPerParty: 10, maxPerLane: 100 });
  for (let i = 0; i < 4; i++) queue.push("tenant", "a", `a${i}`);
  for (let i = 0; i < 2; i++) queue.push("tenant", "b", `b${i}`);
  queue.push("operator", "a", "operator");
  assert.deepEqual(all(queue), ["a0", "operator", "b0", "a1", "b1", "a2", "a3"]);
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
  assert.deepEqual(all(queue), ["a0", "operator", "b0", "c0", "d0"]);
});

Deno.test("entries that are no work wait for their turn, and take no room", () => {
  const queue = new FairQueue<string>({ maxPerParty: 2, maxPerLane: 2 });
  for (const entry of ["w0", "w1"]) queue.push("tenant", "a", entry);
  for (let i = 0; i < 5; i++) assert.equal(queue.push("tenant", "a", `free${i}`, false), null);
  assert.equal(queue.work, 2);
  assert.equal(queue.push("tenant", "b", "b0"), "w1");
  assert.deepEqual(all(queue), ["w0", "b0", "free0", "free1", "free2", "free3", "free4"]);
});

Deno.test("no entry is lost or doubled, and a party waits for one entry of each other at most", () => {
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
    const rest = all(queue).map((entry) => entry.slice(0, 2));
    const first = (who: string) => rest.indexOf(who);
    const parties = new Set(rest);
    // Two lanes of three parties: the first entry of each is among the first six.
    for (const party of parties) assert.ok(first(party) < 6, `${party}: ${rest.join(" ")}`);
  }));
});
