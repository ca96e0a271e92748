import assert from "node:assert/strict";
import { between, rounds } from "../harness/chance.ts";
import { whyNoCassandra } from "../harness/cassandra.ts";
import { CassandraPlatform } from "../harness/cassandra_platform.ts";
import { keepAll } from "../harness/modules.ts";
import { addsUp } from "../harness/platform.ts";
import { pause, until } from "../harness/until.ts";

const ignore = await whyNoCassandra() !== null;
const CONFIG = "[manage]\nscan_seconds = 0.5\nmax_attempts = 100\nretry_seconds = 2\n";
/** FAULT_ROUNDS=50 kills 50 times, with 200 files. */
const KILLS = rounds(4);
const FILES = KILLS * 4;
/** The maximum number of rows in one batch of the sandbox. */
const ROWS_A_PART = 2_000;
/** Rows of the load that is killed; FAULT_ROWS=1000000 for a full test. */
const ROWS = Number(Deno.env.get("FAULT_ROWS") ?? 40_000);
const TENANTS = ["one", "two", "three"];
const SECONDS = 240;

function test(name: string, body: (on: CassandraPlatform) => Promise<void>): void {
  Deno.test({
    name: `cassandra: ${name}`,
    ignore,
    fn: async () => {
      await using on = await CassandraPlatform.create(CONFIG);
      const [first, ...others] = TENANTS;
      const deploy = (tenant: string) => on.platform.deploy(tenant, keepAll({ before: BEFORE }));
      // The first creates the ledger, which several processes cannot do at once.
      await deploy(first!);
      await Promise.all(others.map(deploy));
      await body(on);
    },
  });
}

/** Slow, so that a kill interrupts something. */
const BEFORE =
  'if (record.a === "no") return ctx.reject("no", "a"); for (let n = 0; n < 20_000; n++);';

interface Planned {
  tenant: string;
  name: string;
  text: string;
  stored: number[];
  rejected: number[];
}

function plan(n: number): Planned {
  const planned: Planned = {
    tenant: TENANTS[n % TENANTS.length]!,
    name: `${n}.csv`,
    text: "a,b\n",
    stored: [],
    rejected: [],
  };
  const end = between(100, 1_000);
  for (let line = 2; line < end; line++) {
    const isBad = line % 25 === 0;
    (isBad ? planned.rejected : planned.stored).push(line);
    planned.text += isBad ? `no,${n}\n` : `${line},${n}\n`;
  }
  return planned;
}

/** Every record of every file is stored or rejected, exactly once. */
async function check(on: CassandraPlatform, files: Planned[]): Promise<void> {
  const { platform } = on;
  const records = await platform.files();
  assert.equal(records.length, files.length);
  const rows = new Map<string, number[]>();
  for (const tenant of TENANTS) {
    for (const { file, line } of await on.rows(tenant, "items", "file, line")) {
      const lines = rows.get(`${tenant}/${file}`) ?? [];
      rows.set(`${tenant}/${file}`, lines);
      lines.push(line as number);
    }
  }
  for (const { tenant, name, stored, rejected } of files) {
    const record = records.find((each) => each.tenant === tenant && each.name === name);
    assert.ok(record && record.state === "ingested" && addsUp(record), JSON.stringify(record));
    assert.equal(record.rows.stored, stored.length, JSON.stringify(record));
    assert.equal(record.rows.rejected, rejected.length);
    assert.deepEqual((rows.get(`${tenant}/${name}`) ?? []).sort((a, b) => a - b), stored, name);
    const kept = await platform.rejects(record.id);
    assert.deepEqual(kept.map(({ line }) => line), rejected);
    assert.equal(
      (await platform.list("archive", tenant)).filter((each) => each === record.id).length,
      1,
    );
  }
  for (const tenant of TENANTS) {
    assert.deepEqual(
      (await platform.list("staging", tenant)).filter((name) => !name.startsWith(".")),
      [],
    );
    assert.deepEqual(await platform.list("quarantine", tenant), []);
  }
}

