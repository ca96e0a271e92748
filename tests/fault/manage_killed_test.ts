import assert from "node:assert/strict";
import { keepAll } from "../harness/modules.ts";
import { Platform } from "../harness/platform.ts";
import { childrenOf, isAlive } from "../harness/process.ts";
import { until } from "../harness/until.ts";

const FILE = "a,b\n1,2\n3,4\n";
const ATTEMPTS = 3;

Deno.test(`a file during which manage is killed ${ATTEMPTS} times is quarantined; an operator's restart does not count`, async () => {
  const config = `[manage]\nmax_attempts = ${ATTEMPTS}\ndrain_seconds = 0.1\n`;
  await using platform = await Platform.create(config);
  await platform.deploy("loops", keepAll({ before: "for (;;);" }));
  await platform.deploy("works", keepAll());
  await platform.stage("loops", "loops.csv", FILE);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const restarted = platform.manage();
    await restarted.line(/"file\.started"/);
    assert.equal((await restarted.stop()).code, 0);
    const manage = platform.manage();
    await manage.line(/"file\.started"/);
    const [running] = await platform.files({ tenant: "loops" });
    assert.deepEqual([running?.state, running?.attempts], ["running", attempt]);
    const children = childrenOf(manage.pid);
    manage.kill();
    await manage.ended();
    await until("its child processes have ended", () => !children.some(isAlive));
  }
  await platform.stage("loops", "later.csv", FILE);
  await platform.stage("works", "a.csv", FILE);
  const manage = platform.manage();
  const failed = await platform.settled("loops", "loops.csv");
  assert.deepEqual([failed.state, failed.attempts], ["quarantined", ATTEMPTS]);
  assert.equal(failed.reason?.code, "manage-killed");
  await manage.line(/"file\.given_up"/);
  assert.equal((await platform.settled("works", "a.csv")).state, "ingested");
  await until("its next file runs", async () => {
    const [later] = await platform.files({ tenant: "loops", name: "later.csv" });
    return later?.state === "running";
  });

  await platform.must("manage", "replay", failed.id);
  const [replayed] = await platform.files({ tenant: "loops", name: "loops.csv" });
  assert.equal(replayed?.attempts, 0);
});

Deno.test("files that were running at two kills run one at a time, so that innocent ones are loaded", async () => {
  await using platform = await Platform.create("[manage]\nconcurrency = 4\nmax_attempts = 3\n");
  const tenants = ["t1", "t2", "t3"];
  for (const tenant of tenants) {
    await platform.deploy(tenant, keepAll({ before: "for (let n = 0; n < 500_000_000; n++);" }));
    await platform.stage(tenant, "a.csv", FILE);
  }
  for (let kill = 0; kill < 2; kill++) {
    const manage = platform.manage();
    await until(
      "all run",
      async () =>
        (await platform.files()).filter(({ state, attempts }) =>
          state === "running" && attempts === kill + 1
        ).length === tenants.length,
    );
    manage.kill();
    await manage.ended();
  }
  const manage = platform.manage();
  const files = await platform.allSettled(tenants.length);
  assert.deepEqual(files.map(({ state }) => state), tenants.map(() => "ingested"));
  const events = () =>
    manage.records().flatMap(({ event }) =>
      event === "file.started" || event === "file.ingested" ? [event] : []
    );
  const expected = tenants.flatMap(() => ["file.started", "file.ingested"]);
  await until("all events are there", () => events().length >= expected.length);
  assert.deepEqual(events(), expected);
});
