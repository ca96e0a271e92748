import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import type { ModuleLogEntry, ModuleView, VersionView } from "../../src/protocol/module_view.ts";
import { keepAll, type ModuleFiles, writeModule } from "../harness/modules.ts";
import { Platform, type Server } from "../harness/platform.ts";
import { until } from "../harness/until.ts";

const PASSWORD = "secret";

/** Returns a platform with the tenant t1. */
async function withTenant(config = ""): Promise<{ platform: Platform; server: Server }> {
  const platform = await Platform.create(`[manage]\nscan_seconds = 0.5\n${config}`);
  await platform.must("manage", "tenant", "add", "t1", "-p", PASSWORD);
  return { platform, server: await platform.serve() };
}

async function ask<T>(server: Server, path: string, files?: ModuleFiles): Promise<T> {
  const response = await send(server, path, files && JSON.stringify({ files }));
  assert.ok(response.ok, `${path}: ${response.status}`);
  return await response.json() as T;
}

function send({ url }: Server, path: string, body?: string): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`t1:${PASSWORD}`).toString("base64")}`;
  return fetch(`${url}${path}`, {
    method: body === undefined ? "GET" : "PUT",
    headers: { authorization },
    ...(body === undefined ? {} : { body }),
  });
}

async function statusOf(sent: Promise<Response>): Promise<number> {
  const response = await sent;
  await response.body?.cancel();
  return response.status;
}

/** Submits a module and waits for its check. */
async function submit(server: Server, files: ModuleFiles): Promise<VersionView> {
  const { version, state } = await ask<VersionView>(server, "/v1/module", files);
  assert.equal(state, "checking");
  return await until(`${version} was checked`, async () => {
    const view = await ask<ModuleView>(server, "/v1/module");
    const found = view.versions.find((one) => one.version === version);
    return found && found.state !== "checking" ? found : null;
  });
}

/** Returns a module that stores a word with every record. */
const saying = (word: string, before = ""): ModuleFiles => {
  const files = keepAll({ before });
  const entry = files["ingest.ts"]!.replace("JSON.stringify(record, shown)", JSON.stringify(word));
  return { ...files, "ingest.ts": entry };
};

Deno.test("a submitted module runs after an operator has seen its diff and approved it", async () => {
  const { platform, server } = await withTenant();
  await using _ = platform;
  const manage = platform.manage();
  assert.deepEqual(await ask(server, "/v1/module"), { current: null, versions: [] });

  const first = await submit(server, saying("one"));
  assert.equal(first.state, "pending");
  assert.deepEqual(first.faults, []);
  await platform.stage("t1", "a.csv", "x\n1\n");
  const seen = await seenOf(platform, first.version);
  const shown = await platform.must("manage", "tenant", "approve", "t1", "--seen", seen);
  assert.match(shown, /^\+.*"one"/m);
  assert.match(shown, new RegExp(`^approved ${first.version} of t1`, "m"));
  assert.equal((await platform.settled("t1", "a.csv")).moduleVersion, first.version);

  const second = await submit(server, saying("two"));
  const diff = await platform.must("manage", "tenant", "diff", "t1");
  assert.match(diff, /^-.*"one".*$/m);
  assert.match(diff, /^\+.*"two".*$/m);
  assert.doesNotMatch(diff, /^[-+].*defineIngest/m);
  assert.match(diff, /^permissions: write \w+\nseen: [0-9a-f]{64}\n$/m);
  await platform.must("manage", "tenant", "reject", "t1", "--note", "we say one");
  const view = await ask<ModuleView>(server, "/v1/module");
  assert.equal(view.current, first.version);
  assert.deepEqual(view.versions.map(({ state }) => state), ["rejected", "approved"]);
  assert.equal(view.versions[0]?.note, "we say one");
  const { files } = await ask<{ files: ModuleFiles }>(server, `/v1/module/${second.version}`);
  assert.deepEqual(files, saying("two"));
  const { entries } = await ask<{ entries: ModuleLogEntry[] }>(server, "/v1/module/log");
  assert.match(entries[0]?.message ?? "", /Rejected by .*we say one/);
  assert.equal((await manage.stop()).code, 0);
});

Deno.test("faults have file, line and column, and the current version keeps running", async () => {
  const { platform, server } = await withTenant("[modules]\napproval = 'auto'\n");
  await using _ = platform;
  platform.manage();
  const good = await submit(server, saying("good"));
  assert.equal(good.state, "approved");
  assert.equal(good.decidedBy, "auto");
  const files = saying("bad");
  const entry = files["ingest.ts"]!.replace("row(record, ctx) {", "row(record, ctx {");
  const bad = await submit(server, { ...files, "ingest.ts": entry });
  assert.equal(bad.state, "faulty");
  const line = entry.split("\n").findIndex((text) => text.includes("row(record, ctx {")) + 1;
  assert.deepEqual(bad.faults.map((fault) => [fault.file, fault.line]), [["ingest.ts", line]]);
  const forbidden = await submit(server, {
    ...files,
    "tenant.json": '{\n"permissions": {"write": []}}',
  });
  assert.equal(forbidden.faults[0]?.file, "tenant.json");
  assert.equal(forbidden.faults[0]?.line, 2);
  const mismatch = saying("other");
  mismatch["ingest.ts"] = mismatch["ingest.ts"]!.replace('line: "int"', 'line: "text"');
  const refused = await submit(server, mismatch);
  assert.equal(refused.state, "faulty");
  assert.match(refused.faults[0]?.message ?? "", /column "line" is text, but int in the storage/);
  assert.equal((await ask<ModuleView>(server, "/v1/module")).current, good.version);
  await platform.stage("t1", "a.csv", "x\n1\n");
  assert.equal((await platform.settled("t1", "a.csv")).moduleVersion, good.version);
});

Deno.test("invalid submissions are refused", async (t) => {
  const { platform, server } = await withTenant();
  await using _ = platform;
  const entry = { "ingest.ts": "" };
  const many = Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`f${i}.ts`, ""]));
  const cases: [string, unknown, number][] = [
    ["a path that leads out", { files: { "../x.ts": "" } }, 422],
    ["an absolute path", { files: { "/etc/x.ts": "" } }, 422],
    ["a path with a backslash", { files: { "a\\x.ts": "" } }, 422],
    ["a hidden file", { files: { ".x.ts": "" } }, 422],
    ["a hidden folder", { files: { "a/.b/x.ts": "" } }, 422],
    ["an empty part", { files: { "a//x.ts": "" } }, 422],
    ["a control character", { files: { "a\nx.ts": "" } }, 422],
    ["a NUL", { files: { "a\0.ts": "" } }, 422],
    ["a long path", { files: { [`${"a".repeat(300)}.ts`]: "" } }, 422],
    ["another kind of file", { files: { ...entry, "x.sh": "" } }, 422],
    ["two names in one", { files: { ...entry, "INGEST.ts": "" } }, 422],
    ["no files", { files: {} }, 422],
    ["too many files", { files: many }, 413],
    ["too many bytes", { files: { "ingest.ts": "x".repeat(2 * 1024 * 1024 + 1) } }, 413],
    [
      "a body that never ends in sight",
      { files: { "ingest.ts": "x".repeat(32 * 1024 ** 2) } },
      413,
    ],
    ["no texts", { files: { "ingest.ts": 1 } }, 400],
    ["another member", { files: entry, approve: true }, 400],
    ["no object", [], 400],
  ];
  for (const [what, body, status] of cases) {
    await t.step(what, async () => {
      const response = await send(server, "/v1/module", JSON.stringify(body));
      const text = await response.text();
      assert.equal(response.status, status, text);
      assert.match(JSON.parse(text).type, /^urn:mysimbdp:problem:/);
    });
  }
  assert.equal(await statusOf(send(server, "/v1/module", "{")), 400);
  assert.equal(await statusOf(send(server, "/v1/module/..%2Ft2")), 404);
  assert.equal(await statusOf(send(server, "/v1/module/v1-00000000")), 404);
  assert.deepEqual((await platform.list("tenants", "t1")).filter((name) => name !== ".lock"), []);
  await t.step(
    "the same module is one version, and the number of pending versions is limited",
    async () => {
      const sent = [];
      for (let i = 0; i < 11; i++) {
        const files = JSON.stringify({ files: { "ingest.ts": `// ${i}` } });
        await statusOf(send(server, "/v1/module", files));
        sent.push(await statusOf(send(server, "/v1/module", files)));
      }
      assert.deepEqual(sent, [...Array(10).fill(202), 429]);
      const more = await send(
        server,
        "/v1/module",
        JSON.stringify({ files: { "ingest.ts": "// x" } }),
      );
      assert.match(await more.text(), /urn:mysimbdp:problem:too-many-submissions/);
      assert.equal((await ask<ModuleView>(server, "/v1/module")).versions.length, 10);
    },
  );
});