test(`${KILLS} SIGKILLs of manage during ${FILES} files: every row exactly once`, async (on) => {
  const { platform } = on;
  const files = Array.from({ length: FILES }, (_, n) => plan(n));
  for (const { tenant, name, text } of files) await platform.stage(tenant, name, text);
  let busy = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const manage = platform.manage();
    // The first half waits for a load, which can start late on a busy machine.
    const loading = kill < KILLS / 2;
    await manage.line(loading ? /"file\.started"/ : /"manage\.started"/);
    await pause(between(0, loading ? 300 : 2_500));
    manage.kill();
    await manage.ended();
    if ((await platform.files()).some(({ state }) => state === "running")) busy++;
  }
  console.log(`${busy} of ${KILLS} kills happened during a load`);
  assert.ok(busy > 0, "no kill happened during a load");
  const manage = platform.manage("--once");
  const { code } = await manage.ended(SECONDS);
  assert.equal(code, 0, manage.transcript());
  await check(on, files);
});

test(`a load of ${ROWS} rows that was killed sends only rows that were not acknowledged`, async (on) => {
  const { platform, client, namespace } = on;
  await platform.deploy("one", keepAll());
  const lines = Array.from({ length: ROWS }, (_, row) => `${row},${"x".repeat(40)}`);
  await platform.stage("one", "big.csv", `a,b\n${lines.join("\n")}\n`);
  const first = platform.manage();
  const acknowledged = `SELECT acknowledged FROM mysimbdp_${namespace}.loads`;
  await until("a part is known to be stored", async () => {
    const parts = (await client.execute(acknowledged)).rows[0]?.["acknowledged"];
    return parts * ROWS_A_PART > ROWS / 4;
  }, SECONDS);
  first.kill();
  await first.ended();
  assert.equal((await platform.files())[0]?.state, "running", "it was loaded before the kill");
  const parts = (await client.execute(acknowledged)).rows[0]?.["acknowledged"] as number;
  // Rows that are in the table later were sent later. The load must not notice that the others are gone.
  await client.execute(`TRUNCATE "${on.keyspace("one")}".items`);
  await on.keepEpochs("one", "items");
  const second = platform.manage();
  const file = await platform.settled("one", "big.csv", SECONDS);
  assert.equal((await second.stop()).code, 0);
  assert.equal(file.state, "ingested", JSON.stringify(file));
  assert.equal(file.rows.stored, ROWS);
  const found = (await on.rows("one", "items", "line")).map(({ line }) => line as number);
  found.sort((a, b) => a - b);
  const skipped = ROWS - found.length;
  console.log(`${parts} parts with ${skipped} rows were acknowledged before, ${found.length} sent`);
  // Lines count from 1; the first is the header.
  assert.deepEqual(found, Array.from({ length: found.length }, (_, n) => skipped + 2 + n));
  assert.ok(skipped > ROWS / 8, `${parts} parts were acknowledged, ${skipped} rows not sent again`);
});

test("a row that the cluster refuses ends its file, also if manage is killed meanwhile", async (on) => {
  const { platform, client, namespace } = on;
  await platform.deploy("one", keepAll());
  await client.execute(`CREATE INDEX ON "${on.keyspace("one")}".items (content) USING 'sai'`);
  // Longer than what such an index accepts.
  const lines = Array.from({ length: 20_000 }, (_, row) => `${row},`);
  lines.push(`long,${"x".repeat(9_000)}`);
  await platform.stage("one", "long.csv", `a,b\n${lines.join("\n")}\n`);
  const first = platform.manage();
  const refused = `SELECT refused FROM mysimbdp_${namespace}.loads`;
  await until(
    "the row is refused",
    async () => (await client.execute(refused)).rows.some((row) => row["refused"] !== null),
    SECONDS,
  );
  first.kill();
  await first.ended();
  const [interrupted] = await platform.files();
  const second = platform.manage();
  const file = await platform.settled("one", "long.csv", SECONDS);
  assert.equal((await second.stop()).code, 0, second.transcript());
  assert.equal(file.state, "quarantined", JSON.stringify(file));
  assert.equal(file.reason?.code, "rows-refused");
  assert.match(
    file.reason.message,
    /guardrail sai_string_term_size .* \(line 20002\)\. All rows of/,
  );
  assert.equal(file.rows.read, 20_001);
  assert.deepEqual(await on.rows("one", "items", "line"), []);
  console.log(`it was ${interrupted?.state} when manage was killed: ${file.reason.message}`);
  const before = 'if (record.a === "long") return ctx.reject("too long", "b");';
  await platform.deploy("one", keepAll({ before }));
  await platform.must("manage", "replay", file.id);
  await platform.must("manage", "--once");
  const [loaded] = await platform.files();
  assert.equal(loaded?.state, "ingested", JSON.stringify(loaded));
  assert.deepEqual([loaded.rows.stored, loaded.rows.rejected], [20_000, 1]);
  assert.equal((await on.rows("one", "items", "line")).length, 20_000);
});

