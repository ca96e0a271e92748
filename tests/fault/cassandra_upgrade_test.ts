import assert from "node:assert/strict";
import { down } from "../../scripts/cassandra/cluster.ts";
import { EARLIER_VERSION } from "../../scripts/cassandra/release.ts";
import { hasOwnNodes, ownCluster, restart } from "../harness/cassandra.ts";
import { CassandraPlatform } from "../harness/cassandra_platform.ts";
import { keepAll } from "../harness/modules.ts";

/** A node only for this test, which is upgraded in place. */
const NODE = { base: "127.0.0.101", heapMb: 512, nodes: 1, quick: true };

const ignore = !await hasOwnNodes();

Deno.test({
  name:
    `cassandra: files wait while the cluster runs ${EARLIER_VERSION}, and are loaded after its upgrade`,
  ignore,
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    try {
      const cluster = await ownCluster({ ...NODE, version: EARLIER_VERSION });
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

      await restart(client, NODE);
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
