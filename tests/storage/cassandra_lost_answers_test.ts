import assert from "node:assert/strict";
import { join } from "node:path";
import { newClient } from "../../src/storage/cassandra/session.ts";
import { codeOf } from "../../src/storage/cassandra/errors.ts";
import { parseStorageUrl } from "../../src/storage/cassandra/settings.ts";
import { CassandraStorage } from "../../src/storage/cassandra/storage.ts";
import { fileRecord, READINGS } from "../contracts/storage_fixtures.ts";
import { loadFile, TENANT } from "../contracts/storage_versions_contract.ts";
import { dropNamespace } from "../harness/cassandra_platform.ts";
import { newNamespace, storageUrl, testCluster, whyNoCassandra } from "../harness/cassandra.ts";
import { CqlProxy, type CqlRequest, type Fate } from "../harness/cql_proxy.ts";
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

const TIMEOUTS: Fate[] = ["timeout before", "timeout after"];
/** The driver waits before it connects again. */
const CUTS: Fate[] = ["cut before", "cut after"];

Deno.test({
  name: "cassandra: a transaction without an answer is done exactly once",
  ignore,
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    const cluster = await testCluster();
    await using proxy = new CqlProxy(cluster.hosts[0]!);
    const namespace = newNamespace();
    const url = storageUrl({ ...cluster, hosts: [proxy.address] }, namespace);
    const settings = parseStorageUrl(url, "");
    const dir = await Deno.makeTempDir();
    await Deno.mkdir(join(dir, "db"));
    const storage = new CassandraStorage(settings, dir, 60_000);
    const { ledger } = storage;
    let next = 0;
    const newId = () => `01k0000000000000000000${String(next++).padStart(4, "0")}`;
    /** Runs `work`, of which the transaction with this text loses its answer. */
    const losing = async (fate: Fate, text: string, work: () => Promise<unknown>) => {
      const isIt = ({ operation, cql }: CqlRequest) =>
        operation === "EXECUTE" && cql.includes(text);
      const lost = proxy.lose(isIt, fate);
      await work();
      assert.equal(lost.count, 1, text);
    };
    const stateOf = async (id: string) => (await ledger.get(id))?.state;
    try {
      await storage.ensureKeyspace(TENANT);
      await storage.ensureTables(TENANT, [READINGS]);
      for (const fate of CUTS) {
        await t.step(`${fate}: the state of a file`, async () => {
          const record = fileRecord({ id: newId() });
          await ledger.insert(record);
          const running = { ...record, state: "running" as const };
          await losing(fate, "IF state = ?", () => ledger.update(running, "received"));
          // With the lease of this process.
          await ledger.update({ ...record, state: "ingested" }, "running");
        });
      }
      for (const fate of TIMEOUTS) {
        await t.step(`${fate}: a record of the ledger`, async () => {
          const record = fileRecord({ id: newId() });
          const { id } = record;
          await losing(fate, "IF NOT EXISTS", () => ledger.insert(record));
          assert.equal(await stateOf(id), "received");
          const running = { ...record, state: "running" as const };
          await losing(fate, "IF state = ?", () => ledger.update(running, "received"));
          const ended = { ...record, state: "ingested" as const };
          await losing(fate, "IF state = ?", () => ledger.update(ended, "running"));
          assert.equal(await stateOf(id), "ingested");
          await losing(fate, "IF EXISTS", () => ledger.markReplaced(TENANT, [id], "f2"));
          assert.equal((await ledger.get(id))?.replacedBy, "f2");
          await losing(fate, "IF state IN", () => ledger.remove(id));
          assert.equal(await ledger.get(id), null);
        });
        await t.step(`${fate}: a claim of a name`, async () => {
          const [first, second] = [newId(), newId()];
          const file = { name: `${fate}.csv`, station: fate, days: [1, 2] };
          await losing(
            fate,
            "IF NOT EXISTS",
            () => loadFile(storage, { ...file, id: first }),
          );
          await losing(fate, "IF claim = ?", async () => {
            const load = await loadFile(storage, { ...file, id: second, version: 2 });
            assert.deepEqual(load.replacedFiles, [first]);
          });
          await losing(fate, "IF claim = ?", () => storage.expire(TENANT, second));
          // Its number is forgotten, so that the next one can be lower.
          await loadFile(storage, { ...file, id: newId(), version: 1 });
        });
      }
    } finally {
      await storage.close();
      const client = await newClient(settings.connection, cluster);
      await dropNamespace(client, namespace);
      await client.shutdown();
      await Deno.remove(dir, { recursive: true });
    }
  },
});
