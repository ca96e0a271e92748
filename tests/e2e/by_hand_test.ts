import assert from "node:assert/strict";
import { join } from "node:path";
import { keepAll } from "../harness/modules.ts";
import { addsUp, Platform } from "../harness/platform.ts";
import { pause, until } from "../harness/until.ts";

/** Long enough for several scans. */
const SCANS_MS = 2_500;
/** A user without a name; only root can give files to it. */
const SERVICE = 65_124;
const CONFIG = "[manage]\nscan_seconds = 0.5\n";

Deno.test("files moved into staging: each is loaded, with its own rows", async () => {
  await using platform = await Platform.create(CONFIG);
  await platform.deploy("t1", keepAll());
  const manage = platform.manage();
  const names = ["a.csv", "b.csv", "with space.csv", "ünïcödé.csv"];
  for (const [n, name] of names.entries()) await platform.stage("t1", name, `x\n${n}\n${n}!\n`);
  for (const name of names) {
    const file = await platform.settled("t1", name);
    assert.equal(file.state, "ingested", JSON.stringify(file));
    assert.deepEqual(file.rows, {
      ...{ read: 2, stored: 2, rejected: 0, skipped: 0, written: 2, replaced: 0 },
    });
    assert.match(file.sha256, /^[0-9a-f]{64}$/);
  }
  assert.equal(platform.count("t1", "items"), 2 * names.length);
  await platform.emptied("staging", "t1");
  assert.equal((await manage.stop()).code, 0);
});

Deno.test("--once loads a file that was moved in just before", async () => {
  await using platform = await Platform.create();
  await platform.deploy("t1", keepAll());
  await platform.stage("t1", "a.csv", "x\n1\n");
  const { code, stderr } = await platform.run("manage", "--once");
  assert.equal(code, 0, stderr);
  assert.equal((await platform.files({ name: "a.csv" }))[0]?.state, "ingested", stderr);
});

Deno.test("links, folders and hidden files in staging are ignored and reported once, an empty file is refused", async () => {
  await using platform = await Platform.create(CONFIG);
  await platform.deploy("t1", keepAll());
  const secret = join(platform.dir, "secret.csv");
  await Deno.writeTextFile(secret, "x\nsecret\n");
  const staging = join(platform.data, "staging/t1");
  await Deno.mkdir(join(staging, "folder.csv"), { recursive: true });
  await Deno.writeTextFile(join(staging, "folder.csv", "inner.csv"), "x\n1\n");
  await Deno.symlink(secret, join(staging, "link.csv"));
  await Deno.symlink("/etc", join(platform.data, "staging/linked"));
  await Deno.writeTextFile(join(platform.data, "staging/stray.csv"), "x\n1\n");
  await platform.stage("t1", ".hidden.csv", "x\n1\n");
  await platform.stage("Not a tenant", "a.csv", "x\n1\n");
  await platform.stage("t1", "empty.csv", "");
  await platform.stage("t1", "good.csv", "x\n1\n");
  await platform.stage("unknown", "a.csv", "x\n1\n");
  const manage = platform.manage();
  assert.equal((await platform.settled("t1", "good.csv")).state, "ingested");
  const empty = await platform.settled("t1", "empty.csv");
  assert.equal(empty.state, "refused");
  assert.equal(empty.reason?.code, "empty-file");
  assert.ok(addsUp(empty));
  await pause(SCANS_MS);
  assert.equal((await platform.files()).length, 2);
  assert.deepEqual(await platform.list("staging", "t1"), [".hidden.csv", "folder.csv", "link.csv"]);
  assert.deepEqual(await platform.list("staging", "Not a tenant"), ["a.csv"]);
  const reported = () =>
    manage.records().filter(({ event }) => event === "staging.problem")
      .map(({ path }) => String(path).replace(`${platform.data}/staging/`, "")).sort();
  const ignored = ["Not a tenant", "linked", "stray.csv", "t1/.hidden.csv", "t1/folder.csv"];
  assert.deepEqual(reported(), [...ignored, "t1/link.csv", "unknown"].sort());

  // Fixed and back again: it is reported again.
  await Deno.remove(join(staging, "link.csv"));
  await pause(SCANS_MS / 2);
  await Deno.symlink(secret, join(staging, "link.csv"));
  await until(
    "the new link is reported",
    () => reported().filter((path) => path === "t1/link.csv").length === 2,
  );
  await platform.must("manage", "tenant", "add", "unknown");
  await platform.deploy("unknown", keepAll());
  assert.equal((await platform.settled("unknown", "a.csv")).state, "ingested");
});

