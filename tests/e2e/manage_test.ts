import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { keepAll } from "../harness/modules.ts";
import { addsUp, Platform } from "../harness/platform.ts";
import { childrenOf, isAlive, run } from "../harness/process.ts";
import { type Customer, upload } from "../harness/tus.ts";
import { pause, until } from "../harness/until.ts";

const CONFIG = "[manage]\nscan_seconds = 0.5\n";
const bytes = (text: string) => new TextEncoder().encode(text);

/** A module that takes about this many milliseconds for each record. */
const slow = (ms: number) =>
  keepAll({ before: `for (let n = 0, x = 0; n < ${ms * 400_000}; n++) x += n % 7;` });

async function customerOf(platform: Platform): Promise<Customer> {
  await platform.seedAccounts();
  const { url } = await platform.serve();
  return { url, user: "customer-1", password: "password-1" };
}

Deno.test("a file that is sent before its module is deployed waits, then is loaded", async () => {
  await using platform = await Platform.create(CONFIG);
  const customer = await customerOf(platform);
  const manage = platform.manage();
  assert.equal((await upload(customer, "a.csv", bytes("x\n1\n"))).status, 201);
  await manage.line(/"file\.waiting"/);
  const [waiting] = await platform.files();
  assert.equal(waiting?.state, "received");
  assert.equal((await platform.list("staging", "customer-1")).length, 2);
  await platform.deploy("customer-1", keepAll());
  assert.equal((await platform.settled("customer-1", "a.csv")).state, "ingested");
  assert.equal(platform.count("customer-1", "items"), 1);
});

Deno.test("the same file sent ten times at once is loaded once; other content is version 2", async () => {
  await using platform = await Platform.create(CONFIG);
  const customer = await customerOf(platform);
  await platform.deploy("customer-1", keepAll());
  platform.manage();
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => upload(customer, "a.csv", bytes("x\n1\n"))),
  );
  const ids = new Set(answers.map((answer) => answer.headers.get("Mysimbdp-File-Id")));
  assert.deepEqual(answers.map(({ status }) => status), Array(10).fill(201));
  assert.equal(ids.size, 1);
  await platform.settled("customer-1", "a.csv");
  assert.equal((await upload(customer, "a.csv", bytes("x\n2\n"))).status, 201);
  const files = await platform.allSettled(2);
  assert.deepEqual(files.map(({ version }) => version).sort(), [1, 2]);
  assert.deepEqual(files.map(({ state }) => state), ["ingested", "ingested"]);
  assert.equal(platform.count("customer-1", "items"), 2);
  await platform.emptied("staging", "customer-1");
  assert.equal((await platform.list("archive", "customer-1")).length, 4);
});

Deno.test("SIGHUP reloads the configuration; an invalid one changes nothing", async () => {
  await using platform = await Platform.create(CONFIG);
  await platform.deploy(
    "t1",
    keepAll({ before: 'if (record.x === "no") return ctx.reject("no");' }),
  );
  const manage = platform.manage();
  const config = (text: string) =>
    Deno.writeTextFile(join(platform.data, "mysimbdp.toml"), `${CONFIG}${text}`);
  await manage.line(/"manage\.started"/);
  await platform.stage("t1", "a.csv", "x\nno\nyes\n");
  assert.equal((await platform.settled("t1", "a.csv")).state, "ingested");
  await config("[sandbox]\nreject_share = 0.1\n");
  manage.kill("SIGHUP");
  await manage.line(/"config\.reloaded"/);
  await platform.stage("t1", "b.csv", "x\nno\nyes\n");
  assert.equal((await platform.settled("t1", "b.csv")).state, "quarantined");
  await config("[sandbox]\nreject_share = 7\n");
  manage.kill("SIGHUP");
  await manage.line(/"config\.refused"/);
  await platform.stage("t1", "c.csv", "x\nno\nyes\n");
  assert.equal((await platform.settled("t1", "c.csv")).state, "quarantined");
  assert.equal((await manage.stop()).code, 0);
});

