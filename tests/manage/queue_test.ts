import assert from "node:assert/strict";
import fc from "fast-check";
import { FileQueue } from "../../src/manage/queue.ts";
import type { FileRecord } from "../../src/storage/contract.ts";
import { fileRecord } from "../contracts/storage_fixtures.ts";

type QueueOptions = ConstructorParameters<typeof FileQueue>[0];

const file = (id: string, tenant: string, receivedAt: number, nextTryAt: number | null = null) =>
  fileRecord({ id, tenant, receivedAt, nextTryAt, state: "queued" });

/** A queue for a number of files at once. */
function queueOf(places: number, options: QueueOptions = {}): FileQueue {
  const queue: FileQueue = new FileQueue({ fits: () => queue.running < places, ...options });
  return queue;
}

function startAll(queue: FileQueue): string[] {
  const ids: string[] = [];
  for (let next = queue.next(); next !== null; next = queue.next()) {
    queue.started(next.id);
    ids.push(next.id);
  }
  return ids;
}

Deno.test("queue: tenants run in parallel, each with one file at a time, up to the concurrency", () => {
  const queue = queueOf(2);
  for (const tenant of ["a", "b", "c"]) {
    queue.add(file(`${tenant}1`, tenant, 1));
    queue.add(file(`${tenant}2`, tenant, 2));
  }
  assert.deepEqual(startAll(queue), ["a1", "b1"]);
  assert.equal(queue.running, 2);
  assert.equal(queue.size, 4);
  queue.done("b1");
  assert.deepEqual(startAll(queue), ["c1"]);
  queue.done("a1");
  assert.deepEqual(startAll(queue), ["a2"]);
});

Deno.test("queue: while a file's rows are written its tenant's next file may be read, but not a third", () => {
  const queue = queueOf(2);
  for (const n of [1, 2, 3]) queue.add(file(`a${n}`, "a", n));
  assert.deepEqual(startAll(queue), ["a1"]);
  queue.read("a1");
  assert.deepEqual(startAll(queue), ["a2"]);
  assert.equal(queue.running, 2);
  queue.add(file("a1", "a", 1));
  assert.equal(queue.size, 1);
  queue.read("a2");
  assert.deepEqual(startAll(queue), []);
  queue.done("a1");
  assert.deepEqual(startAll(queue), ["a3"]);
  queue.done("a3");
  queue.done("a2");
  assert.equal(queue.running, 0);
});

Deno.test("queue: a file that failed while its rows were written runs before its tenant's later files", () => {
  const queue = queueOf(2, { now: () => 0 });
  for (const n of [1, 2, 3]) queue.add(file(`a${n}`, "a", n));
  assert.deepEqual(startAll(queue), ["a1"]);
  queue.read("a1");
  assert.deepEqual(startAll(queue), ["a2"]);
  queue.done("a1");
  queue.add(file("a1", "a", 1, 10));
  queue.done("a2");
  assert.deepEqual(startAll(queue), []);
  assert.equal(queue.wakeAt(), 10);
});

Deno.test("queue: next does not change the queue", () => {
  const queue = queueOf(1);
  queue.add(file("a1", "a", 1));
  assert.equal(queue.next()?.id, "a1");
  assert.equal(queue.next()?.id, "a1");
  assert.equal(queue.size, 1);
});

Deno.test("queue: a file is queued once, and a new record replaces the old one", () => {
  const queue = queueOf(2);
  queue.add(file("a1", "a", 5));
  queue.add(file("a2", "a", 3));
  queue.add(file("a1", "a", 1));
  assert.equal(queue.size, 2);
  assert.equal(queue.next()?.id, "a1");
  queue.started("a1");
  queue.add(file("a1", "a", 1));
  queue.done("a1");
  assert.deepEqual(startAll(queue), ["a2"]);
});

