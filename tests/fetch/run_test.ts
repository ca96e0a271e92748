import assert from "node:assert/strict";
import { Failure } from "../../src/base/failure.ts";
import { FakeServer, problem } from "./fake_server.ts";
import { noise, QUICK, runOnce, TempDir } from "./setup.ts";

const MIB = 1024 * 1024;

Deno.test("formats ignore case, sizes are in KB of 1,024 bytes", async () => {
  await using server = new FakeServer({ constraints: { formats: [".csv"], data_sizes: 2 } });
  await using dir = new TempDir();
  await dir.write("a.CSV", "1");
  await dir.write("exact.csv", noise(2048));
  await dir.write("over.csv", noise(2049));
  await dir.write("notes.txt", "1");
  const { outcome, summary } = await runOnce(server, dir.path);
  assert.equal(outcome("a.CSV"), "sent");
  assert.equal(outcome("exact.csv"), "sent");
  assert.equal(outcome("over.csv"), "refused file-too-large");
  assert.equal(outcome("notes.txt"), "refused format-not-allowed");
  assert.deepEqual([summary.sent, summary.refused, summary.worst], [2, 2, "refused"]);
});

Deno.test("number_files counts only new, allowed files", async () => {
  await using server = new FakeServer({ constraints: { number_files: 2 } });
  await using dir = new TempDir();
  await dir.write("a.csv", "a");
  await dir.write("b.csv", "b");
  assert.equal((await runOnce(server, dir.path)).summary.sent, 2);
  await dir.write("0-refused.txt", "x");
  for (const name of ["c.csv", "d.csv", "e.csv", "f.csv"]) await dir.write(name, name);
  const { outcome, summary } = await runOnce(server, dir.path);
  assert.equal(outcome("a.csv"), "skipped already-there");
  assert.deepEqual([outcome("c.csv"), outcome("d.csv")], ["sent", "sent"]);
  assert.equal(outcome("e.csv"), "refused too-many-files");
  assert.equal(outcome("f.csv"), "refused too-many-files");
  assert.deepEqual([summary.sent, summary.skipped, summary.refused], [2, 2, 3]);
});

Deno.test("the files of a run are one batch; a second run opens another", async () => {
  await using server = new FakeServer();
  await using dir = new TempDir();
  for (const name of ["a.csv", "b.csv", "c.csv"]) await dir.write(name, name);
  await runOnce(server, dir.path);
  await dir.write("d.csv", "d");
  await runOnce(server, dir.path);
  const batches = Object.fromEntries(server.files.map((file) => [file.name, file.batch]));
  assert.deepEqual(batches, {
    "a.csv": "batch-1",
    "b.csv": "batch-1",
    "c.csv": "batch-1",
    "d.csv": "batch-2",
  });
});

Deno.test("new content under a known name is sent, the same content is not", async () => {
  await using server = new FakeServer();
  await using dir = new TempDir();
  await dir.write("a.csv", "one");
  await runOnce(server, dir.path);
  assert.equal((await runOnce(server, dir.path)).outcome("a.csv"), "skipped already-there");
  await dir.write("a.csv", "two");
  assert.equal((await runOnce(server, dir.path)).outcome("a.csv"), "sent");
  assert.equal(server.files.length, 2);
});

Deno.test("a valid file is uploaded while others are checked", async () => {
  await using server = new FakeServer({ constraints: { number_files: 100 } });
  await using dir = new TempDir();
  for (let at = 0; at < 40; at += 1) await dir.write(`f${at}.csv`, `content ${at}`);
  const { events, summary } = await runOnce(server, dir.path);
  assert.equal(summary.sent, 40);
  const firstSent = events.findIndex((event) => event.type === "sent");
  const lastChecked = events.findLastIndex((event) => event.type === "checked");
  assert.ok(firstSent < lastChecked, `first sent ${firstSent}, last checked ${lastChecked}`);
});

Deno.test("--parallel limits the uploads at once", async () => {
  await using dir = new TempDir();
  for (let at = 0; at < 12; at += 1) await dir.write(`f${at}.csv`, `content ${at}`);
  for (const parallel of [1, 3]) {
    let running = 0;
    let most = 0;
    await using server = new FakeServer({ constraints: { number_files: 100 } });
    server.intercept = async (request) => {
      if (!request.headers.has("upload-length")) return undefined;
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 20));
      running -= 1;
      return undefined;
    };
    assert.equal((await runOnce(server, dir.path, { parallel })).summary.sent, 12);
    assert.equal(most, parallel);
  }
});

