import assert from "node:assert/strict";
import { join } from "node:path";
import { certificates, NODES_NAME } from "../../scripts/cassandra/certificates.ts";
import { certificatesOf } from "../../scripts/cassandra/cluster.ts";
import type { FileRecord } from "../../src/storage/contract.ts";
import { KeyFile } from "../../src/storage/cassandra/key_file.ts";
import { newClient } from "../../src/storage/cassandra/session.ts";
import { parseStorageUrl } from "../../src/storage/cassandra/settings.ts";
import { sample } from "../harness/binary.ts";
import { storageUrl, TEST_CLUSTER, whyNoCassandra } from "../harness/cassandra.ts";
import { CassandraPlatform } from "../harness/cassandra_platform.ts";
import { keepAll } from "../harness/modules.ts";
import { addsUp } from "../harness/platform.ts";
import { run } from "../harness/process.ts";
import { Passage } from "../harness/passage.ts";
import { factOf, type ReceivedSpan, Receiver } from "../harness/receiver.ts";
import { until } from "../harness/until.ts";

/** Whether two spans overlap. */
function overlaps(a: ReceivedSpan, b: ReceivedSpan): boolean {
  return BigInt(a.startTimeUnixNano) < BigInt(b.endTimeUnixNano) &&
    BigInt(b.startTimeUnixNano) < BigInt(a.endTimeUnixNano);
}

function basic(user: string, password: string): HeadersInit {
  return { Authorization: `Basic ${btoa(`${user}:${password}`)}` };
}

const ignore = await whyNoCassandra() !== null;
/** The certificate authority is only known for our own cluster. */
const isGiven = Deno.env.get("CASSANDRA_CONTACT_POINTS") !== undefined;
const CONFIG = "[manage]\nscan_seconds = 0.5\n";
/** Rows of the bird strikes that customer-1's module stores. */
const STRIKES = 9_985;

function test(
  name: string,
  body: (on: CassandraPlatform) => Promise<void>,
  ignoredHere = ignore,
): void {
  Deno.test({
    name: `cassandra: ${name}`,
    ignore: ignoredHere,
    fn: async () => {
      await using on = await CassandraPlatform.create(CONFIG);
      await body(on);
    },
  });
}

test("the whole path: sent, loaded, queried, replayed, without duplicates", async (on) => {
  const { platform } = on;
  await platform.must("manage", "tenant", "add", "customer-1", "-p", "password-1");
  await platform.constrain("customer-1");
  await platform.must("manage", "tenant", "deploy", "customer-1", "tenants/customer-1");
  const { url } = await platform.serve();
  const manage = platform.manage();
  const dir = await platform.inputDir({
    "birdstrikes.csv": await Deno.readFile(sample("birdstrikes.csv")),
  });
  const login = ["-u", "customer-1", "-p", "password-1", "--server", url, "-d", dir];
  const sent = await run(["fetch", ...login, "--wait"]);
  assert.equal(sent.code, 0, sent.stdout + sent.stderr);
  assert.match(sent.stdout, /9,985 rows stored, 15 records rejected/);
  await manage.line(/Ingestion of the file: birdstrikes.csv for customer-1/);

  const [file] = await platform.files();
  assert.ok(file && addsUp(file) && file.state === "ingested", JSON.stringify(file));
  assert.equal((await platform.rejects(file.id)).length, 15);
  assert.match(await platform.must("manage", "files"), /birdstrikes\.csv/);
  assert.match(await platform.must("manage", "rejects", file.id), /line +column +reason/);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.match(metrics, /mysimbdp_rows\{tenant="customer-1",result="stored"\} 9985/);
  assert.match(await platform.must("manage", "tenant", "show", "customer-1"), /9,985 rows/);
  const backup = await platform.run("manage", "backup", join(platform.dir, "backup"));
  assert.equal(backup.code, 0, backup.stderr);
  const snapshot = `nodetool snapshot mysimbdp_${on.namespace} ${on.keyspace("customer-1")}\n`;
  assert.ok(backup.stderr.endsWith(snapshot), backup.stderr);

  const customer = (path: string) =>
    fetch(`${url}${path}`, { headers: basic("customer-1", "password-1") });
  const listed = await (await customer("/v1/files")).json();
  assert.deepEqual(listed.files.map(({ id, state }: FileRecord) => [id, state]), [
    [file.id, "ingested"],
  ]);
  const shown = await (await customer(`/v1/files/${file.id}`)).json();
  assert.equal(shown.rows.stored, STRIKES);
  const kept = await (await customer(`/v1/files/${file.id}/rejects?limit=10`)).json();
  assert.equal(kept.rejects.length, 10);

  const before = await on.rows("customer-1", "strikes", "id");
  assert.equal(before.length, STRIKES);
  const loaded = (times: number) =>
    until(
      `it is loaded ${times} times`,
      () => manage.stdout.lines.filter((line) => line.includes("Ingestion of")).length === times,
    );
  await platform.must("manage", "replay", file.id);
  await loaded(2);
  await platform.must("manage", "operator", "passwd", "admin", "-p", "operator-1");
  const asked = await fetch(`${url}/v1/admin/files/${file.id}/replay`, {
    method: "POST",
    headers: basic("admin", "operator-1"),
  });
  assert.equal(asked.status, 202, await asked.text());
  await loaded(3);
  const after = await on.rows("customer-1", "strikes", "id");
  assert.deepEqual(
    after.map(({ id }) => String(id)).sort(),
    before.map(({ id }) => String(id)).sort(),
  );
});