Deno.test("a version that fails its probation is rolled back, and the log reports it", async () => {
  const { platform, server } = await withTenant("[modules]\nprobation_files = 2\n");
  await using _ = platform;
  const manage = platform.manage();
  await platform.deploy("t1", saying("good"));
  await platform.stage("t1", "a.csv", "x\n1\n");
  const good = await platform.settled("t1", "a.csv");
  const files = saying("bad", "if (record.x) throw new Error(`no ${record.x}`);");
  files["tenant.json"] = files["tenant.json"]!.replace('"rejectShare":1', '"rejectShare":0');
  await platform.deploy("t1", files);
  for (const name of ["b.csv", "c.csv", "d.csv"]) {
    await platform.stage("t1", name, "x\n1\n");
    await platform.settled("t1", name);
  }
  const versions = (await platform.files({ tenant: "t1" })).map((file) =>
    [file.name, file.state, file.moduleVersion === good.moduleVersion].join(" ")
  );
  assert.deepEqual(versions.sort(), [
    "a.csv ingested true",
    "b.csv quarantined false",
    "c.csv quarantined false",
    "d.csv ingested true",
  ]);
  const view = await ask<ModuleView>(server, "/v1/module");
  assert.equal(view.current, good.moduleVersion);
  assert.equal(view.versions[0]?.state, "rolled-back");
  assert.match(view.versions[0]?.note ?? "", /first 2 files failed, .*1 of 1 records/);
  const { entries } = await ask<{ entries: ModuleLogEntry[] }>(server, "/v1/module/log");
  assert.ok(entries.some(({ message }) => /Rolled back to v1-/.test(message)));
  assert.ok(entries.some(({ kind, file }) => kind === "file" && file === "b.csv"));
  await manage.stop();
  assert.match(manage.stderr.text, /"event":"module.rolled_back"/);
});

