import assert from "node:assert/strict";
import { SenderWatch } from "../../src/serve/http/sender_watch.ts";
import { pause, until } from "../harness/until.ts";

const LIMITS = { stallMs: 200, minRate: 1000 };

/** Sends bytes again and again. @returns whether the watch ended it */
async function send(bytes: number, times: number, storeMs = 0): Promise<boolean> {
  let stalled = false;
  using watch = new SenderWatch(LIMITS, () => stalled = true);
  for (let n = 0; n < times && !stalled; n++) {
    watch.waits();
    await pause(20);
    watch.received(bytes);
    await pause(storeMs);
  }
  return stalled;
}

Deno.test("a sender below the rate is ended, one above it is not", async () => {
  assert.equal(await send(5, 100), true);
  assert.equal(await send(500, 30), false);
});

Deno.test("a sender that sends nothing is ended", async () => {
  let stalled = false;
  using watch = new SenderWatch(LIMITS, () => stalled = true);
  watch.waits();
  await until("it is ended", () => stalled);
});

Deno.test("a slow disk is not the sender's fault", async () => {
  let stalled = false;
  using watch = new SenderWatch(LIMITS, () => stalled = true);
  watch.waits();
  watch.received(1);
  await pause(3 * LIMITS.stallMs);
  assert.equal(stalled, false);
});