Deno.test("a dry run checks and sends nothing", async () => {
  await using server = new FakeServer({ constraints: { number_files: 1 } });
  await using dir = new TempDir();
  await dir.write("a.csv", "1");
  await dir.write("b.csv", "2");
  await dir.write("c.txt", "3");
  const { outcome, summary } = await runOnce(server, dir.path, { dryRun: true });
  assert.equal(outcome("a.csv"), "valid");
  assert.equal(outcome("b.csv"), "refused too-many-files");
  assert.equal(outcome("c.txt"), "refused format-not-allowed");
  assert.deepEqual([summary.valid, summary.sent, server.batches], [1, 0, 0]);
  assert.ok(server.requests.every((request) => request.method === "GET"));
});

Deno.test("a file that grows while it is read is refused, the others are sent", async () => {
  await using server = new FakeServer({ constraints: { data_sizes: 1e6 } });
  await using dir = new TempDir();
  const path = await dir.write("growing.csv", noise(24 * MIB));
  await dir.write("quiet.csv", "1");
  let isGrowing = true;
  const growth = (async () => {
    while (isGrowing) await Deno.writeFile(path, noise(100), { append: true });
  })();
  const { outcome } = await runOnce(server, dir.path);
  isGrowing = false;
  await growth;
  assert.equal(outcome("growing.csv"), "refused file-changed");
  assert.equal(outcome("quiet.csv"), "sent");
  assert.deepEqual([server.names(), server.uploads.size], [["quiet.csv"], 0]);
});

Deno.test("a file that disappears after the scan is refused, the others are sent", async () => {
  await using dir = new TempDir();
  const path = await dir.write("a.csv", "1");
  await dir.write("b.csv", "2");
  await using server = new FakeServer();
  server.intercept = async (request) => {
    if (request.url.endsWith("/v1/constraints")) await Deno.remove(path);
    return undefined;
  };
  const { outcome } = await runOnce(server, dir.path);
  assert.equal(outcome("a.csv"), "refused file-unreadable");
  assert.equal(outcome("b.csv"), "sent");
});

Deno.test("wait polls each file until it is final", async () => {
  await using server = new FakeServer();
  await using dir = new TempDir();
  for (const name of ["good.csv", "bad.csv"]) await dir.write(name, name);
  const rows = { read: 12, stored: 10, rejected: 2, skipped: 0, written: 10, replaced: 0 };
  const states = new Set<string>();
  const { events, outcome, summary } = await runOnce(server, dir.path, {
    wait: true,
    emit(event) {
      if (event.type !== "waiting" || event.file === null) return;
      states.add(event.file.state);
      if (event.file.state === "received") server.settle(event.name, { state: "running" });
      else if (event.name === "good.csv") server.settle(event.name, { state: "ingested", rows });
      else {
        const reason = { code: "reject-share", message: "too many rows were rejected" };
        server.settle(event.name, { state: "quarantined", reason });
      }
    },
  });
  assert.deepEqual([...states], ["received", "running"]);
  assert.deepEqual([outcome("good.csv"), outcome("bad.csv")], ["ingested", "quarantined"]);
  const ingested = events.find((event) => event.type === "ingested");
  assert.deepEqual(ingested?.file.rows, rows);
  assert.deepEqual([summary.sent, summary.ingested, summary.quarantined], [2, 1, 1]);
  assert.equal(summary.worst, "refused");

  const again = await runOnce(server, dir.path, { wait: true });
  assert.equal(again.outcome("good.csv"), "skipped already-there");
  assert.equal(again.outcome("bad.csv"), "quarantined", "its rows are still not stored");
});

Deno.test("the account is disabled during a run: the rest fails at once, kind auth", async () => {
  await using dir = new TempDir();
  for (let at = 0; at < 30; at += 1) await dir.write(`f${at}.csv`, `content ${at}`);
  await using server = new FakeServer({ constraints: { number_files: 100 } });
  let created = 0;
  server.intercept = (request) => {
    if (request.headers.has("upload-length")) created += 1;
    return created > 5 ? problem(401, "bad-credentials", "no") : undefined;
  };
  const { summary } = await runOnce(server, dir.path);
  assert.equal(summary.sent + summary.failed, 30);
  assert.ok(summary.failed > 10);
  assert.equal(summary.worst, "auth");
});

