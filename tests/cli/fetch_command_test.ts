import assert from "node:assert/strict";
import { join } from "node:path";
import { runFetch } from "../../src/cli/fetch/fetch_command.ts";
import type { FileLine, SummaryLine } from "../../src/cli/fetch/lines.ts";
import { parseSeconds } from "../../src/cli/command.ts";
import { type FetchFlags, settleFetchOptions } from "../../src/cli/fetch/options.ts";
import { FakeServer, PASSWORD, problem, USER } from "../fetch/fake_server.ts";
import { TempDir } from "../fetch/setup.ts";
import { FakeIo, type FakeIoOptions } from "./fake_io.ts";

async function run(flags: FetchFlags, options: FakeIoOptions = {}) {
  const io = new FakeIo(options);
  const settled = settleFetchOptions({ user: USER, password: PASSWORD, ...flags }, io.env);
  const exitCode = await runFetch(settled, io);
  return { exitCode, out: io.out, err: io.err, lines: io.out.trimEnd().split("\n") };
}

const CONFIGURED = {
  server: { url: "http://config" },
  fetch: { rest_seconds: 5, wait_seconds: 60 },
};

async function mixedDir(): Promise<TempDir> {
  const dir = new TempDir();
  await dir.write("a.csv", "x".repeat(2048));
  await dir.write("notes.txt", "1");
  await dir.write(".hidden", "1");
  return dir;
}

Deno.test("one line per file, then a summary; exit 1 when a file was refused", async () => {
  await using server = new FakeServer();
  await using dir = await mixedDir();
  const first = await run({ dir: dir.path, server: server.url });
  assert.equal(first.exitCode, 1);
  assert.equal(first.err, "");
  assert.equal(first.lines[0], "skipped   .hidden    hidden files are not sent");
  assert.equal(first.lines[1], "refused   notes.txt  only .csv is allowed");
  assert.match(first.lines[2]!, /^sent {6}a\.csv {6}2\.0 KB {2}\d+\.\d s$/);
  assert.match(first.lines[3]!, /^1 sent, 1 skipped, 1 refused, 2\.0 KB in \d+\.\d s$/);
  assert.equal(first.lines.length, 4);

  const rows = { read: 9999, stored: 9999, rejected: 0, skipped: 0, written: 9999, replaced: 0 };
  server.settle("a.csv", { state: "ingested", rows });
  await Deno.remove(join(dir.path, "notes.txt"));
  const second = await run({ dir: dir.path, server: server.url });
  assert.equal(second.exitCode, 0);
  assert.equal(second.lines[1], "skipped   a.csv    already on the server (loaded, 9,999 rows)");
});

Deno.test("--json: an object with all keys for each file, then the summary", async () => {
  await using server = new FakeServer();
  await using dir = await mixedDir();
  const { exitCode, lines } = await run({ dir: dir.path, server: server.url, json: true });
  const objects = lines.map((line) => JSON.parse(line));
  const summary = objects.pop() as SummaryLine;
  assert.equal(summary.type, "summary");
  assert.deepEqual([summary.exitCode, exitCode], [1, 1]);
  assert.deepEqual([summary.sent, summary.refused, summary.bytes], [1, 1, 2048]);
  const files = objects as FileLine[];
  assert.equal(files.length, 3);
  const keys = Object.keys(files[0]!).join();
  assert.ok(files.every((file) => file.type === "file" && Object.keys(file).join() === keys));
  const sent = files.find((file) => file.status === "sent");
  assert.deepEqual([sent?.name, sent?.size, sent?.id], ["a.csv", 2048, server.files[0]?.id]);
  assert.match(sent?.sha256 ?? "", /^[0-9a-f]{64}$/);
  assert.equal(files.find((file) => file.status === "refused")?.code, "format-not-allowed");
});

