import assert from "node:assert/strict";
import { newClient } from "../../src/storage/cassandra/session.ts";
import { codeOf } from "../../src/storage/cassandra/errors.ts";
import { parseStorageUrl } from "../../src/storage/cassandra/settings.ts";
import { newNamespace, storageUrl, testCluster, whyNoCassandra } from "../harness/cassandra.ts";
import { CqlProxy } from "../harness/cql_proxy.ts";
import { until } from "../harness/until.ts";

const ignore = await whyNoCassandra() !== null;

Deno.test({
  name: "cassandra: the proxy of the tests counts requests and loses answers",
  ignore,
  // Timers of requests that were never answered outlive the driver.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const cluster = await testCluster();
    await using proxy = new CqlProxy(cluster.hosts[0]!);
    const url = storageUrl({ ...cluster, hosts: [proxy.address] }, newNamespace());
    const { connection } = parseStorageUrl(url, "");
    const client = await newClient(connection, cluster, { socketOptions: { readTimeout: 500 } });
    const requests = proxy.record();
    const local = "SELECT key FROM system.local";
    const count = () => client.execute(local, [], { prepare: true, isIdempotent: false });
    try {
      assert.equal((await count()).rows.length, 1);
      assert.equal(client.hosts.length, 1);
      assert.ok(proxy.logins > 0);
      assert.deepEqual(requests.slice(-2), [
        { operation: "PREPARE", cql: local },
        { operation: "EXECUTE", cql: local },
      ]);
      proxy.reset();
      for (const when of ["before", "after"] as const) {
        const isLocal = ({ cql }: { cql: string }) => cql === local;
        const timeout = proxy.lose(isLocal, `timeout ${when}`);
        await assert.rejects(count(), (error) => codeOf(error) === 0x1100);
        await timeout.all();
        proxy.lose(isLocal, `silent ${when}`);
        await assert.rejects(count(), { name: "OperationTimedOutError" });
        const cut = proxy.lose(isLocal, `cut ${when}`);
        await assert.rejects(count());
        await until("the client connects again", () => count().catch(() => null));
        assert.equal(cut.count, 1);
      }
      assert.equal(proxy.count("EXECUTE"), 8);
      assert.ok(proxy.logins > 0 && proxy.count() > 8 + proxy.logins);
      proxy.stall();
      await assert.rejects(count(), { name: "OperationTimedOutError" });
      proxy.resume();
      await count();
    } finally {
      await client.shutdown();
    }
  },
});
