import assert from "node:assert/strict";
import type { FetchEvent } from "../../src/fetch/events.ts";
import { watchDirectory, type WatchOptions } from "../../src/fetch/watch.ts";
import { Failure } from "../../src/base/failure.ts";
import { ManualClock } from "../harness/manual_clock.ts";
import { FakeServer, problem } from "./fake_server.ts";
import { clientOf, outcomeOf, TempDir } from "./setup.ts";

const INTERVAL = 60;
const REST = INTERVAL;

/** A watch in the background. */
function watching(server: { url: string }, dir: string, options: Partial<WatchOptions> = {}) {
  const events: FetchEvent[] = [];
  const stop = new AbortController();
  const client = clientOf(server);
  const finished = watchDirectory({
    client,
    dir,
    interval: INTERVAL,
    rest: REST,
    retries: { attempts: Infinity, firstDelay: 5, longestDelay: 50 },
    signal: stop.signal,
    emit: (event) => events.push(event),
    ...options,
  }).finally(() => client[Symbol.dispose]());
  finished.catch(() => {});
  return {
    events,
    finished,
    async until(what: () => boolean): Promise<void> {
      for (let tries = 0; tries < 500 && !what(); tries += 1) await pause(20);
      assert.ok(what(), `it never happened: ${what}`);
    },
    end() {
      stop.abort(new Failure("refused", "interrupted", "Cannot finish: interrupted"));
      return finished;
    },
  };
}

