import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import type { ModuleView, VersionView } from "../../src/protocol/module_view.ts";
import { keepAll, type ModuleFiles, writeModule } from "../harness/modules.ts";
import { Platform, type Server } from "../harness/platform.ts";
import { run } from "../harness/process.ts";
import { programFiles } from "../harness/programs.ts";
import { pause, until } from "../harness/until.ts";

const PASSWORD = "secret";
const AUTHORIZATION = `Basic ${Buffer.from(`t1:${PASSWORD}`).toString("base64")}`;
const NATIVE = programFiles({ exec: ["python3", "p.py"] }, { "p.py": "print('{\"end\": 0}')\n" });

async function withTenant(): Promise<Platform> {
  const platform = await Platform.create("[manage]\nscan_seconds = 0.5\n");
  await platform.must("manage", "tenant", "add", "t1", "-p", PASSWORD);
  return platform;
}

/** A folder for PATH; its bwrap, if it has one, fails as on a kernel without user namespaces. */
async function pathWithout(platform: Platform, broken = false): Promise<string> {
  const dir = await platform.scratch();
  if (broken) {
    const script = "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n";
    await Deno.writeTextFile(join(dir, "bwrap"), script, { mode: 0o755 });
  }
  return dir;
}

async function view(server: Server): Promise<ModuleView> {
  const headers = { authorization: AUTHORIZATION };
  return await (await fetch(`${server.url}/v1/module`, { headers })).json();
}

async function push(server: Server, folder: string) {
  const args = ["fetch", "module", "push", folder, "-u", "t1", "-p", PASSWORD];
  return await run([...args, "--server", server.url, "--patience", "0"]);
}

async function checked(server: Server): Promise<VersionView> {
  return await until("the version is no longer checking", async () => {
    const version = (await view(server)).versions[0];
    return version && version.state !== "checking" ? version : null;
  });
}

for (const [title, broken] of [["is missing", false], ["fails", true]] as const) {
  Deno.test(`bubblewrap ${title}: a native program is refused at once, and not stored`, async () => {
    await using platform = await withTenant();
    const PATH = await pathWithout(platform, broken);
    const manage = platform.start(["manage"], { env: { PATH } });
    await manage.line(/"noNativePrograms"/);
    // The sandbox of manage counts, whatever serve could start.
    const server = await platform.serve();
    const folder = await writeModule(await platform.scratch(), NATIVE);
    const { code, stderr } = await until("the state of manage is known", async () => {
      const pushed = await push(server, folder);
      return pushed.code === 1 ? pushed : null;
    });
    assert.equal(code, 1);
    const why = broken ? "No permissions to create new namespace" : "bubblewrap is not installed";
    assert.ok(stderr.includes(why), stderr);
    assert.match(stderr, /hint: .*WebAssembly/);
    const put = await fetch(`${server.url}/v1/module`, {
      method: "PUT",
      headers: { authorization: AUTHORIZATION, "content-type": "application/json" },
      body: JSON.stringify({ files: NATIVE }),
    });
    const problem = await put.json();
    assert.equal(put.status, 422);
    assert.match(problem.type, /no-os-sandbox$/);
    const args = ["manage", "tenant", "deploy", "t1", folder, "--data", platform.data];
    const deployed = await run(args, { env: { PATH } });
    assert.equal(deployed.code, 1);
    assert.ok(deployed.stderr.includes(why), deployed.stderr);
  });
}

Deno.test("manage cannot run native programs, which nobody knew when one was submitted: it ends as faulty", async () => {
  await using platform = await withTenant();
  const server = await platform.serve();
  const folder = await writeModule(await platform.scratch(), NATIVE);
  const pushed = await push(server, folder);
  // Where the machine of serve has bubblewrap, it accepts the module.
  if (pushed.code === 1) return;
  const manage = platform.start(["manage"], { env: { PATH: await pathWithout(platform) } });
  const { state, faults } = await checked(server);
  assert.equal(state, "faulty");
  assert.match(faults[0]?.message ?? "", /bubblewrap is not installed/);
  await pause(2_000);
  const failures = manage.records().filter(({ event }) => event === "module.request_failed");
  assert.ok(failures.length <= 1, "the same error is not logged again and again");
});

