import assert from "node:assert/strict";
import { join } from "node:path";
import { keepAll } from "../harness/modules.ts";
import { addsUp, Platform } from "../harness/platform.ts";

const TENANTS = ["t1", "t2", "t3", "t4", "t5"];
const FILES = 300;

Deno.test(`${FILES} files moved in at once while manage is busy, some as a whole folder: all are loaded`, async () => {
  await using platform = await Platform.create("[manage]\nscan_seconds = 1\n");
  const before = "for (let n = 0; n < 1_000_000; n++);";
  for (const tenant of TENANTS) await platform.deploy(tenant, keepAll({ before }));
  const manage = platform.manage();
  await platform.stage("t1", "busy.csv", "x\n" + "busy\n".repeat(500));
  await manage.line(/"file\.started"/);

  const outside = await platform.scratch();
  for (const tenant of TENANTS) await Deno.mkdir(join(outside, tenant));
  const files = Array.from({ length: FILES }, (_, n) => ({
    tenant: TENANTS[n % TENANTS.length] ?? "",
    name: `${n}.csv`,
  }));
  for (const [n, { tenant, name }] of files.entries()) {
    await Deno.writeTextFile(join(outside, tenant, name), `x\n${n}\n${n}!\n`);
  }
  const staging = join(platform.data, "staging");
  for (const tenant of TENANTS.slice(0, -1)) {
    await Deno.mkdir(join(staging, tenant), { recursive: true });
  }
  for (const { tenant, name } of files.filter(({ tenant }) => tenant !== "t5")) {
    await Deno.rename(join(outside, tenant, name), join(staging, tenant, name));
  }
  await Deno.rename(join(outside, "t5"), join(staging, "t5"));

  const loaded = await platform.allSettled(FILES + 1, 600);
  assert.equal(loaded.length, FILES + 1);
  assert.deepEqual(loaded.filter((file) => file.state !== "ingested" || !addsUp(file)), []);
  for (const tenant of TENANTS) {
    const rows = platform.query(
      tenant,
      `SELECT "file", count(*) AS n FROM "items" WHERE "file" <> 'busy.csv' GROUP BY "file"`,
    );
    assert.equal(rows.length, FILES / TENANTS.length);
    assert.deepEqual(rows.filter(({ n }) => Number(n) !== 2), []);
    await platform.emptied("staging", tenant);
  }
  assert.equal(platform.count("t1", "items"), 500 + 2 * FILES / TENANTS.length);
  assert.equal((await manage.stop()).code, 0);
});
