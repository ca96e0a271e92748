import assert from "node:assert/strict";
import { join } from "node:path";
import type { ModuleView } from "../../src/protocol/module_view.ts";
import { keepAll, type ModuleFiles } from "../harness/modules.ts";
import { until } from "../harness/until.ts";
import { Customers } from "./customers.ts";

/** A module whose check, or test run, takes until it is ended. */
const endlessCheck = (n: number): ModuleFiles => {
  const files = keepAll();
  return { ...files, "ingest.ts": `${files["ingest.ts"]}\nfor (let i = ${n};; i++);\n` };
};
const endlessRow = keepAll({ before: "for (;;);" });

Deno.test("whatever kills manage during a check or a test run is given up after max_attempts, and its author learns why", async () => {
  await using customers = await Customers.open("[manage]\nmax_attempts = 2\n", "t1", "t2");
  const { platform } = customers;
  /** Starts manage and kills it once it has counted a start of each. */
  const kill = async (names: string[], started: number) => {
    const manage = platform.manage();
    for (const name of names) {
      await until(`start ${started} of ${name} is counted`, async () => {
        const path = join(platform.data, "tenants/.attempts", `${name}.json`);
        const text = await Deno.readTextFile(path).catch(() => "{}");
        return JSON.parse(text).started === started;
      });
    }
    await manage.stop("SIGKILL");
  };
  let manage = platform.manage();
  const slow = await customers.checked("t2", await customers.submit("t2", endlessRow));
  assert.equal((await manage.stop()).code, 0);
  const { version } = await customers.submit("t1", endlessCheck(0));
  assert.equal((await customers.startTestRun("t2", slow.version)).status, 202);
  for (const started of [1, 2]) await kill([`t1@${version}`, "t2@test-run"], started);

  manage = platform.manage();
  const checked = await customers.checked("t1", { ...slow, version });
  assert.equal(checked.state, "faulty");
  assert.match(
    checked.faults[0]?.message ?? "",
    /Cannot check .* 2 times \(manage\.max_attempts\)/,
  );
  const run = await customers.finished("t2", slow.version);
  assert.equal(run.failure?.code, "attempts-used-up");
  assert.match(run.failure?.message ?? "", /Cannot run .* 2 times/);
  await until("no start is remembered", async () => {
    return (await platform.list("tenants/.attempts")).length === 0;
  });
  const events = manage.records().map(({ event }) => event);
  assert.ok(events.includes("module.request_failed"), manage.transcript());
  assert.ok(events.includes("module.test_run_failed"), manage.transcript());
});

Deno.test("two tenants who submit and test without end: a third one's check and test run are next", async () => {
  await using customers = await Customers.open("", "a-hostile", "b-hostile", "t3");
  const { platform } = customers;
  const hostile = ["a-hostile", "b-hostile"];
  // As many as a tenant can have: by name both come first, so that without turns t3 would be last.
  const submitted = 10;
  for (const tenant of hostile) {
    for (let n = 0; n < submitted; n++) await customers.submit(tenant, endlessCheck(n));
  }
  platform.manage();
  await until("both hostile tenants are being checked", async () => {
    return (await platform.list("tenants/.attempts")).length === 2;
  });
  const good = await customers.checked("t3", await customers.submit("t3", keepAll()));
  assert.equal(good.state, "pending");
  const { counts, failure } = await customers.testRun("t3", good.version);
  assert.deepEqual([counts?.stored, failure], [1, null]);
  for (const tenant of hostile) {
    const { versions } = await customers.ask<ModuleView>(tenant, "/v1/module");
    const waiting = versions.filter(({ state }) => state === "checking").length;
    assert.ok(waiting > 0, `all versions of ${tenant} were checked before`);
  }
});
