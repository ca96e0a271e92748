import assert from "node:assert/strict";
import { AdaptiveWindow } from "../../../src/storage/cassandra/write/window.ts";

const BYTES = 1_500;

/** A cluster with a given latency, on a simulated clock. */
class Rig {
  ms = 0;
  readonly window = new AdaptiveWindow(() => this.ms);

  fill(): number {
    let sent = 0;
    while (this.window.admits(BYTES)) {
      this.window.sent(BYTES);
      sent++;
    }
    return sent;
  }

  /** Fills the window and answers all requests. */
  round(latencyMs: number): void {
    this.fill();
    this.ms += latencyMs;
    while (this.window.inFlight > 0) this.window.acknowledged(BYTES, latencyMs);
  }

  rounds(count: number, latencyMs: (limit: number) => number): void {
    for (let i = 0; i < count; i++) this.round(latencyMs(this.window.limit));
  }
}

Deno.test("window: it grows up to its limit while answers are fast", () => {
  const rig = new Rig();
  const start = rig.window.limit;
  rig.rounds(5, () => 5);
  assert.ok(rig.window.limit > start);
  rig.rounds(200, () => 5);
  assert.equal(rig.window.limit, 512);
  assert.equal(rig.fill(), 512);
});

Deno.test("window: the bytes in flight are limited, whatever the number of requests", () => {
  const rig = new Rig();
  rig.rounds(200, () => 5);
  let bytes = 0;
  while (rig.window.admits(64 << 10)) {
    rig.window.sent(64 << 10);
    bytes += 64 << 10;
  }
  assert.equal(bytes, 4 << 20);
  const other = new Rig();
  assert.ok(other.window.admits(16 << 20), "one request is sent however large it is");
});

Deno.test("window: a window that is never full does not grow", () => {
  const rig = new Rig();
  const start = rig.window.limit;
  for (let i = 0; i < 1_000; i++) {
    rig.window.sent(BYTES);
    rig.ms += 2;
    rig.window.acknowledged(BYTES, 2);
  }
  assert.equal(rig.window.limit, start);
});

Deno.test("window: it stops growing when more requests are only slower", () => {
  const rig = new Rig();
  // A cluster that handles 4,000 requests per second: beyond 8, requests wait in its queue.
  rig.rounds(300, (limit) => Math.max(2, limit / 4));
  const settled = rig.window.limit;
  assert.ok(settled >= 80 && settled < 512, `${settled}`);
  rig.rounds(50, (limit) => Math.max(2, limit / 4));
  assert.ok(Math.abs(rig.window.limit - settled) <= settled / 4);
});

Deno.test("window: it shrinks when answers become slow, and grows again afterwards", () => {
  const rig = new Rig();
  rig.rounds(30, () => 10);
  const before = rig.window.limit;
  rig.rounds(10, () => 1_000);
  const slow = rig.window.limit;
  assert.ok(slow < before / 4, `${before} to ${slow}`);
  rig.rounds(10, () => 10);
  assert.ok(rig.window.limit > slow);
});

Deno.test("window: overload halves it once for all requests in flight, with a longer pause each time", () => {
  const rig = new Rig();
  rig.rounds(20, () => 5);
  const before = rig.window.limit;
  const inFlight = rig.fill();
  for (let i = 0; i < inFlight; i++) rig.window.pushedBack(BYTES);
  assert.equal(rig.window.inFlight, 0);
  assert.equal(rig.window.limit, Math.floor(before / 2));
  assert.equal(rig.window.pauseMs, 100);
  assert.equal(rig.window.admits(BYTES), false);
  const pauses: number[] = [];
  for (let i = 0; i < 8; i++) {
    rig.ms += rig.window.pauseMs;
    assert.ok(rig.window.admits(BYTES));
    rig.window.sent(BYTES);
    rig.window.pushedBack(BYTES);
    pauses.push(rig.window.pauseMs);
  }
  assert.deepEqual(pauses, [200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
  assert.equal(rig.window.limit, 4);
  rig.ms += rig.window.pauseMs;
  rig.round(5);
  rig.window.sent(BYTES);
  rig.window.pushedBack(BYTES);
  assert.equal(rig.window.pauseMs, 100, "after a success the next pause is short again");
});
