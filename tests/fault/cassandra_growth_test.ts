import assert from "node:assert/strict";
import { down, up } from "../../scripts/cassandra/cluster.ts";
import { hasOwnNodes, ownCluster } from "../harness/cassandra.ts";
import { CassandraPlatform } from "../harness/cassandra_platform.ts";
import { keepAll } from "../harness/modules.ts";

/** Nodes only for this test, because none can leave the cluster of the others. */
const CLUSTER = { base: "127.0.0.81", heapMb: 512, seeds: 1, quick: true, forgetful: true };
const CONFIG = "[manage]\nscan_seconds = 0.5\n";
const ROWS = 3_000;
const SECONDS = 180;

const ignore = !await hasOwnNodes();

Deno.test({
  name: "cassandra: files are loaded while a node joins the cluster: every row exactly once",
  ignore,
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    try {
      const cluster = await ownCluster({ ...CLUSTER, nodes: 1 });
      await using on = await CassandraPlatform.create(CONFIG, cluster);
      await loadWhileNodeJoins(on);
    } finally {
      await down(CLUSTER.base, true);
    }
  },
});

async function loadWhileNodeJoins(on: CassandraPlatform): Promise<void> {
  const { platform } = on;
  await platform.deploy("one", keepAll());
  const manage = platform.manage();
  let files = 0;
  const loadOne = async () => {
    const name = `${files++}.csv`;
    await platform.stage("one", name, content(files));
    const { state, attempts, rows } = await platform.settled("one", name, SECONDS);
    assert.deepEqual([state, attempts, rows.stored], ["ingested", 1, ROWS]);
  };
  await loadOne();
  let hasJoined = false;
  const joining = up({ ...CLUSTER, nodes: 2 }).finally(() => hasJoined = true);
  while (!hasJoined) await loadOne();
  await joining;
  assert.ok(files > 2, `only ${files} files were loaded meanwhile`);
  await loadOne();
  const found = await on.rows("one", "items", "id, token(id) AS place");
  assert.equal(found.length, files * ROWS);
  const second = found.filter(({ place }) => Number(place) <= -3_074_457_345_618_258_603).length;
  assert.ok(second > 0 && second < found.length, "both nodes have rows");
  const doctor = await platform.run("manage", "doctor");
  assert.match(doctor.stdout, /system_auth has 1 of 2 copies/);
  assert.equal((await manage.stop()).code, 0);
}

/** A file whose rows no other one has. */
function content(number: number): string {
  const lines = Array.from({ length: ROWS }, (_, row) => `${number},${row}`);
  return `a,b\n${lines.join("\n")}\n`;
}