Deno.test("the server stops during a run: every file is reported, kind server", async () => {
  await using dir = new TempDir();
  for (let at = 0; at < 20; at += 1) await dir.write(`f${at}.csv`, `content ${at}`);
  const server = new FakeServer({ constraints: { number_files: 100 } });
  let gone: Promise<void> | null = null;
  const { summary } = await runOnce(server, dir.path, {
    parallel: 1,
    retries: { ...QUICK, attempts: 3 },
    emit(event) {
      if (event.type === "sent") gone ??= server[Symbol.asyncDispose]();
    },
  });
  await gone;
  assert.equal(summary.sent + summary.failed, 20);
  assert.ok(summary.failed >= 10);
  assert.equal(summary.worst, "server");
});

Deno.test({
  name: "an interruption ends every file at once",
  // A response that arrives at the moment of the abort is left to Deno's garbage collector.
  sanitizeResources: false,
  async fn() {
    await using dir = new TempDir();
    for (let at = 0; at < 10; at += 1) await dir.write(`f${at}.csv`, `content ${at}`);
    await using server = new FakeServer();
    const stop = new AbortController();
    server.intercept = async (request) => {
      if (!request.headers.has("upload-length")) return undefined;
      stop.abort(new Failure("refused", "interrupted", "Cannot finish: interrupted"));
      await new Promise((resolve) => setTimeout(resolve, 20));
      return undefined;
    };
    const { summary, events } = await runOnce(server, dir.path, { signal: stop.signal });
    assert.equal(summary.failed, 10);
    assert.ok(events.every((event) => event.type !== "retrying"));
  },
});

Deno.test("an empty directory is not a failure", async () => {
  await using server = new FakeServer();
  await using dir = new TempDir();
  const { summary } = await runOnce(server, dir.path);
  assert.deepEqual([summary.sent, summary.worst, server.batches], [0, null, 0]);
});

Deno.test("only a file that became a new version is looked up after it was sent", async () => {
  await using server = new FakeServer();
  await using dir = new TempDir();
  await dir.write("a.csv", "1");
  await runOnce(server, dir.path);
  await dir.write("a.csv", "1 and 2");
  await dir.write("b.csv", "1");
  server.requests.length = 0;
  const { events } = await runOnce(server, dir.path);
  const sent = events.filter((event) => event.type === "sent");
  const found = sent.map(({ name, version, file }) => [name, version, file?.version]);
  assert.deepEqual(found.sort(), [
    ["a.csv", 2, 2],
    ["b.csv", 1, undefined],
  ]);
  const single = server.requests.filter(({ path }) => path.startsWith("/v1/files/"));
  assert.equal(single.length, 1);
});

Deno.test("a file that was sent counts as sent although its versions cannot be looked up", async () => {
  await using server = new FakeServer();
  await using dir = new TempDir();
  await dir.write("a.csv", "1");
  await runOnce(server, dir.path);
  await dir.write("a.csv", "1 and 2");
  server.intercept = ({ url }) => /files\/./.test(url) ? problem(500, "down", "Down") : undefined;
  const { summary, outcome } = await runOnce(server, dir.path);
  assert.deepEqual([outcome("a.csv"), summary.worst], ["sent", null]);
});

Deno.test("content whose rows a later version replaced is sent again", async () => {
  await using server = new FakeServer();
  await using dir = new TempDir();
  await dir.write("a.csv", "1");
  await runOnce(server, dir.path);
  server.settle("a.csv", { state: "ingested", replacedBy: "a later one" });
  const { outcome } = await runOnce(server, dir.path);
  assert.equal(outcome("a.csv"), "sent");
});

Deno.test("a wait ends at its limit, also while the server does not answer", async () => {
  await using server = new FakeServer();
  await using dir = new TempDir();
  await dir.write("a.csv", "1");
  const waiting = await runOnce(server, dir.path, { wait: true, waitLimit: 300 });
  assert.equal(waiting.outcome("a.csv"), "unfinished not-loaded-in-time");
  assert.deepEqual([waiting.summary.unfinished, waiting.summary.worst], [1, "refused"]);
  const end = waiting.events.find((event) => event.type === "unfinished");
  assert.deepEqual([end?.file?.state, end?.name], ["received", "a.csv"]);

  server.intercept = ({ url }) => /files\/./.test(url) ? problem(503, "down", "Down") : undefined;
  const retries = { attempts: Infinity, firstDelay: 1, longestDelay: 20 };
  const down = await runOnce(server, dir.path, { wait: true, waitLimit: 300, retries });
  assert.equal(down.outcome("a.csv"), "unfinished not-loaded-in-time");
});