/** A watch with the usual times and a clock that only the test moves. */
function watchingByHand(server: { url: string }, dir: string) {
  const clock = new ManualClock();
  const watch = watching(server, dir, { clock, interval: undefined, rest: undefined });
  return {
    ...watch,
    /** Lets time pass in steps that are shorter than a scan. */
    async seconds(count: number): Promise<void> {
      for (let n = 0; n < count; n += 0.5) {
        await watch.until(() => clock.sleeping > 0);
        await clock.pass(500);
      }
      await watch.until(() => clock.sleeping > 0);
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

Deno.test("watch sends existing and new files once, one batch per wave", async () => {
  await using server = new FakeServer();
  await using dir = new TempDir();
  await dir.write("a.csv", "1");
  const watch = watching(server, dir.path);
  await watch.until(() => server.files.length === 1);
  await dir.write("b.csv", "2");
  await dir.write("no.txt", "3");
  await watch.until(() => outcomeOf(watch.events, "no.txt") === "refused format-not-allowed");
  await watch.until(() => outcomeOf(watch.events, "b.csv") === "sent");
  await pause(INTERVAL * 4);
  const summary = await watch.end();
  assert.deepEqual([summary.sent, summary.refused, summary.failed], [2, 1, 0]);
  assert.deepEqual(server.files.map((file) => file.batch), ["batch-1", "batch-2"]);
});

Deno.test("watch sends a file only when it has stopped changing", async () => {
  await using server = new FakeServer();
  await using dir = new TempDir();
  const watch = watching(server, dir.path);
  const file = await Deno.open(await dir.write("slow.csv", ""), { append: true });
  for (let at = 0; at < 20; at += 1) {
    file.writeSync(new TextEncoder().encode(`row ${at}\n`));
    await pause(INTERVAL / 4);
  }
  file.close();
  await watch.until(() => server.files.length > 0);
  await watch.end();
  assert.equal(new TextDecoder().decode(server.files[0]!.content).split("\n").length, 21);
  assert.equal(server.files.length, 1);
});

Deno.test("watch sends new content under the same name again", async () => {
  await using server = new FakeServer();
  await using dir = new TempDir();
  await dir.write("a.csv", "one");
  const watch = watching(server, dir.path);
  await watch.until(() => server.files.length === 1);
  await dir.write("a.csv", "and two");
  await watch.until(() => server.files.length === 2);
  await watch.end();
});

Deno.test("watch keeps files over number_files for the next wave", async () => {
  await using server = new FakeServer({ constraints: { number_files: 2 } });
  await using dir = new TempDir();
  for (const name of ["a.csv", "b.csv", "c.csv", "d.csv", "e.csv"]) await dir.write(name, name);
  const watch = watching(server, dir.path);
  await watch.until(() => watch.events.filter((event) => event.type === "sent").length === 5);
  const summary = await watch.end();
  assert.deepEqual([summary.sent, summary.refused, summary.failed], [5, 0, 0]);
  assert.equal(new Set(server.files.map((file) => file.batch)).size, 3);
});

Deno.test("watch survives a server that is down, at the start and later", async () => {
  await using dir = new TempDir();
  await dir.write("a.csv", "1");
  const first = new FakeServer();
  const { port } = first;
  await first[Symbol.asyncDispose]();
  const watch = watching(first, dir.path);
  await watch.until(() => watch.events.some((event) => event.type === "retrying"));
  await using second = new FakeServer({ port });
  await watch.until(() => second.files.length === 1);
  let broken = 0;
  second.intercept = () => broken++ < 30 ? problem(503, "down", "Down") : undefined;
  await dir.write("b.csv", "2");
  await watch.until(() => outcomeOf(watch.events, "b.csv") === "sent");
  const summary = await watch.end();
  assert.deepEqual([summary.sent, summary.failed, summary.worst], [2, 0, null]);
});

Deno.test("watch ends at once with a wrong password", async () => {
  await using server = new FakeServer({ intercept: () => problem(401, "x", "no") });
  await using dir = new TempDir();
  const watch = watching(server, dir.path);
  await assert.rejects(watch.finished, (thrown) => {
    return thrown instanceof Failure && thrown.kind === "auth";
  });
});

Deno.test("watch sends a file that did not change for 30 s, and says once that it waits", async () => {
  await using server = new FakeServer();
  await using dir = new TempDir();
  // A date in the future does not matter.
  const path = await dir.write("a.csv", "half");
  await Deno.utime(path, 4e9, 4e9);
  const watch = watchingByHand(server, dir.path);
  await watch.seconds(7);
  await Deno.writeTextFile(path, "and the rest", { append: true });
  await watch.seconds(28);
  assert.equal(server.files.length, 0);
  await watch.seconds(6);
  await watch.until(() => server.files.length === 1);
  await watch.end();
  assert.equal(new TextDecoder().decode(server.files[0]!.content), "halfand the rest");
  const resting = watch.events.filter((event) => event.type === "resting");
  assert.deepEqual(resting, [{ type: "resting", names: ["a.csv"], seconds: 30 }]);
});

Deno.test("watch sends a file with a marker soon, and leaves the marker", async () => {
  await using server = new FakeServer();
  await using dir = new TempDir();
  const watch = watchingByHand(server, dir.path);
  await watch.seconds(1);
  await dir.write("a.csv", "1");
  await watch.seconds(4);
  assert.equal(server.files.length, 0);
  const marker = await dir.write("a.csv.done", "");
  await watch.seconds(4);
  await watch.until(() => server.files.length === 1);
  // The marker of the first version says nothing about the second.
  await dir.write("a.csv", "1 and half of");
  await watch.seconds(6);
  await dir.write("a.csv", "1 and half of 2");
  await watch.seconds(6);
  assert.equal(server.files.length, 1);
  await Deno.writeTextFile(marker, "again");
  await watch.seconds(4);
  await watch.until(() => server.files.length === 2);
  await watch.end();
  assert.deepEqual(server.names(), ["a.csv", "a.csv"]);
  assert.ok(watch.events.every((event) => !("name" in event) || event.name === "a.csv"));
});

Deno.test("watch sends a renamed file soon, whether or not a scan saw its temporary name", async () => {
  await using server = new FakeServer();
  await using dir = new TempDir();
  const watch = watchingByHand(server, dir.path);
  const rename = (from: string, to: string) =>
    Deno.rename(`${dir.path}/${from}`, `${dir.path}/${to}`);
  await dir.write("a.csv.part", "1");
  await watch.seconds(40);
  await rename("a.csv.part", "a.csv");
  await watch.seconds(4);
  await watch.until(() => server.names().includes("a.csv"));
  if (Deno.build.os === "linux") {
    await dir.write(".b.csv.tmp", "1");
    await rename(".b.csv.tmp", "b.csv");
    await pause(200);
    await watch.seconds(4);
    await watch.until(() => server.names().includes("b.csv"));
  }
  // Neither name is temporary.
  await dir.write("old.csv.bak", "1");
  await rename("old.csv.bak", "c.csv");
  await watch.seconds(20);
  assert.ok(!server.names().includes("c.csv"));
  await watch.end();
});
