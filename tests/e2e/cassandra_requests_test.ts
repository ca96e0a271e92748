import assert from "node:assert/strict";
import { storageUrl, whyNoCassandra } from "../harness/cassandra.ts";
import { CassandraPlatform } from "../harness/cassandra_platform.ts";
import { CqlProxy } from "../harness/cql_proxy.ts";
import { keepAll } from "../harness/modules.ts";

/** The requests for a file of ten rows, without those of a run. docs/cassandra.md lists them. */
const REQUESTS_A_FILE = 12;
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

Deno.test({
  name: "cassandra: requests and logins: a small file costs few, a run logs in once for a tenant",
  ignore: await whyNoCassandra() !== null,
  async fn() {
    await using on = await CassandraPlatform.create();
    await on.platform.deploy("customer-1", keepAll());
    const login = new URL(on.url);
    await using proxy = new CqlProxy(on.cluster.hosts[0]!);
    const through = { ...on.cluster, user: login.username, password: login.password };
    const url = storageUrl({ ...through, hosts: [proxy.address] }, on.namespace);

    const one = await load(on, proxy, url, ["first.csv"]);
    const names = Array.from({ length: 1 + FILES }, (_, i) => `${i}.csv`);
    const many = await load(on, proxy, url, names);
    const cql = many.requests.map(({ operation, cql }) => `${operation} ${cql}`).join("\n");
    const each = Math.floor((many.requests.length - one.requests.length) / FILES);
    assert.ok(each <= REQUESTS_A_FILE, `${each} requests for each file:\n${cql}`);
    assert.ok(one.logins <= LOGINS_A_RUN, `${one.logins} logins for one file`);
    assert.ok(many.logins <= LOGINS_A_RUN, `${many.logins} logins for ${names.length} files`);
    const files = await on.platform.files();
    assert.equal(files.filter(({ state }) => state === "ingested").length, names.length + 1);
    const rows = await on.rows("customer-1", "items", "file");
    assert.equal(rows.length, 10 * files.length);
  },
});
