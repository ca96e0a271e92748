import assert from "node:assert/strict";
import { join } from "node:path";
import type { FileRecord } from "../../src/storage/contract.ts";
import { KeyFile } from "../../src/storage/cassandra/key_file.ts";
import { storageUrl, whyNoCassandra } from "../harness/cassandra.ts";
import { CassandraPlatform } from "../harness/cassandra_platform.ts";
import { CqlProxy } from "../harness/cql_proxy.ts";
import { keepAll } from "../harness/modules.ts";
import { until } from "../harness/until.ts";

const ignore = await whyNoCassandra() !== null;
const CONFIG = "[manage]\nscan_seconds = 0.5\nretry_seconds = 1\nmax_attempts = 2\n";
const SECONDS = 120;

/** A node accepts a new password of a role only every few seconds. */
function setPassword({ client }: CassandraPlatform, role: string, password: string) {
  return until(`the password of ${role} is changed`, async () => {
    try {
      return await client.execute(`ALTER ROLE "${role}" WITH PASSWORD = '${password}'`);
    } catch (error) {
      if (/can only be changed every/.test(String(error))) return null;
      throw error;
    }
  });
}

/** The file after several attempts that failed; they are more than `max_attempts`. */
async function afterAttempts({ platform }: CassandraPlatform, name: string): Promise<FileRecord> {
  const starts = new Set<number>();
  return await until(`${name} was tried often`, async () => {
    const [file] = await platform.files({ name });
    if (file?.startedAt) starts.add(file.startedAt);
    return starts.size > 3 && file?.state === "queued" && file.reason ? file : null;
  }, SECONDS);
}

Deno.test({
  name: "cassandra: credentials that the cluster no longer accepts make files wait, uncounted",
  ignore,
  async fn(t) {
    await using on = await CassandraPlatform.create(CONFIG);
    const { platform, cluster, namespace } = on;
    const role = on.keyspace("one");
    const operator = `${namespace}_operator`;
    await platform.deploy("one", keepAll());
    await using proxy = new CqlProxy(cluster.hosts[0]!);
    const login = { ...cluster, user: operator, password: "operator", hosts: [proxy.address] };
    const manage = platform.manage("--storage", storageUrl(login, namespace));

    await t.step("the password of a tenant's role is changed by ALTER ROLE", async () => {
      await setPassword(on, role, "another");
      await platform.stage("one", "a.csv", "a,b\n1,2\n");
      const waiting = await afterAttempts(on, "a.csv");
      assert.equal(waiting.attempts, 0, JSON.stringify(waiting));
      const { code, message } = waiting.reason!;
      assert.equal(code, "storage-credentials");
      assert.match(message, /^Cannot load the file yet: the platform's database .*you need not/);
      for (const secret of [role, namespace, "127.0.", "/", "    at "]) {
        assert.ok(!message.includes(secret), message);
      }
      const logged = await manage.line(/"event":"file\.retry"/, SECONDS);
      assert.ok(logged.includes(`Cannot log in as \\"${role}\\"`), logged);
      assert.match(logged, /manage tenant add/);
      await setPassword(
        on,
        role,
        new KeyFile(join(platform.data, "db", "cassandra.key")).passwordOf(role),
      );
      const loaded = await platform.settled("one", "a.csv", SECONDS);
      assert.equal(loaded.state, "ingested", JSON.stringify(loaded));
      assert.equal(loaded.attempts, 1);
    });

    await t.step("the main role's password is rotated under a running manage", async () => {
      await setPassword(on, operator, "rotated");
      proxy.cut();
      await platform.stage("one", "b.csv", "a,b\n1,2\n");
      const failed = await manage.line(/"event":"ledger\.failed".*storage-credentials/, SECONDS);
      assert.match(failed, /Provided username/);
      assert.match(failed, /Check user and password in the storage URL/);
      await setPassword(on, operator, "operator");
      const loaded = await platform.settled("one", "b.csv", SECONDS);
      assert.equal(loaded.state, "ingested", JSON.stringify(loaded));
      assert.equal(loaded.attempts, 1);
    });
    assert.equal((await manage.stop()).code, 0, manage.transcript());
  },
});