Deno.test("a new version takes over between two files", async () => {
  const { platform } = await withTenant();
  await using _ = platform;
  const busy = "let n = 0; for (let i = 0; i < 1e6; i++) n = (n + i) % 7;";
  const one = await platform.must(
    ...["manage", "tenant", "deploy", "t1", await moduleDir(platform, saying("one", busy))],
  );
  await platform.stage("t1", "a.csv", "x\n" + "1\n".repeat(1_200));
  platform.manage();
  await until("a.csv runs", async () => {
    const [file] = await platform.files({ name: "a.csv" });
    return file?.state === "running" ? file : null;
  });
  await platform.stage("t1", "b.csv", "x\n" + "1\n".repeat(10));
  const two = await platform.must(
    ...["manage", "tenant", "deploy", "t1", await moduleDir(platform, saying("two"))],
  );
  const deployedAt = Date.now();
  const [a, b] = [await platform.settled("t1", "a.csv"), await platform.settled("t1", "b.csv")];
  assert.ok((a.finishedAt ?? 0) > deployedAt, "the first file was over too soon to show anything");
  assert.ok(one.includes(a.moduleVersion ?? "-"), `${one} ${a.moduleVersion}`);
  assert.ok(two.includes(b.moduleVersion ?? "-"), `${two} ${b.moduleVersion}`);
  const counts = "SELECT file, content, count(*) AS n FROM items GROUP BY 1, 2 ORDER BY 1, 2";
  assert.deepEqual(platform.query("t1", counts), [
    { file: "a.csv", content: "one", n: 1_200 },
    { file: "b.csv", content: "two", n: 10 },
  ]);
});