test("files are read while rows of others are written, also for one tenant", async (on) => {
  const { platform } = on;
  await using receiver = new Receiver();
  for (const tenant of ["one", "two"]) await platform.deploy(tenant, keepAll());
  const text = `a,b\n${Array.from({ length: 5_000 }, (_, n) => `${n},x\n`).join("")}`;
  for (const name of ["1.csv", "2.csv", "3.csv"]) {
    for (const tenant of ["one", "two"]) await platform.stage(tenant, name, text);
  }
  const manage = platform.start(["manage", "--once"], { env: receiver.env });
  assert.equal((await manage.ended(120)).code, 0, manage.transcript());
  const ended = receiver.named("mysimbdp-manage", "ingest");
  const spans = (tenant: string, name: string) =>
    ended.filter(({ attributes }) => factOf(attributes, "mysimbdp.tenant") === tenant)
      .flatMap(({ spanId }) =>
        receiver.named("mysimbdp-manage", name).filter(({ parentSpanId }) =>
          parentSpanId === spanId
        )
      );
  for (const reader of ["one", "two"]) {
    for (const writer of ["one", "two"]) {
      const overlap = spans(reader, "sandbox and rows").some((read) =>
        spans(writer, "storage commit").some((write) => overlaps(read, write))
      );
      assert.ok(overlap, `no file of "${reader}" was read while one of "${writer}" was written`);
    }
    assert.equal((await on.rows(reader, "items", "id")).length, 5_000);
  }
});

test("TLS: the nodes' authority and addresses are verified", async (on) => {
  const { platform, url } = on;
  const { ca } = certificatesOf(TEST_CLUSTER.base);
  await platform.deploy("one", keepAll());
  await platform.stage("one", "a.csv", "a\n1\n2\n");
  const once = (more: string, from = url) =>
    platform.run("manage", "--once", "--storage", `${from}${more}`);
  const refused = async (more: string, from = url) => {
    const { code, stderr } = await once(more, from);
    assert.equal(code, 5, stderr);
    assert.match(stderr, /Cannot open the storage: .*certificate/);
    assert.match(stderr, /ca= in the storage URL names the authority/);
  };
  const foreign = await certificates(join(platform.dir, "foreign"), ["127.0.0.1"]);
  await refused(`&ca=${foreign.ca}`);
  await refused("&tls=true");
  await using other = await Passage.open("127.0.0.250", on.cluster.hosts[0]!);
  const elsewhere = url.replace(/@[^?]*/, `@${other.address}`);
  await refused(`&ca=${ca}`, elsewhere);
  assert.equal((await platform.files())[0], undefined);
  const named = await once(`&ca=${ca}&tls_name=${NODES_NAME}`, elsewhere);
  assert.equal(named.code, 0, named.stderr);
  assert.equal((await on.rows("one", "items", "line")).length, 2);
  await platform.stage("one", "b.csv", "a\n3\n");
  const trusted = await once(`&ca=${ca}`);
  assert.equal(trusted.code, 0, trusted.stderr);
  assert.equal((await on.rows("one", "items", "line")).length, 3);
  const config = join(platform.data, "mysimbdp.toml");
  const text = await Deno.readTextFile(config);
  await Deno.writeTextFile(config, text.replace(/(&namespace=\w+)/, `$1&ca=${ca}`));
  const doctor = await platform.must("manage", "doctor");
  assert.match(doctor, /^ok +cluster +3 nodes in datacenter1 answer.*TLS verified$/m);
}, ignore || isGiven);