Deno.test("SIGHUP, which systemd sends for a reload, does not end serve", async () => {
  await using platform = await Platform.create();
  const { url, process } = await platform.serve();
  process.kill("SIGHUP");
  await pause(500);
  assert.equal(process.hasEnded, false, process.transcript());
  const answer = await fetch(`${url}/livez`);
  await answer.body?.cancel();
  assert.equal(answer.status, 200);
  assert.equal((await process.stop()).code, 0);
});

Deno.test("SIGTERM lets a running file finish, leaves no child process, and exits with 0", async () => {
  await using platform = await Platform.create(CONFIG);
  const customer = await customerOf(platform);
  await platform.deploy("customer-1", slow(20));
  const manage = platform.manage();
  await upload(customer, "a.csv", bytes("x\n" + "1\n".repeat(50)));
  await manage.line(/"file\.started"/);
  const children = childrenOf(manage.pid);
  assert.equal((await manage.stop()).code, 0, manage.transcript());
  const [file] = await platform.files();
  assert.equal(file?.state, "ingested");
  assert.equal(platform.count("customer-1", "items"), 50);
  await until("its child processes have ended", () => !children.some(isAlive));
});

Deno.test("SIGTERM releases a file that does not finish within the limit, and the next run loads it", async () => {
  await using platform = await Platform.create(CONFIG + "drain_seconds = 0.5\n");
  const customer = await customerOf(platform);
  await platform.deploy("customer-1", slow(20));
  const manage = platform.manage();
  await upload(customer, "a.csv", bytes("x\n" + "1\n".repeat(250)));
  await manage.line(/"file\.started"/);
  assert.equal((await manage.stop()).code, 0);
  const [file] = await platform.files();
  assert.equal(file?.state, "queued", manage.transcript());
  const { code, stderr } = await platform.run("manage", "--once");
  assert.equal(code, 0, stderr);
  assert.equal(platform.count("customer-1", "items"), 250);
});

Deno.test("SIGTERM during --once: running files finish or return to the queue, without an error", async () => {
  await using platform = await Platform.create("[manage]\nconcurrency = 2\n");
  for (const tenant of ["t1", "t2"]) {
    await platform.deploy(tenant, slow(20));
    await platform.stage(tenant, "a.csv", "x\n" + "1\n".repeat(tenant === "t1" ? 20 : 100));
  }
  await pause(1_500);
  const manage = platform.manage("--once");
  await until("both files run", () => manage.stderr.text.match(/"file\.started"/g)?.length === 2);
  const { code } = await manage.stop();
  assert.ok(code === 0 || code === 1, manage.transcript());
  for (const file of await platform.files()) {
    assert.match(file.state, /^(ingested|queued)$/, manage.transcript());
  }
  assert.doesNotMatch(manage.stderr.text, /"(scan|ledger)\.failed"|Error/);
});

Deno.test("--once exits with 0 when all files are loaded, and with 1 when one is not", async () => {
  await using platform = await Platform.create();
  const customer = await customerOf(platform);
  await platform.deploy("customer-1", keepAll({ files: "*.csv" }));
  await upload(customer, "a.csv", bytes("x\n1\n"));
  assert.equal((await platform.run("manage", "--once")).code, 0);
  await upload(customer, "a.jsonl", bytes("{}\n"));
  assert.equal((await platform.run("manage", "--once")).code, 1);
  const [file] = await platform.files({ name: "a.jsonl" });
  assert.equal(file?.state, "refused");
  assert.equal(file?.reason?.code, "no-pattern");
  assert.equal((await platform.run("manage", "--once")).code, 0);
});

Deno.test("an unreadable module holds up only its own tenant", async () => {
  await using platform = await Platform.create(CONFIG);
  await platform.deploy("broken", keepAll());
  await platform.deploy("t2", keepAll());
  await Deno.writeTextFile(join(platform.data, "tenants/broken/current/declaration.json"), "{");
  await platform.stage("broken", "a.csv", "x\n1\n");
  const manage = platform.manage();
  await pause(1_500);
  await platform.stage("t2", "a.csv", "x\n1\n");
  const file = await platform.settled("t2", "a.csv", 15);
  assert.equal(file.state, "ingested", manage.transcript());
});

