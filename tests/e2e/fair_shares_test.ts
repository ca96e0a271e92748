import assert from "node:assert/strict";
import { join } from "node:path";
import { isFinal } from "../../src/protocol/file_view.ts";
import { keepAll, type ModuleFiles } from "../harness/modules.ts";
import { Platform } from "../harness/platform.ts";
import type { Running } from "../harness/process.ts";
import { until } from "../harness/until.ts";

const SMALL = "state,count\nNevada,12\nOregon,7\nUtah,3";
const LONG = { secondsPerFile: 3600 };
/** Modules that never end, and what they hold meanwhile. */
const HOSTILE: ModuleFiles[] = [
  keepAll({ before: "for (;;);", limits: LONG }),
  keepAll({
    before: "const all = []; for (;;) if (all.length < 90) all.push(Array(1e5).fill(all.length));",
    limits: LONG,
  }),
];
const MODES: { layers: string; env: Record<string, string> }[] = [
  { layers: "in bubblewrap", env: {} },
  { layers: "without bubblewrap", env: { PATH: "/nowhere" } },
];

/** Tenants whose files never end: three each. */
async function addHostile(platform: Platform, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, n) => `hostile-${n}`);
  for (const [n, name] of names.entries()) {
    const module = HOSTILE[n % HOSTILE.length]!;
    if (n < HOSTILE.length) await platform.deploy(name, module);
    else await copyTenant(platform, names[n % HOSTILE.length]!, name);
    for (const file of ["1.csv", "2.csv", "3.csv"]) await platform.stage(name, file, SMALL);
  }
  return names;
}

/** A tenant with the module of another one: a deployment takes longer. */
async function copyTenant(platform: Platform, from: string, to: string): Promise<void> {
  platform.addTenant(to);
  const folder = (tenant: string) => join(platform.data, "tenants", tenant);
  const cp = new Deno.Command("cp", { args: ["-a", folder(from), folder(to)] });
  assert.ok((await cp.output()).success);
}

/** Stages a small file and waits until it is loaded. @returns the seconds that took */
async function loadSmall(platform: Platform, tenant: string, name: string): Promise<number> {
  const started = performance.now();
  await platform.stage(tenant, name, SMALL);
  const file = await platform.settled(tenant, name);
  assert.equal(file.state, "ingested", JSON.stringify(file));
  return (performance.now() - started) / 1000;
}

const slowed = (manage: Running) => manage.records().filter(({ event }) => event === "file.slowed");

for (const { layers, env } of MODES) {
  Deno.test(`fair shares, ${layers}: 40 tenants whose files never end do not hold up a new one's small file`, async () => {
    // Room for some of them: the others are interrupted.
    await using platform = await Platform.create("[manage]\nconcurrency = 2\nmemory_mb = 2560\n");
    await platform.deploy("new", keepAll());
    const hostile = await addHostile(platform, 40);
    const manage = platform.start(["manage"], { env });
    await until("one was interrupted", () => slowed(manage).some(({ interrupted }) => interrupted));
    const waits: number[] = [];
    for (const name of ["a.csv", "b.csv"]) waits.push(await loadSmall(platform, "new", name));
    console.log(`loaded after ${waits.map((wait) => wait.toFixed(1)).join(" and ")} seconds`);
    const others = (await platform.files()).filter(({ tenant }) => hostile.includes(tenant));
    assert.equal(others.length, 3 * hostile.length);
    assert.ok(!others.some(({ state }) => isFinal(state)), "none of the others has ended");
    assert.ok(others.filter(({ state }) => state === "running").length > 2, "more than cores run");
    assert.ok(others.every(({ attempts }) => attempts <= 1), "no interruption is counted");
  });
}

Deno.test("fair shares: a file that takes long is loaded among others that never end", async () => {
  await using platform = await Platform.create("[manage]\nconcurrency = 2\n");
  await addHostile(platform, 2);
  const long = "for (let n = 0; n < 1_000_000_000; n++);";
  await platform.deploy("patient", keepAll({ before: `if (ctx.line === 2) { ${long} }` }));
  const manage = platform.manage();
  await until("both are in the slow lane", () => slowed(manage).length >= 2);
  await platform.stage("patient", "long.csv", SMALL);
  const file = await platform.settled("patient", "long.csv");
  assert.equal(file.state, "ingested", JSON.stringify(file));
  assert.equal(file.attempts, 1);
});

Deno.test("fair shares: a tenant's thousands of files do not hold up another one's first", async () => {
  await using platform = await Platform.create("");
  for (const tenant of ["many", "new"]) await platform.deploy(tenant, keepAll());
  const folder = join(platform.data, "staging", "many");
  await Deno.mkdir(folder, { recursive: true });
  for (let n = 0; n < 3_000; n++) await Deno.writeTextFile(join(folder, `${n}.csv`), SMALL);
  const manage = platform.manage();
  const adopted = () => manage.records().filter(({ event }) => event === "file.adopted").length;
  await until("some files are adopted", () => adopted() > 0);
  const wait = await loadSmall(platform, "new", "a.csv");
  console.log(`loaded after ${wait.toFixed(1)} seconds, beside ${adopted()} files`);
  const files = await platform.files({ tenant: "many" });
  assert.ok(files.some(({ state }) => !isFinal(state)) || adopted() < 3_000, "not all are done");
});