Deno.test("queue: a file that waits for its next try holds back only its tenant's later files", () => {
  let now = 0;
  const queue = queueOf(3, { now: () => now });
  queue.add(file("a1", "a", 1, 1_000));
  queue.add(file("a2", "a", 2));
  queue.add(file("b1", "b", 3));
  queue.add(file("c1", "c", 3, 500));
  assert.deepEqual(startAll(queue), ["b1"]);
  assert.equal(queue.wakeAt(), 500);
  now = 999;
  assert.deepEqual(startAll(queue), ["c1"]);
  assert.equal(queue.wakeAt(), 1_000);
  now = 1_000;
  assert.deepEqual(startAll(queue), ["a1"]);
  assert.equal(queue.wakeAt(), null);
});

Deno.test("queue: a retried file keeps its place before later files", () => {
  let now = 0;
  const queue = queueOf(1, { now: () => now });
  const first = file("a1", "a", 1);
  queue.add(first);
  queue.add(file("a2", "a", 2));
  queue.started("a1");
  queue.done("a1");
  queue.add({ ...first, nextTryAt: 10 });
  assert.equal(queue.next(), null);
  now = 10;
  assert.equal(queue.next()?.id, "a1");
});

/** A random step; all rules are checked after each one. */
const step = fc.oneof(
  fc.record({ do: fc.constant("add" as const), tenant: fc.nat(4), at: fc.nat(20) }),
  fc.record({ do: fc.constant("start" as const) }),
  fc.record({ do: fc.constant("end" as const), which: fc.nat(10), retryIn: fc.option(fc.nat(5)) }),
  fc.record({ do: fc.constant("wait" as const), ms: fc.nat(5) }),
);

Deno.test("queue: files run in order, once, and one at a time for each tenant", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 150, size: "max" }),
      fc.integer({ min: 1, max: 4 }),
      (steps, concurrency) => {
        let now = 0;
        const queue = queueOf(concurrency, { now: () => now });
        const waiting = new Map<string, FileRecord>();
        const running = new Map<string, FileRecord>();
        for (const [i, step] of steps.entries()) {
          if (step.do === "wait") now += step.ms;
          if (step.do === "add") {
            const added = file(`f${i}`, `t${step.tenant}`, step.at);
            waiting.set(added.id, added);
            queue.add(added);
          }
          if (step.do === "start") start();
          const ended = step.do === "end" ? [...running.values()][step.which] : undefined;
          if (step.do === "end" && ended) {
            running.delete(ended.id);
            queue.done(ended.id);
            if (step.retryIn !== null) {
              const again = { ...ended, nextTryAt: now + step.retryIn };
              waiting.set(again.id, again);
              queue.add(again);
            }
          }
          assert.equal(queue.size, waiting.size);
          assert.equal(queue.running, running.size);
        }

        function start(): void {
          const next = queue.next();
          const heads = headsOf(waiting).filter(({ tenant, nextTryAt }) =>
            (nextTryAt ?? 0) <= now &&
            [...running.values()].every((other) => other.tenant !== tenant)
          );
          if (next === null) {
            assert.ok(running.size >= concurrency || heads.length === 0, "a file is kept waiting");
            return;
          }
          assert.ok(running.size < concurrency);
          assert.ok(heads.includes(next), "not its tenant's turn, or not its oldest file");
          queue.started(next.id);
          waiting.delete(next.id);
          running.set(next.id, next);
        }
      },
    ),
    { numRuns: 1_000 },
  );
});

/** Each tenant's oldest waiting file. */
function headsOf(waiting: Map<string, FileRecord>): FileRecord[] {
  const heads = new Map<string, FileRecord>();
  for (const record of waiting.values()) {
    const head = heads.get(record.tenant);
    const isOlder = head === undefined || record.receivedAt < head.receivedAt ||
      (record.receivedAt === head.receivedAt && record.id < head.id);
    if (isOlder) heads.set(record.tenant, record);
  }
  return [...heads.values()];
}