Deno.test("files of a tenant without a module wait, and delay no other tenant", async () => {
  await using platform = await Platform.create(CONFIG);
  await platform.deploy("t1", keepAll());
  await platform.must("manage", "tenant", "add", "stranger");
  await platform.stage("stranger", "a.csv", "x\n1\n");
  const manage = platform.manage();
  const line = await manage.line(/"file\.waiting"/);
  assert.equal(JSON.parse(line).tenant, "stranger");
  await platform.stage("t1", "a.csv", "x\n1\n");
  assert.equal((await platform.settled("t1", "a.csv")).state, "ingested");
  const [file] = await platform.files({ tenant: "stranger" });
  assert.equal(file?.state, "received");
  await platform.deploy("stranger", keepAll());
  assert.equal((await platform.settled("stranger", "a.csv")).state, "ingested");
  const waits = manage.records().filter(({ event }) => event === "file.waiting");
  assert.equal(waits.length, 1, "it is logged once");
});

Deno.test("staging, or one tenant's folder in it, is deleted and created again: loading continues", async () => {
  await using platform = await Platform.create(CONFIG);
  await platform.deploy("t1", keepAll());
  const manage = platform.manage();
  const staging = join(platform.data, "staging");
  for (let round = 0; round < 5; round++) {
    await platform.stage("t1", `${round}.csv`, `x\n${round}\n`);
    assert.equal((await platform.settled("t1", `${round}.csv`)).state, "ingested");
    await Deno.remove(round % 2 === 0 ? join(staging, "t1") : staging, { recursive: true });
  }
  await until("all rows are stored", () => platform.count("t1", "items") === 5);
  assert.equal((await manage.stop()).code, 0);
});

for (const [title, time] of [["in the future", "2040-01-01"], ["before 1970", "@-5000"]] as const) {
  Deno.test(`--once loads a file with a time ${title}, and ends`, async () => {
    await using platform = await Platform.create();
    await platform.deploy("t1", keepAll());
    await platform.stage("t1", "a.csv", "x\n1\n");
    const path = join(platform.data, "staging/t1/a.csv");
    await new Deno.Command("touch", { args: ["-d", time, path] }).output();
    const { code, stderr } = await platform.run("manage", "--once");
    assert.equal(code, 0, stderr);
    const [file] = await platform.files({ name: "a.csv" });
    assert.equal(file?.state, "ingested", stderr);
    assert.ok(Math.abs(Date.now() - (file?.receivedAt ?? 0)) < 60_000, "it arrived now");
  });
}

Deno.test("--once does not wait for ever for a file that keeps growing: it is reported, the others are loaded", async () => {
  await using platform = await Platform.create();
  await platform.deploy("t1", keepAll());
  await platform.stage("t1", "a.csv", "x\n1\n");
  await platform.stage("t1", "growing.csv", "x\n");
  const path = join(platform.data, "staging/t1/growing.csv");
  const growing = setInterval(() => Deno.writeTextFileSync(path, "1\n", { append: true }), 200);
  try {
    const { code, stderr } = await platform.run("manage", "--once");
    assert.equal(code, 1, stderr);
    assert.match(stderr, /"staging.incomplete","path":"[^"]*growing.csv"/);
  } finally {
    clearInterval(growing);
  }
  assert.deepEqual((await platform.files()).map(({ name }) => name), ["a.csv"]);
  const { code, stderr } = await platform.run("manage", "--once");
  assert.equal(code, 0, stderr);
  assert.equal((await platform.files({ name: "growing.csv" }))[0]?.state, "ingested");
});

Deno.test({
  name:
    "files and folders that the services may not read are reported once, and loaded when that is fixed",
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0,
  async fn() {
    await using platform = await Platform.create(CONFIG, undefined, "sqlite:", SERVICE);
    for (const tenant of ["t1", "t2", "t3"]) await platform.deploy(tenant, keepAll());
    await platform.stage("t1", "private.csv", "x\n1\n");
    await platform.stage("t2", "good.csv", "x\n1\n");
    await platform.stage("t3", "inside.csv", "x\n1\n");
    const staging = join(platform.data, "staging");
    const given = ["t1", "t2", "t2/good.csv", "t3/inside.csv"].map((path) => join(staging, path));
    for (const path of given) await Deno.chown(path, SERVICE, SERVICE);
    const mine = [join(staging, "t1/private.csv"), join(staging, "t3")];
    await Deno.chmod(mine[0]!, 0o600);
    await Deno.chmod(mine[1]!, 0o700);
    const manage = platform.manage();
    assert.equal((await platform.settled("t2", "good.csv")).state, "ingested");
    await pause(SCANS_MS);
    const reported = manage.records().filter(({ event }) => event === "staging.problem");
    assert.deepEqual(reported.map(({ path }) => path).sort(), mine);
    assert.match(String(reported[0]?.error), /may not read or move it\. Run chown/);
    for (const path of mine) await Deno.chown(path, SERVICE, SERVICE);
    assert.equal((await platform.settled("t1", "private.csv")).state, "ingested");
    assert.equal((await platform.settled("t3", "inside.csv")).state, "ingested");
    const ended = manage.records().filter(({ problem }) => problem === "staging.problem");
    assert.deepEqual(ended.map(({ key }) => key).sort(), mine);
  },
});