test("a tenant's role writes only in its own keyspace, and only the owner can read the key", async (on) => {
  const { platform } = on;
  for (const tenant of ["one", "two"]) {
    await platform.must("manage", "tenant", "add", tenant, "-p", "password");
    await platform.deploy(tenant, keepAll());
  }
  const path = join(platform.data, "db/cassandra.key");
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  const keyspace = on.keyspace("one");
  const { connection } = parseStorageUrl(on.url, "");
  const login = { user: keyspace, password: new KeyFile(path).passwordOf(keyspace) };
  const client = await newClient(connection, login);
  const id = crypto.randomUUID();
  try {
    await client.execute(`INSERT INTO "${keyspace}".items (id, line) VALUES (${id}, 1)`);
    const other = on.keyspace("two");
    const forbidden = [
      `INSERT INTO "${other}".items (id, line) VALUES (${id}, 1)`,
      `SELECT * FROM "${other}".items`,
      `DELETE FROM "${other}".items WHERE id = ${id}`,
      `TRUNCATE "${other}".items`,
      `DROP TABLE "${other}".items`,
      `ALTER TABLE "${keyspace}".items ADD more text`,
      `DROP KEYSPACE "${keyspace}"`,
      `SELECT * FROM mysimbdp_${on.namespace}.files`,
      `INSERT INTO mysimbdp_${on.namespace}.file_tenants (id, tenant) VALUES ('x', 'one')`,
      `CREATE ROLE ${on.namespace}_more`,
      `GRANT ALL PERMISSIONS ON ALL KEYSPACES TO "${keyspace}"`,
    ];
    for (const cql of forbidden) {
      await assert.rejects(client.execute(cql), { code: 0x2100 }, cql);
    }
  } finally {
    await client.shutdown();
  }
  assert.equal((await on.rows("two", "items", "id")).length, 0);
  assert.equal((await on.rows("one", "items", "id")).length, 1);
});

test("wrong credentials end manage with 5 and a hint, without printing the password", async (on) => {
  const { platform, cluster, namespace } = on;
  const secret = "not-the-password";
  const url = storageUrl({ ...cluster, password: secret }, namespace);
  const { code, stdout, stderr } = await platform.run("manage", "--once", "--storage", url);
  assert.equal(code, 5, stderr);
  assert.match(stderr, /Check user and password in the storage URL/);
  assert.ok(!`${stdout}${stderr}`.includes(secret));
});

test("rows of a quarantined file were never in the table, and older rows stay", async (on) => {
  const { platform } = on;
  const module = (share: number) =>
    keepAll({
      before: 'if (record.a === "bad") return ctx.reject("bad");',
      limits: { rejectShare: share },
    });
  const rowsAsKeyed = (files: Record<string, string>) => ({
    ...files,
    "ingest.ts": files["ingest.ts"]!.replace("id: ctx.rowId", "id: record.id"),
  });
  const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
  await platform.must("manage", "tenant", "add", "one", "-p", "password");
  await platform.deploy("one", rowsAsKeyed(module(0.1)));
  await platform.stage("one", "good.csv", `id,a\n${id(1)},first\n${id(2)},first\n`);
  const rows = Array.from({ length: 5_000 }, (_, n) => `${id(n)},second`);
  const manage = platform.manage();
  await platform.settled("one", "good.csv");
  await platform.stage("one", "late.csv", ["id,a", ...rows, `${id(1)},bad`].join("\n"));
  const bad = Array.from({ length: 4_000 }, () => `${id(3)},bad`);
  await platform.stage("one", "wrong.csv", ["id,a", ...rows, ...bad].join("\n"));
  assert.equal((await platform.settled("one", "late.csv")).state, "ingested");
  const wrong = await platform.settled("one", "wrong.csv");
  assert.equal(wrong.state, "quarantined");
  assert.equal(wrong.reason?.code, "reject-share");
  const found = await on.rows("one", "items", "file");
  assert.equal(found.length, 5_000);
  assert.deepEqual(new Set(found.map(({ file }) => file)), new Set(["late.csv"]));
  await manage.stop();
});
