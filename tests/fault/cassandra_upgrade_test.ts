import assert from "node:assert/strict";
import { down, places, SUPERUSER, up } from "../../scripts/cassandra/cluster.ts";
import { stopNode } from "../../scripts/cassandra/node.ts";
import { EARLIER_VERSION } from "../../scripts/cassandra/release.ts";
import { CQL_PORT, DATACENTER } from "../../scripts/cassandra/settings.ts";
import { whyNoCassandra } from "../harness/cassandra.ts";
import { CassandraPlatform } from "../harness/cassandra_platform.ts";
import { keepAll } from "../harness/modules.ts";
import { until } from "../harness/until.ts";

/** A node only for this test, which is upgraded in place. */
const NODE = { base: "127.0.0.101", heapMb: 512, nodes: 1, quick: true };
const SECONDS = 120;

const ignore = await whyNoCassandra() !== null ||
  Deno.env.get("CASSANDRA_CONTACT_POINTS") !== undefined;

Deno.test({
  name:
    `cassandra: files wait while the cluster runs ${EARLIER_VERSION}, and are loaded after its upgrade`,
  ignore,
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    try {
      await up({ ...NODE, version: EARLIER_VERSION });
      const hosts = [`${NODE.base}:${CQL_PORT}`];
      const cluster = { hosts, datacenter: DATACENTER, ...SUPERUSER, isOurs: true };
      await using on = await CassandraPlatform.create("[manage]\nscan_seconds = 0.5\n", cluster);
      const { platform, client } = on;
      await platform.stage("one", "early.csv", "a,b\n1,2\n3,4\n");
      const keyspaces = async () => {
        const query = "SELECT keyspace_name FROM system_schema.keyspaces";
        return (await client.execute(query)).rows.map((row) => row["keyspace_name"]).sort();
      };
      const before = await keyspaces();
      const early = await platform.run("manage", "--once");
      assert.equal(early.code, 5, early.stderr);
      assert.match(early.stderr, new RegExp(`${EARLIER_VERSION}.*5\\.0`, "s"));
      const doctor = await platform.run("manage", "doctor");
      assert.match(doctor.stdout, new RegExp(`${NODE.base}.*${EARLIER_VERSION}`));
      assert.deepEqual(await keyspaces(), before, "something was created");

      await stopNode(places(NODE)[0]!, "SIGTERM");
      await up(NODE);
      await until("the node answers again", async () => {
        return await client.execute("SELECT now() FROM system.local").catch(() => null);
      }, SECONDS);
      await platform.deploy("one", keepAll());
      await platform.stage("one", "late.csv", "a,b\n5,6\n");
      await platform.must("manage", "--once");
      const files = await platform.files();
      assert.deepEqual(
        files.map(({ name, state, attempts, rows }) => [name, state, attempts, rows.stored]).sort(),
        [["early.csv", "ingested", 1, 2], ["late.csv", "ingested", 1, 1]],
      );
      const rows = await on.rows("one", "items", "content");
      assert.deepEqual(
        rows.map(({ content }) => JSON.parse(content as string).a).sort(),
        ["1", "3", "5"],
      );
    } finally {
      await down(NODE.base, true);
    }
  },
});
