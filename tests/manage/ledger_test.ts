import assert from "node:assert/strict";
import fc from "fast-check";
import { backoffMs } from "../../src/base/retry.ts";
import { type LedgerEvent, NO_ROWS, transition } from "../../src/manage/ledger.ts";
import { Failure } from "../../src/base/failure.ts";
import {
  FILE_STATES,
  type FileState,
  isFinal,
  type RowCounts,
} from "../../src/protocol/file_view.ts";
import type { FileRecord } from "../../src/storage/contract.ts";
import { code, fileRecord } from "../contracts/storage_fixtures.ts";

/** The states and events of the documentation, independent of the code. */
const LEGAL: Record<LedgerEvent["type"], { from: FileState[]; to: FileState }> = {
  queue: { from: ["received"], to: "queued" },
  start: { from: ["queued"], to: "running" },
  ingested: { from: ["running"], to: "ingested" },
  refuse: { from: ["running"], to: "refused" },
  lose: { from: ["received", "queued", "running"], to: "refused" },
  quarantine: { from: ["running"], to: "quarantined" },
  cancel: { from: ["received", "queued", "running"], to: "quarantined" },
  retry: { from: ["running"], to: "queued" },
  release: { from: ["running"], to: "queued" },
  recover: { from: ["running"], to: "queued" },
  replay: { from: ["ingested", "refused", "quarantined"], to: "queued" },
};

const reason = fc.record({ code: fc.string(), message: fc.string() });
const rows: fc.Arbitrary<RowCounts> = fc.tuple(fc.nat(), fc.nat(), fc.nat(), fc.nat()).map(
  ([stored, rejected, skipped, written]) => ({
    read: stored + rejected + skipped,
    stored,
    rejected,
    skipped,
    written,
    replaced: 0,
  }),
);
const event: fc.Arbitrary<LedgerEvent> = fc.oneof(
  fc.constantFrom<LedgerEvent>(
    { type: "queue" },
    { type: "start" },
    { type: "start" },
    { type: "release" },
    { type: "recover" },
    { type: "replay", replay: { order: "now", at: 5, wasLoaded: true } },
  ),
  fc.record({
    type: fc.constant("ingested" as const),
    rows,
    seconds: fc.double({ min: 0, max: 1e6, noNaN: true }),
    moduleVersion: fc.string(),
  }),
  fc.record({ type: fc.constant("refuse" as const), reason }),
  fc.record({ type: fc.constant("lose" as const), reason }),
  fc.record({ type: fc.constant("cancel" as const), reason }),
  fc.record({ type: fc.constant("quarantine" as const), reason, rows: fc.option(rows) }),
  fc.record({
    ...{ type: fc.constant("retry" as const), reason, at: fc.nat(), counted: fc.boolean() },
  }),
);

/** The invariants of a record in each state. */
function checkRecord(record: FileRecord): void {
  assert.equal(record.finishedAt !== null, isFinal(record.state));
  assert.equal(record.moduleVersion !== null, record.state === "ingested");
  if (record.state === "running") assert.ok(record.attempts > 0 && record.startedAt !== null);
  if (record.state === "received") assert.equal(record.attempts, 0);
  if (record.nextTryAt !== null) assert.equal(record.state, "queued");
  if (record.state === "refused" || record.state === "quarantined") assert.ok(record.reason);
  if (record.state === "ingested") assert.equal(record.reason, null);
  assert.equal(record.rows.read, record.rows.stored + record.rows.rejected + record.rows.skipped);
  if (record.seconds !== null) assert.ok(record.seconds >= 0);
}

function checkAttempts(before: FileRecord, event: LedgerEvent, after: FileRecord): void {
  const { type } = event;
  if (type === "retry") assert.equal(after.attempts, before.attempts - (event.counted ? 0 : 1));
  else if (type === "start") assert.equal(after.attempts, before.attempts + 1);
  else if (type === "release") assert.equal(after.attempts, before.attempts - 1);
  else if (type === "replay") assert.equal(after.attempts, 0);
  else assert.equal(after.attempts, before.attempts);
}