test("three manage on one staging: each file is loaded once, and all three work", async (on) => {
  const { platform } = on;
  const files = Array.from({ length: 30 }, (_, n) => plan(n));
  for (const { tenant, name, text } of files) await platform.stage(tenant, name, text);
  const three = [platform.manage(), platform.manage(), platform.manage()];
  await platform.allSettled(files.length, SECONDS);
  await pause(1_000);
  for (const manage of three) assert.equal((await manage.stop()).code, 0, manage.transcript());
  await check(on, files);
  const loaded = three.map((manage) =>
    manage.stdout.lines.filter((line) => line.includes("Ingestion of the file")).length
  );
  assert.equal(loaded.reduce((sum, lines) => sum + lines, 0), files.length, String(loaded));
  assert.ok(loaded.filter((lines) => lines > 0).length > 1, `only one has worked: ${loaded}`);
});

test("a file whose manage died on another machine is taken over after its lease", async (on) => {
  const { platform, client, namespace } = on;
  const file = plan(0);
  await platform.stage(file.tenant, file.name, file.text);
  const first = platform.manage();
  await until("it runs", async () => (await platform.files())[0]?.state === "running");
  first.kill();
  await first.ended();
  const [record] = await platform.files();
  assert.equal(record?.state, "running", "it was loaded before the kill");
  // As if it had run on another machine, where its process cannot be seen.
  await client.execute(
    `UPDATE mysimbdp_${namespace}.files SET owner = ? WHERE tenant = ? AND id = ? IF state = 'running'`,
    [JSON.stringify(["elsewhere", "boot", "pid:[1]", 1, "1"]), record.tenant, record.id],
    { prepare: true },
  );
  const began = performance.now();
  const second = platform.manage();
  await platform.settled(file.tenant, file.name, SECONDS);
  // The lease in the harness's configuration.
  assert.ok(performance.now() - began > 3_000, "it was taken over before its lease had ended");
  await second.stop();
  await check(on, [file]);
});

test(`${KILLS} SIGKILLs of two manage while files replace their earlier versions`, async (on) => {
  const { platform } = on;
  const names = ["a.csv", "b.csv"];
  await platform.deploy("one", keepAll({ before: BEFORE, versions: "replace" }));
  for (let version = 0; version < KILLS; version++) {
    for (const name of names) {
      const rows = Array.from({ length: 200 }, (_, line) => `${name} ${version} ${line},x`);
      await platform.stage("one", name, `a,b\n${rows.join("\n")}\n`);
    }
    // The next version arrives while this one is being loaded.
    const two = [platform.manage(), platform.manage()];
    const arrived = (version + 1) * names.length;
    await until("both are adopted", async () => (await platform.files()).length === arrived);
    await pause(between(0, 2_000));
    for (const manage of two) await manage.stop("SIGKILL");
  }
  await using last = platform.manage();
  // All may be loaded already: it is not stopped before it listens.
  await last.line(/"manage\.ready"/);
  const files = await platform.allSettled(KILLS * names.length, SECONDS);
  assert.equal((await last.stop()).code, 0, last.transcript());
  const rows = await on.rows("one", "items", "file, content");
  for (const name of names) {
    const own = rows.filter(({ file }) => file === name).map(({ content }) => String(content));
    assert.equal(own.length, 200, `${own.length} rows of ${name}`);
    assert.ok(own.every((content) => content.includes(`${name} ${KILLS - 1} `)), own[0]);
    const newest = files.filter((file) => file.name === name && file.replacedBy === null);
    assert.deepEqual(newest.map(({ version }) => version), [KILLS], JSON.stringify(newest));
  }
});
