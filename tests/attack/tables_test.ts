import assert from "node:assert/strict";
import { keepAll, type ModuleFiles, writeModule } from "../harness/modules.ts";
import { Customers } from "./customers.ts";

/** A module with `count` more tables, whose names start with `prefix`. */
function withTables(count: number, prefix: string): ModuleFiles {
  const files = keepAll();
  const tables = Array.from({ length: count }, (_, n) => {
    return `${prefix}${n}: { columns: { id: "uuid" }, partitionKey: ["id"] },`;
  });
  const ingest = files["ingest.ts"]!.replace("tables: {", `tables: {\n${tables.join("\n")}`);
  return { "ingest.ts": ingest, "tenant.json": "{}" };
}

Deno.test("one deploy of 3,000 tables, and many versions with other tables: refused, with the limit", async () => {
  const config = "[modules]\napproval = 'auto'\nmax_tables = 10\n";
  await using customers = await Customers.open(config, "t1");
  const { platform } = customers;
  platform.manage();
  const submitted = async (files: ModuleFiles) =>
    await customers.checked("t1", await customers.submit("t1", files));
  const many = await submitted(withTables(3_000, "t"));
  assert.equal(many.state, "faulty");
  assert.match(
    many.faults[0]?.message ?? "",
    /3,001 tables: the limit is 10 .*modules\.max_tables/,
  );

  assert.equal((await submitted(withTables(7, "a"))).state, "approved");
  const others = await submitted(withTables(7, "b"));
  assert.equal(others.state, "faulty");
  assert.match(others.faults[0]?.message ?? "", /create 7 tables beside the 8 that exist/);
  assert.equal((await submitted(withTables(2, "c"))).state, "approved");
  const tables = platform.query("t1", "SELECT count(*) AS n FROM _mysimbdp_tables");
  assert.deepEqual(tables, [{ n: 10 }]);

  const folder = await writeModule(await platform.scratch(), withTables(3, "d"));
  const deployed = await platform.run("manage", "tenant", "deploy", "t1", folder);
  assert.equal(deployed.code, 1, deployed.stderr);
  assert.match(deployed.stderr, /3 tables beside the 10 that exist.*\(modules\.max_tables\)/);
});