/** What somebody does to a version that waits for its check, and what its author sees. */
const DAMAGES: [what: string, damage: (version: string, data: string) => Promise<void>, RegExp][] =
  [
    ["its sources are damaged", async (version, data) => {
      await Deno.writeTextFile(join(data, "tenants/t1", version, "source.json"), "{");
    }, /internal error/],
    ["its sources are gone", async (version, data) => {
      await Deno.remove(join(data, "tenants/t1", version, "source.json"));
    }, /has no "ingest\.ts"/],
    ["its record is damaged", async (version, data) => {
      await Deno.writeTextFile(join(data, "tenants/t1", version, "version.json"), '{"state": 1}');
    }, /cannot be read/],
  ];
for (const [what, damage, seen] of DAMAGES) {
  Deno.test(`${what}: a version that waits for its check ends as faulty, with the reason`, async () => {
    await using platform = await withTenant();
    const server = await platform.serve();
    const { version } = await submit(platform, server, keepAll());
    await damage(version, platform.data);
    platform.manage();
    const found = await checked(server);
    assert.equal(found.state, "faulty");
    assert.match(found.faults[0]?.message ?? "", seen);
    await until(
      "its request is gone",
      async () => (await platform.list("tenants/.inbox")).every((name) => !name.endsWith(".json")),
    );
    assert.equal(
      (await submit(platform, server, keepAll())).state,
      "checking",
      "it can be sent again",
    );
  });
}

Deno.test("requests that are damaged, lost, or about a deleted version: others are not held up, none stays", async () => {
  await using platform = await withTenant();
  const server = await platform.serve();
  const lost = await submit(platform, server, keepAll());
  const damaged = await submit(platform, server, keepAll({ before: "// 2\n" }));
  const deleted = await submit(platform, server, keepAll({ before: "// 3\n" }));
  const inbox = join(platform.data, "tenants/.inbox");
  await Deno.remove(join(inbox, `t1@${lost.version}.json`));
  await Deno.writeTextFile(join(inbox, `t1@${damaged.version}.json`), "not JSON");
  await Deno.remove(join(platform.data, "tenants/t1", deleted.version), { recursive: true });
  await Deno.mkdir(join(inbox, "test-runs"), { recursive: true });
  await Deno.writeTextFile(join(inbox, "test-runs/t1.json"), "not JSON");
  platform.manage();
  await until("both versions are checked", async () => {
    const { versions } = await view(server);
    return versions.length === 2 && versions.every(({ state }) => state === "pending");
  });
  await until(
    "no request stays",
    async () => (await platform.list("tenants/.inbox")).every((name) => !name.endsWith(".json")),
  );
});

Deno.test("a request to load an unknown file again is reported once, and the files are loaded", async () => {
  await using platform = await withTenant();
  await platform.deploy("t1", keepAll());
  const id = "01jd0000000000000000000000";
  await Deno.mkdir(join(platform.data, "staging/.replay"), { recursive: true });
  await Deno.writeTextFile(join(platform.data, "staging/.replay", id), "");
  const manage = platform.manage();
  await platform.stage("t1", "a.csv", "x\n1\n");
  assert.equal((await platform.settled("t1", "a.csv")).state, "ingested");
  const found = manage.records().filter(({ event }) => event === "file.replay_failed");
  assert.deepEqual(found.map(({ fileId, error }) => [fileId, error]), [[
    id,
    "no file has this id",
  ]]);
  assert.deepEqual(await platform.list("staging/.replay"), []);
});

async function submit(
  platform: Platform,
  server: Server,
  files: ModuleFiles,
): Promise<VersionView> {
  const folder = await writeModule(await platform.scratch(), files);
  const args = ["fetch", "module", "push", folder, "-u", "t1", "-p", PASSWORD, "--json"];
  const { stdout, stderr } = await run([...args, "--server", server.url, "--patience", "0"]);
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
}
