import assert from "node:assert/strict";
import { storageUrl, whyNoCassandra } from "../harness/cassandra.ts";
import { CassandraPlatform } from "../harness/cassandra_platform.ts";
import { CqlProxy, type CqlRequest } from "../harness/cql_proxy.ts";
import { keepAll, writeModule } from "../harness/modules.ts";

/** The requests for a file of ten rows, without those of a run. docs/cassandra.md lists them. */
const REQUESTS_A_FILE = 13;
/** The logins of a run with files of one tenant: those of the operator and of the tenant's role. */
const LOGINS_A_RUN = 2;
const FILES = 5;

/** Each file has other bytes, so that it has other row ids. */
function tenRows(name: string): string {
  return `a,b\n${`1,${name}\n`.repeat(10)}`;
}

/** Puts new files into staging, loads them, and returns how many requests and logins that took. */
async function load(on: CassandraPlatform, proxy: CqlProxy, url: string, names: string[]) {
  for (const name of names) await on.platform.stage("customer-1", name, tenRows(name));
  proxy.reset();
  const recorded = proxy.record();
  await on.platform.must("manage", "--once", "--storage", url);
  // A lease is renewed as often as the machine is slow.
  const requests = recorded.filter(({ cql }) => !cql.includes("SET beat"));
  return { requests, logins: proxy.logins };
}

/** The steps of `tenant add` in the cluster, and whether the node still executes the lost statement. */
const STEPS = [
  ["CREATE KEYSPACE", "silent before"],
  ["CREATE ROLE", "silent after"],
  ["GRANT", "silent before"],
  ["CREATE TABLE", "silent after"],
] as const;

Deno.test({
  name: "cassandra: tenant add killed at each step, then requests and logins of small files",
  ignore: await whyNoCassandra() !== null,
  async fn(t) {
    await using on = await CassandraPlatform.create();
    const { platform } = on;
    await using proxy = new CqlProxy(on.cluster.hosts[0]!);
    const through = { ...on.cluster, user: `${on.namespace}_operator`, password: "operator" };
    const url = storageUrl({ ...through, hosts: [proxy.address] }, on.namespace);
    const dir = await writeModule(await platform.scratch(), keepAll());
    const bare = ["manage", "tenant", "add", "customer-1", "-p", "secret-1"];
    const add = [...bare, "--module", dir];
    const noAccount = async () => {
      assert.doesNotMatch(await platform.must("manage", "tenant", "list"), /customer-1/);
    };

    await t.step("no cluster: no account", async () => {
      const nowhere = storageUrl({ ...through, hosts: ["127.0.0.1:1"] }, on.namespace);
      assert.equal((await platform.run(...bare, "--storage", nowhere)).code, 5);
      await noAccount();
    });
    for (const [statement, fate] of STEPS) {
      await t.step(`killed at ${statement}: no account`, async () => {
        const isStep = ({ cql }: CqlRequest) =>
          cql.startsWith(statement) && cql.includes(on.keyspace("customer-1"));
        const lost = proxy.lose(isStep, fate);
        // Only tables need a module, which takes a while to check.
        const given = statement === "CREATE TABLE" ? add : bare;
        const adding = platform.start([...given, "--storage", url]);
        await lost.all();
        await adding.stop("SIGKILL");
        proxy.loseNoMore();
        await noAccount();
      });
    }
    await t.step("the same command completes it, and can be repeated", async () => {
      assert.match(await platform.must(...add), /^added customer-1 with module v1-\w+\n$/);
      assert.match(await platform.must(...bare), /^customer-1 exists: its keyspace is complete/);
      const other = await platform.run("manage", "tenant", "add", "customer-1", "-p", "other");
      assert.equal(other.code, 2);
      assert.match(other.stderr, /it exists with another password\n.*tenant passwd customer-1/);
    });
    await t.step("a small file costs few requests, a run logs in once for a tenant", async () => {
      const one = await load(on, proxy, url, ["first.csv"]);
      const names = Array.from({ length: 1 + FILES }, (_, i) => `${i}.csv`);
      const many = await load(on, proxy, url, names);
      const cql = many.requests.map(({ operation, cql }) => `${operation} ${cql}`).join("\n");
      const each = Math.floor((many.requests.length - one.requests.length) / FILES);
      assert.ok(each <= REQUESTS_A_FILE, `${each} requests for each file:\n${cql}`);
      assert.ok(one.logins <= LOGINS_A_RUN, `${one.logins} logins for one file`);
      assert.ok(many.logins <= LOGINS_A_RUN, `${many.logins} logins for ${names.length} files`);
      const files = await platform.files();
      assert.equal(files.filter(({ state }) => state === "ingested").length, names.length + 1);
      assert.equal((await on.rows("customer-1", "items", "file")).length, 10 * files.length);
    });
  },
});