Deno.test("queue: a tenant with files waits for at most one turn of each other tenant", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 }),
    (sizes) => {
      const queue = queueOf(1);
      for (const [t, size] of sizes.entries()) {
        for (let i = 0; i < size; i++) queue.add(file(`t${t}f${i + 100}`, `t${t}`, i));
      }
      const left = [...sizes];
      const since = sizes.map(() => 0);
      for (let next = queue.next(); next !== null; next = queue.next()) {
        const turn = Number(next.tenant.slice(1));
        queue.started(next.id);
        queue.done(next.id);
        left[turn]!--;
        for (const t of sizes.keys()) {
          since[t] = t === turn || left[t] === 0 ? 0 : since[t]! + 1;
          assert.ok(since[t]! <= sizes.length - 1, `t${t} waited for ${since[t]} turns`);
        }
      }
      assert.deepEqual(left, sizes.map(() => 0));
    },
  ));
});

Deno.test("queue: by turns a tenant of which no file has run, the newest, and the one with the least use", () => {
  const used = new Map([["hog", 900], ["busy", 20], ["quiet", 3], ["long", 1]]);
  const queue = queueOf(9, {
    useOf: (tenant) => used.get(tenant) ?? null,
    isSlow: ({ tenant }) => tenant === "long",
  });
  for (const [n, tenant] of ["long", "hog", "busy", "new1", "quiet", "new2", "new3"].entries()) {
    queue.add(file(`${tenant}-a`, tenant, n));
    queue.add(file(`${tenant}-b`, tenant, n));
  }
  assert.equal(queue.leastUse(), 0);
  const order = ["new3-a", "quiet-a", "new2-a", "busy-a", "new1-a", "hog-a", "long-a"];
  assert.deepEqual(startAll(queue), order);
  assert.equal(queue.leastUse(), null, "each of them runs already");
  queue.done("busy-a");
  assert.equal(queue.leastUse(), 20);
});

Deno.test("queue: a file that does not fit does not hold up the files of other tenants", () => {
  const queue = new FileQueue({ fits: ({ tenant }) => tenant !== "a" });
  queue.add(file("a1", "a", 1));
  queue.add(file("b1", "b", 2));
  assert.deepEqual(startAll(queue), ["b1"]);
  assert.equal(queue.isBlocked, false);
});

Deno.test("queue: the versions of a file run in the order of their numbers, whatever the clock said", () => {
  const queue = queueOf(1);
  const version = (version: number, receivedAt: number, tenant = "a") =>
    fileRecord({ id: `${tenant}-v${version}`, tenant, version, receivedAt, state: "queued" });
  const other = (id: string, at: number) => ({ ...file(id, "a", at), name: "other.csv" });
  const waiting = [version(3, 1), other("early", 0), version(1, 9), other("mid", 5), version(2, 4)];
  for (const record of waiting) queue.add(record);
  const order: string[] = [];
  for (let next = queue.next(); next !== null; next = queue.next()) {
    queue.started(next.id);
    queue.done(next.id);
    order.push(next.id);
  }
  assert.deepEqual(order.filter((id) => id.startsWith("a-")), ["a-v1", "a-v2", "a-v3"]);
  assert.deepEqual(order.filter((id) => !id.startsWith("a-")), ["early", "mid"]);
});

Deno.test("queue: a try that was planned before the clock was set back is due, whatever the clock says", () => {
  let now = 10_000_000;
  const queue = queueOf(1, { now: () => now, longestWaitMs: () => 60_000 });
  queue.add(file("a1", "a", 1, now + 60_000));
  assert.equal(queue.next(), null);
  assert.equal(queue.wakeAt(), now + 60_000);
  now -= 7_200_000;
  assert.equal(queue.wakeAt(), now, "not in two hours, and within the range of a timer");
  assert.equal(queue.next()?.id, "a1");
  now += 2 * 7_200_000;
  assert.equal(queue.next()?.id, "a1");
});
