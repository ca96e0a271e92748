import assert from "node:assert/strict";
import fc from "fast-check";
import { type Lane, Lanes } from "../../src/manage/lanes.ts";

/** Two places, and memory for eight files, of which that of two is kept for these places. */
const lanesOf = (places = 2, memory = 8) =>
  new Lanes({ places: () => places, memoryBytes: () => memory, fileBytes: () => 1 });

const none = () => 0;

Deno.test("lanes: a file leaves its place after five seconds, or one if another waits for it", () => {
  const lanes = lanesOf();
  lanes.start("a", "quick", 0);
  lanes.start("b", "quick", 3_500);
  assert.equal(lanes.hasRoom("quick"), false);
  assert.deepEqual(lanes.moves(4_999, null, none), []);
  assert.deepEqual(lanes.moves(5_000, null, none), [{ id: "a", to: "slow" }]);
  assert.ok(lanes.hasRoom("quick"));
  assert.deepEqual(lanes.moves(5_000, 0, none), [{ id: "b", to: "beside" }]);
  assert.equal(lanes.isSlow("b"), false, "it still counts with the quick ones");
  assert.deepEqual(lanes.moves(8_499, 0, none), [], "it moves once");
  assert.deepEqual(lanes.moves(8_500, 0, none), [{ id: "b", to: "slow" }]);
  assert.ok(lanes.isSlow("a") && lanes.isSlow("b"));
});

Deno.test("lanes: if the memory is full, a file is interrupted, but only for a tenant with less use", () => {
  const lanes = lanesOf();
  for (const id of ["s1", "s2", "s3", "s4", "s5"]) lanes.start(id, "slow", 0);
  assert.ok(lanes.hasRoom("slow"));
  lanes.start("s6", "slow", 0);
  assert.equal(lanes.hasRoom("slow"), false);
  lanes.start("a", "quick", 0);
  lanes.start("b", "quick", 3_500);
  const useOf = () => 10;
  assert.deepEqual(lanes.moves(60_000, null, useOf), [], "nobody waits");
  assert.deepEqual(lanes.moves(60_000, 11, useOf), [], "the other tenant has used more");
  assert.deepEqual(lanes.moves(3_999, 3, useOf), []);
  assert.deepEqual(lanes.moves(4_000, 3, useOf), [{ id: "a", to: "queue" }]);
  assert.deepEqual(lanes.moves(4_100, 3, useOf), [], "it is interrupted once");
  lanes.end("a");
  lanes.end("s1");
  assert.ok(lanes.hasRoom("slow"));
});

Deno.test("lanes: a file that is read does not keep its place, and is never interrupted", () => {
  const lanes = lanesOf(1);
  lanes.start("a", "quick", 0);
  lanes.read("a");
  assert.ok(lanes.hasRoom("quick"), "as many more files may be writing");
  lanes.start("b", "quick", 0);
  lanes.read("b");
  assert.equal(lanes.hasRoom("quick"), false);
  for (let n = 0; n < 10; n++) lanes.start(`s${n}`, "slow", 0);
  const to = (where: string) => [{ id: "a", to: where }, { id: "b", to: where }];
  assert.deepEqual(lanes.moves(2_000, 0, () => 5), to("beside"));
  assert.ok(lanes.hasRoom("quick"));
  assert.deepEqual(lanes.moves(5_000, 0, () => 5), to("slow"));
});

Deno.test("lanes: memory limits how many files run, once their own limits are known", () => {
  const lanes = new Lanes({ places: () => 4, memoryBytes: () => 8, fileBytes: () => 4 });
  lanes.start("a", "quick", 0);
  lanes.start("b", "quick", 0);
  assert.equal(lanes.hasRoom("quick"), false, "each may need half of the memory");
  lanes.limit("a", 1);
  lanes.limit("b", 1);
  assert.ok(lanes.hasRoom("quick"));
  lanes.limit("unknown", 1);
});

Deno.test("lanes: each lane has room for one file, however little memory there is", () => {
  const lanes = lanesOf(2, 0);
  assert.ok(lanes.hasRoom("slow"));
  lanes.start("s", "slow", 0);
  assert.equal(lanes.hasRoom("slow"), false);
  assert.ok(lanes.hasRoom("quick"));
  lanes.start("q", "quick", 0);
  assert.equal(lanes.hasRoom("quick"), false);
});

const step = fc.oneof(
  fc.record({ do: fc.constant("start" as const), lane: fc.constantFrom<Lane>("quick", "slow") }),
  fc.record({
    do: fc.constant("limit" as const),
    which: fc.nat(20),
    bytes: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({ do: fc.constant("read" as const), which: fc.nat(20) }),
  fc.record({ do: fc.constant("end" as const), which: fc.nat(20) }),
  fc.record({ do: fc.constant("wait" as const), ms: fc.nat(3_000) }),
);

Deno.test("lanes: files never need more memory than there is, and a new one waits four seconds at most", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 120, size: "max" }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 4, max: 60 }),
      (steps, places, memory) => {
        const largest = 4;
        const lanes = new Lanes({
          places: () => places,
          memoryBytes: () => memory,
          fileBytes: () => largest,
        });
        const bytes = new Map<string, number>();
        const read = new Set<string>();
        let now = 0;
        const end = (id: string) => {
          lanes.end(id);
          bytes.delete(id);
        };
        for (const [n, step] of steps.entries()) {
          const id = "which" in step ? [...bytes.keys()][step.which] : `f${n}`;
          if (step.do === "wait") now += step.ms;
          else if (id === undefined) continue;
          else if (step.do === "start" && lanes.hasRoom(step.lane)) {
            lanes.start(id, step.lane, now);
            bytes.set(id, largest);
          } else if (step.do === "limit") {
            lanes.limit(id, step.bytes);
            bytes.set(id, Math.min(bytes.get(id)!, step.bytes));
            lanes.limit(id, bytes.get(id)!);
          } else if (step.do === "read") {
            lanes.read(id);
            read.add(id);
          } else if (step.do === "end") end(id);
          const used = [...bytes.values()].reduce((sum, one) => sum + one, 0);
          // The first of each lane has room in any case.
          assert.ok(used <= Math.max(memory, largest) + largest);
        }
        // A new tenant's file waits, and all others have used more.
        for (const move of lanes.moves(now + 4_000, 0, () => 1)) {
          if (move.to !== "queue") continue;
          assert.ok(!read.has(move.id), "its rows are being written");
          end(move.id);
        }
        assert.ok(lanes.hasRoom("quick"));
      },
    ),
    { numRuns: 1_000 },
  );
});