Deno.test("tenant add --module creates the account and the module, or neither", async () => {
  await using platform = await Platform.create();
  const dir = await moduleDir(platform, saying("one"));
  const add = ["manage", "tenant", "add", "t1", "-p", PASSWORD, "--module"];
  const faulty = await moduleDir(platform, { "ingest.ts": "export default {" });
  const refused = await platform.run(...add, faulty);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /ingest\.ts:1:\d+: /);
  assert.equal(await platform.must("manage", "tenant", "list"), "tenant  state  module\n");
  assert.match(await platform.must(...add, dir), /^added t1 with module v1-[0-9a-f]{8}\n$/);
  await platform.stage("t1", "a.csv", "x\n1\n");
  assert.equal((await platform.run("manage", "--once")).code, 0);
  assert.equal(platform.count("t1", "items"), 1);
});

Deno.test("tenant add that failed or was killed is completed by the same command", async () => {
  await using platform = await Platform.create();
  const dir = await moduleDir(platform, saying("one"));
  const add = ["manage", "tenant", "add", "t1", "-p", PASSWORD, "--module", dir];
  const folder = join(platform.data, "tenants/t1");
  await Deno.writeTextFile(folder, "not a folder");
  assert.notEqual((await platform.run(...add)).code, 0);
  assert.equal(await platform.must("manage", "tenant", "list"), "tenant  state  module\n");
  await Deno.remove(folder);
  for (const ms of [100, 200, 400, 600, 800]) {
    const adding = platform.start(add);
    await systemClock.sleep(ms);
    await adding.stop("SIGKILL");
  }
  assert.match(await platform.must(...add), /^(added t1|t1 exists) with module v1-[0-9a-f]{8}\b/);
  assert.match(await platform.must("manage", "tenant", "list"), /^t1 +active +v1-/m);
  await platform.stage("t1", "a.csv", "x\n1\n");
  assert.equal((await platform.run("manage", "--once")).code, 0);
  assert.equal(platform.count("t1", "items"), 1);
});

Deno.test("rollback returns to the previous version or to a named one", async () => {
  await using platform = await Platform.create();
  await platform.must("manage", "tenant", "add", "t1", "-p", "secret");
  const versions: string[] = [];
  for (const word of ["one", "two", "three"]) {
    const dir = await moduleDir(platform, saying(word));
    const { version } = JSON.parse(
      await platform.must("manage", "tenant", "deploy", "t1", dir, "--json"),
    );
    versions.push(version);
  }
  const current = () => Deno.readLinkSync(`${platform.data}/tenants/t1/current`);
  await platform.must("manage", "tenant", "rollback", "t1");
  assert.equal(current(), versions[1]);
  await platform.must("manage", "tenant", "rollback", "t1", versions[0]!, "--note", "not yet");
  assert.equal(current(), versions[0]);
  const none = await platform.run("manage", "tenant", "rollback", "t1");
  assert.equal(none.code, 2, none.stderr);
  assert.equal(current(), versions[0]);
  const seen = await seenOf(platform, versions[2]!);
  await platform.must("manage", "tenant", "approve", "t1", versions[2]!, "--seen", seen);
  assert.equal(current(), versions[2]);
  const lines = (await platform.must("manage", "tenant", "versions", "t1", "--json")).trim();
  const states = lines.split("\n").map((line) => JSON.parse(line).state);
  assert.deepEqual(states, ["approved", "rolled-back", "approved"]);
  const nothing = await platform.run("manage", "tenant", "reject", "t1");
  assert.equal(nothing.code, 2, nothing.stderr);
});

/** The hash with which `diff` names what it has shown. */
async function seenOf(platform: Platform, version: string): Promise<string> {
  const args = ["manage", "tenant", "diff", "t1", version, "--json"];
  return JSON.parse(await platform.must(...args)).seen;
}

async function moduleDir(platform: Platform, files: ModuleFiles): Promise<string> {
  return await writeModule(await platform.scratch(), files);
}