Deno.test("a file is settled even if the ledger is locked for a while after it was loaded", async () => {
  await using platform = await Platform.create(CONFIG);
  const customer = await customerOf(platform);
  await platform.deploy("customer-1", slow(20));
  const manage = platform.manage();
  await upload(customer, "a.csv", bytes("x\n" + "1\n".repeat(50)));
  await manage.line(/"file\.started"/);
  const db = new DatabaseSync(join(platform.data, "db/ledger.sqlite"));
  try {
    db.exec("BEGIN IMMEDIATE");
    await pause(6_000);
    db.exec("ROLLBACK");
  } finally {
    db.close();
  }
  const file = await platform.settled("customer-1", "a.csv", 15);
  assert.equal(file.state, "ingested", manage.transcript());
  assert.ok(addsUp(file));
  assert.equal(platform.count("customer-1", "items"), 50);
});

Deno.test("a replay that fails half-way can be repeated", async () => {
  await using platform = await Platform.create(CONFIG);
  const customer = await customerOf(platform);
  await platform.deploy("customer-1", keepAll());
  await upload(customer, "a.csv", bytes("x\n1\n"));
  assert.equal((await platform.run("manage", "--once")).code, 0);
  const [file] = await platform.files();
  assert.ok(file);
  const inTheWay = join(platform.data, "staging/customer-1", `.${file.id}.json`);
  await Deno.mkdir(inTheWay);
  assert.notEqual((await platform.run("manage", "replay", file.id)).code, 0);
  await Deno.remove(inTheWay);
  await platform.run("manage", "replay", file.id);
  await platform.run("manage", "--once");
  const [again] = await platform.files();
  assert.equal(again?.state, "ingested");
  assert.notEqual(again?.finishedAt, file.finishedAt, "it was loaded again");
  assert.deepEqual(again?.rows, file.rows, "its own earlier rows do not count as repeated");
});

Deno.test("replay works while another file of the tenant is being loaded", async () => {
  await using platform = await Platform.create(CONFIG);
  const customer = await customerOf(platform);
  await platform.deploy("customer-1", slow(0.05));
  const manage = platform.manage();
  await upload(customer, "a.csv", bytes("x\n1\n"));
  const first = await platform.settled("customer-1", "a.csv");
  // Enough records that rows are written long before the last one is read.
  await upload(customer, "b.csv", bytes("x\n" + "1\n".repeat(400_000)));
  await until("the second file runs", async () => {
    const [file] = await platform.files({ name: "b.csv" });
    return file?.state === "running";
  });
  await pause(1_000);
  const replayed = await platform.run("manage", "replay", first.id);
  assert.equal(replayed.code, 0, replayed.stderr);
  assert.equal((await platform.settled("customer-1", "b.csv", 240)).state, "ingested");
  await until("the first file was loaded again", async () => {
    const [file] = await platform.files({ name: "a.csv" });
    return file?.state === "ingested" && file.finishedAt !== first.finishedAt;
  });
  assert.equal((await manage.stop()).code, 0);
});

Deno.test("fetch --wait reports a file that was not loaded, and exits with 1", async () => {
  await using platform = await Platform.create(CONFIG);
  const { url } = await customerOf(platform);
  await platform.deploy("customer-1", keepAll({ files: "only-this.csv" }));
  platform.manage();
  const dir = await platform.inputDir({ "a.csv": "x\n1\n", "only-this.csv": "x\n1\n" });
  const args = ["fetch", "-u", "customer-1", "-p", "password-1", "-d", dir, "--server", url];
  const { code, stdout } = await run([...args, "--wait"]);
  assert.equal(code, 1, stdout);
  assert.match(stdout, /^refused +a\.csv .*takes only files named only-this\.csv/m);
  assert.match(stdout, /^loaded +only-this\.csv .*1 row stored/m);
});