Deno.test("ledger: no sequence of events leads to an illegal state or record", () => {
  let reachedFinal = 0;
  fc.assert(
    fc.property(fc.array(fc.tuple(event, fc.nat()), { maxLength: 60, size: "max" }), (events) => {
      let record = fileRecord();
      for (const [event, now] of events) {
        const legal = LEGAL[event.type];
        const frozen = Object.freeze({ ...record });
        if (!legal.from.includes(record.state)) {
          assert.throws(() => transition(frozen, event, now), code("illegal-transition"));
          continue;
        }
        const next = transition(frozen, event, now);
        assert.equal(next.state, legal.to);
        checkRecord(next);
        checkAttempts(record, event, next);
        for (const kept of ["id", "tenant", "name", "sha256", "receivedAt", "size"] as const) {
          assert.equal(next[kept], record[kept]);
        }
        if (isFinal(next.state)) reachedFinal++;
        record = next;
      }
    }),
    { numRuns: 1_000 },
  );
  assert.ok(reachedFinal > 100, "too few sequences reach a final state");
});

Deno.test("ledger: each state allows only its own events", () => {
  const samples: LedgerEvent[] = [
    { type: "queue" },
    { type: "start" },
    { type: "ingested", rows: NO_ROWS, seconds: 1, moduleVersion: "v" },
    { type: "refuse", reason: { code: "c", message: "m" } },
    { type: "lose", reason: { code: "c", message: "m" } },
    { type: "cancel", reason: { code: "c", message: "m" } },
    { type: "quarantine", reason: { code: "c", message: "m" }, rows: null },
    { type: "retry", reason: { code: "c", message: "m" }, at: 1 },
    { type: "release" },
    { type: "recover" },
    { type: "replay", replay: { order: "now", at: 5, wasLoaded: true } },
  ];
  for (const state of FILE_STATES) {
    for (const event of samples) {
      const legal = LEGAL[event.type].from.includes(state);
      const go = () => transition(fileRecord({ state, attempts: 1 }), event, 5);
      if (legal) assert.equal(go().state, LEGAL[event.type].to);
      else assert.throws(go, code("illegal-transition"), `${event.type} from ${state}`);
    }
  }
});

Deno.test("ledger: counts that do not add up are rejected", () => {
  const running = fileRecord({ state: "running", attempts: 1, startedAt: 0 });
  const lost = { ...NO_ROWS, read: 10, stored: 8, rejected: 1 };
  const reason = { code: "c", message: "m" };
  assert.throws(
    () => transition(running, { type: "ingested", rows: lost, seconds: 1, moduleVersion: "v" }, 1),
    code("rows-do-not-add-up"),
  );
  assert.throws(
    () => transition(running, { type: "quarantine", reason, rows: lost }, 1),
    (thrown) => thrown instanceof Failure && thrown.code === "rows-do-not-add-up",
  );
});

Deno.test("ledger: a retry keeps its reason and time, and the next start clears them", () => {
  const running = transition(fileRecord({ state: "queued" }), { type: "start" }, 1_000);
  const reason = { code: "storage-full", message: "no room" };
  const waiting = transition(running, { type: "retry", reason, at: 9_000 }, 3_500);
  assert.deepEqual(
    { ...waiting },
    fileRecord({
      state: "queued",
      attempts: 1,
      startedAt: 1_000,
      nextTryAt: 9_000,
      seconds: 2.5,
      reason,
    }),
  );
  const again = transition(waiting, { type: "start" }, 9_100);
  assert.deepEqual(again, fileRecord({ state: "running", attempts: 2, startedAt: 9_100 }));
});

Deno.test("ledger: a clock that was set back gives no negative duration", () => {
  const running = transition(fileRecord({ state: "queued" }), { type: "start" }, 1_000);
  const reason = { code: "c", message: "m" };
  assert.equal(transition(running, { type: "refuse", reason }, 500).seconds, 0);
});

Deno.test("backoff: grows to its maximum and stays within its jitter", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 2_000 }),
    fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    (attempt, drawn) => {
      const options = { firstDelay: 100, longestDelay: 5_000, random: () => drawn };
      const wait = backoffMs(attempt, options);
      const whole = Math.min(5_000, 100 * 2 ** (attempt - 1));
      assert.ok(wait >= whole / 2 && wait <= whole);
      assert.ok(backoffMs(attempt + 1, options) >= wait);
    },
  ));
  assert.equal(backoffMs(1, { firstDelay: 1_000, random: () => 0 }), 500);
  assert.equal(backoffMs(4, { firstDelay: 1_000, random: () => 0.5 }), 6_000);
});