Deno.test("--wait: rows stored, records rejected, and the reason", async () => {
  await using server = new FakeServer();
  await using dir = new TempDir();
  await dir.write("bad.csv", "1");
  await dir.write("good.csv", "2");
  const rows = { read: 12, stored: 10, rejected: 2, skipped: 0, written: 10, replaced: 0 };
  server.intercept = (request) => {
    if (!/\/v1\/files\//.test(request.url)) return undefined;
    const reason = { code: "x", message: "2 of 12 rows were rejected" };
    for (const file of server.files) {
      if (file.name === "good.csv") server.settle(file.name, { state: "ingested", rows });
      else server.settle(file.name, { state: "quarantined", reason });
    }
    return undefined;
  };
  const { exitCode, out } = await run({ dir: dir.path, server: server.url, wait: true });
  assert.equal(exitCode, 1);
  assert.match(
    out,
    /^loaded {4}good\.csv {2}1 byte {2}.* s {2}10 rows stored, 2 records rejected$/m,
  );
  assert.match(out, /^failed {4}bad\.csv {3}quarantined: 2 of 12 rows were rejected$/m);
  assert.match(out, /^2 sent, 1 loaded, 1 failed, /m);
  assert.doesNotMatch(out, /^sent/m);
});

Deno.test("-q prints only the files that failed", async () => {
  await using server = new FakeServer();
  await using dir = await mixedDir();
  const { out } = await run({ dir: dir.path, server: server.url, quiet: true });
  assert.equal(out, "refused   notes.txt  only .csv is allowed\n");
});

Deno.test("exit codes: usage 2, authentication 3, server 4, storage 5", async () => {
  await using server = new FakeServer();
  await using dir = await mixedDir();
  const base = { dir: dir.path, server: server.url };
  const missing = await run({ ...base, dir: join(dir.path, "nothing") });
  assert.equal(missing.exitCode, 2);
  const wrong = await run({ ...base, password: "wrong" });
  assert.equal(wrong.exitCode, 3);
  assert.match(wrong.err, /^mysimbdp: Cannot log in as "customer-1": .*\n {2}hint: .*\n$/);
  const unknown = await run({ ...base, user: "nobody" });
  assert.deepEqual([unknown.exitCode, unknown.out], [3, ""]);
  const json = await run({ ...base, password: "wrong", json: true });
  assert.deepEqual(json.lines.map((line) => JSON.parse(line).type), ["error", "summary"]);
  server.intercept = (request) => {
    return request.headers.has("upload-length") ? problem(507, "storage-full", "Full") : undefined;
  };
  assert.equal((await run(base)).exitCode, 5);
  const down = await run({ ...base, server: "http://127.0.0.1:2" });
  assert.equal(down.exitCode, 4);
  assert.match(down.err, /^mysimbdp: Cannot reach the server "http:\/\/127\.0\.0\.1:2": /);
});

Deno.test("no output contains the password", async () => {
  await using server = new FakeServer();
  await using dir = await mixedDir();
  for (const password of [PASSWORD, "a-wrong-pässword-1"]) {
    const base = { dir: dir.path, password, verbose: true };
    for (const url of [server.url, "http://127.0.0.1:2", "https://127.0.0.1:2"]) {
      const { out, err } = await run({ ...base, server: url });
      assert.ok(!(out + err).includes(password));
      assert.ok(!(out + err).includes("Basic "));
    }
  }
});

Deno.test("progress bars: only on a terminal, not with -q or --json", async () => {
  await using dir = new TempDir();
  await dir.write("large.csv", new Uint8Array(6 * 1024 * 1024).fill(49));
  const hasBars = async (flags: FetchFlags, terminal: boolean) => {
    await using server = new FakeServer({ constraints: { data_sizes: 10_000 } });
    // Slow enough that a bar is drawn.
    server.intercept = async (request) => {
      if (request.method === "PATCH") await new Promise((resolve) => setTimeout(resolve, 60));
      return undefined;
    };
    const { err } = await run({ dir: dir.path, server: server.url, ...flags }, { terminal });
    return err.includes("large.csv");
  };
  assert.equal(await hasBars({}, true), true);
  assert.equal(await hasBars({}, false), false);
  assert.equal(await hasBars({ quiet: true }, true), false);
  assert.equal(await hasBars({ json: true }, true), false);
});

Deno.test("precedence: flag, environment, configuration file, default", () => {
  const env = (name: string) => ({ MYSIMBDP_SERVER: "http://env", MYSIMBDP_USER: "env" })[name];
  const { server, user, dir, parallel } = settleFetchOptions({ server: "http://flag" }, env);
  assert.deepEqual([server, user], ["http://flag", "env"]);
  assert.deepEqual([dir, parallel], ["client-input-dir", 4]);
  assert.equal(settleFetchOptions({}, env, CONFIGURED).server, "http://env");
  const configured = settleFetchOptions({ user: "flag" }, () => undefined, CONFIGURED);
  assert.deepEqual([configured.server, configured.user], ["http://config", "flag"]);
  assert.throws(() => settleFetchOptions({}, () => undefined), /no user was given/);
  assert.throws(() => settleFetchOptions({ watch: true, dryRun: true }, env), /--dry-run/);
});

Deno.test("--rest and --wait-timeout: flag, environment, configuration file, default", () => {
  const user = { user: "u" };
  const limits = (...given: Parameters<typeof settleFetchOptions>) => {
    const { rest, waitLimit } = settleFetchOptions(...given);
    return [rest / 1000, waitLimit / 1000];
  };
  const env = (name: string) => name.endsWith("_SECONDS") ? "2m" : undefined;
  assert.deepEqual(limits(user, () => undefined), [30, 86_400]);
  assert.deepEqual(limits(user, () => undefined, CONFIGURED), [5, 60]);
  assert.deepEqual(limits(user, env, CONFIGURED), [120, 120]);
  assert.deepEqual(limits({ ...user, rest: 0, waitTimeout: 7 }, env, CONFIGURED), [0, 7]);
  assert.deepEqual(limits({ ...user, waitTimeout: 0 }, env), [120, Infinity]);
  assert.throws(() => settleFetchOptions(user, () => "soon"), /MYSIMBDP_FETCH_\w+_SECONDS/);
  const parsed = ["90", "90s", "1.5m", "2h", "1d", "0"].map(parseSeconds);
  assert.deepEqual(parsed, [90, 90, 90, 7200, 86_400, 0]);
  assert.deepEqual(["", "-1", "1w", "h", "1e3"].map(parseSeconds), Array(5).fill(null));
});

Deno.test("--wait-timeout: exit 1, what the file waits for, and that it stays there", async () => {
  await using server = new FakeServer();
  await using dir = new TempDir();
  await dir.write("a.csv", "1");
  server.intercept = (request) => {
    const waitingFor = { code: "queue", ahead: 3 } as const;
    for (const { name } of server.files) server.settle(name, { state: "queued", waitingFor });
    return void request;
  };
  const flags = { dir: dir.path, server: server.url, wait: true, waitTimeout: 0.3 };
  const text = await run({ ...flags, verbose: true });
  assert.equal(text.exitCode, 1);
  const reason = "not loaded within 0 s (in the queue, 3 files ahead); it stays on the platform";
  const hint = "Run the command again with --wait to follow it; it is not sent twice.";
  assert.equal(text.lines[0], `waiting   a.csv  ${reason}  (${hint})`);
  assert.match(text.lines[1]!, /^1 sent, 1 waiting, /);
  const json = await run({ ...flags, json: true });
  const [line, summary] = json.lines.map((each) => JSON.parse(each));
  assert.deepEqual([line.status, line.state, line.code], [
    "unfinished",
    "queued",
    "not-loaded-in-time",
  ]);
  assert.deepEqual([line.waitingFor, summary.unfinished, summary.exitCode], [
    { code: "queue", ahead: 3 },
    1,
    1,
  ]);
});

Deno.test("what a file waits for is shown when it changes: in the progress line, or as a notice", async () => {
  for (const terminal of [true, false]) {
    await using server = new FakeServer();
    await using dir = new TempDir();
    await dir.write("a.csv", "1");
    const codes = ["module", "disk", "service"] as const;
    let lookups = 0;
    server.intercept = ({ url }) => {
      if (!/files\/./.test(url)) return undefined;
      const code = codes[Math.floor(lookups++ / 3)];
      if (code) server.settle("a.csv", { state: "queued", waitingFor: { code, ahead: null } });
      else server.settle("a.csv", { state: "ingested", waitingFor: null });
      return undefined;
    };
    const flags = { dir: dir.path, server: server.url, wait: true };
    const { err, exitCode } = await run(flags, { terminal });
    assert.equal(exitCode, 0);
    const lines = [
      "there is no approved module for it yet",
      "the platform's disk is full",
      "the loading service (manage) is not running",
    ].map((text) => `waiting for a.csv: ${text}`);
    if (terminal) { for (const line of lines) assert.ok(err.includes(`${line}\n`), line); }
    else assert.equal(err, lines.map((line) => `mysimbdp: ${line}\n`).join(""));
  }
});

Deno.test("a new version of a file says what happens to the rows of the earlier one", async () => {
  await using server = new FakeServer();
  await using dir = new TempDir();
  await dir.write("sales.csv", "1");
  const options = { dir: dir.path, server: server.url };
  assert.doesNotMatch((await run(options)).out, /version/);
  await dir.write("sales.csv", "1 and 2");
  const earlier = { versions: [1], rows: 1204, complete: true };
  const isLookup = ({ url }: Request) => /files\/[^?]/.test(url);
  server.intercept = (request) => {
    if (isLookup(request)) Object.assign(server.files[1]!, { earlier });
    return undefined;
  };
  const text = "version 2 of sales.csv; the 1,204 rows of version 1 stay";
  const { lines } = await run(options);
  assert.match(lines[0]!, /^sent {6}sales\.csv {2}/);
  assert.equal(lines[1], `          ${text}`);

  const json = await run({ ...options, json: true });
  const line = JSON.parse(json.lines[0]!) as FileLine;
  assert.deepEqual([line.status, line.version, line.versionText], ["skipped", 2, text]);
  assert.deepEqual([line.earlier, line.replaces], [earlier, []]);

  await dir.write("sales.csv", "1 and 2 and 3");
  server.intercept = (request) => isLookup(request) ? problem(500, "down", "") : undefined;
  assert.equal((await run(options)).lines[1], "          version 3 of sales.csv");
});
