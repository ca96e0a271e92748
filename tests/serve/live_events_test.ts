import assert from "node:assert/strict";
import { StreamCount } from "../../src/serve/http/live_events.ts";
import { SharedPolls } from "../../src/serve/http/shared_poll.ts";

Deno.test("places for streams: 20 for a caller, and one for a newcomer while others have many", () => {
  const streams = new StreamCount();
  const opened = (caller: string, wanted: number) => {
    let count = 0;
    for (; count < wanted; count++) {
      try {
        streams.take(caller);
      } catch {
        break;
      }
    }
    return count;
  };
  assert.equal(opened("a", 100), 20);
  for (let n = 0; n < 200; n++) opened(`tenant-${n}`, 20);
  // The server is nearly full: nobody gets many places, and a newcomer still gets one.
  assert.equal(opened("tenant-0", 1), 0);
  const late = Array.from({ length: 3 }, (_, n) => opened(`late-${n}`, 20));
  assert.deepEqual(late, [0, 0, 0], "1,000 are open");
  const free = new StreamCount();
  for (let n = 0; n < 49; n++) for (let m = 0; m < 20; m++) free.take(`tenant-${n}`);
  const last = Array.from({ length: 8 }, (_, n) => {
    let count = 0;
    for (;; count++) {
      try {
        free.take(`new-${n}`);
      } catch {
        return count;
      }
    }
  });
  assert.equal(last.reduce((sum, count) => sum + count), 20);
  assert.ok(last[3]! > 0, `${last}`);
});

Deno.test("a place that is given back twice counts once", () => {
  const streams = new StreamCount();
  const back = Array.from({ length: 20 }, () => streams.take("a"));
  assert.throws(() => streams.take("a"), /20 are open/);
  back[0]!();
  back[0]!();
  streams.take("a");
  assert.throws(() => streams.take("a"), /20 are open/);
});

Deno.test("what many streams watch is read once, and no more when nobody watches", async () => {
  const polls = new SharedPolls();
  let reads = 0;
  let heard = 0;
  const watched = { key: "a", read: () => Promise.resolve(`${reads++}`) };
  const stops = await Promise.all(
    Array.from({ length: 10 }, () => polls.watch(watched, () => heard++)),
  );
  assert.equal(reads, 1);
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  assert.deepEqual([reads, heard], [2, 10]);
  for (const stop of stops) stop();
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  assert.equal(reads, 2);
  const failing = { key: "b", read: () => Promise.reject(new Error("no ledger")) };
  await assert.rejects(polls.watch(failing, () => {}), /no ledger/);
  await (await polls.watch({ ...failing, read: () => Promise.resolve("") }, () => {}))();
});
