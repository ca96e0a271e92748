import assert from "node:assert/strict";
import { join } from "node:path";
import { ROOT } from "../harness/binary.ts";
import { keepAll, writeModule } from "../harness/modules.ts";
import { Platform } from "../harness/platform.ts";
import { run } from "../harness/process.ts";

/** Every command that works on a data directory. */
const COMMANDS = [
  ["serve", "--listen", "127.0.0.1:0"],
  ["manage"],
  ["manage", "run", "--once"],
  ...[["list"], ["add", "x"], ["show", "x"], ["passwd", "x"], ["disable", "x"], ["enable", "x"]]
    .map((args) => ["manage", "tenant", ...args]),
  ...[["deploy", "x", "."], ["test", ".", "a.csv"], ["versions", "x"], ["diff", "x"]]
    .map((args) => ["manage", "tenant", ...args]),
  ...["approve", "reject", "rollback"].map((name) => ["manage", "tenant", name, "x"]),
  ["manage", "tenant", "secret", "set", "x", "KEY", "--value", "1"],
  ["manage", "tenant", "secret", "list", "x"],
  ["manage", "tenant", "secret", "remove", "x", "KEY"],
  ...[["list"], ["add", "x"], ["passwd", "x"], ["disable", "x"], ["enable", "x"]]
    .map((args) => ["manage", "operator", ...args]),
  ...[["files"], ["rejects", "x"], ["replay", "x"], ["audit"], ["doctor"], ["backup", "copy"]]
    .map((args) => ["manage", ...args]),
];

async function names(dir: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name).sort();
}

Deno.test("every command refuses a path that is not a data directory, and creates nothing", async (t) => {
  await using platform = await Platform.create();
  const empty = join(platform.dir, "mount-point");
  await Deno.mkdir(empty);
  await Deno.writeTextFile(join(platform.dir, "file"), "");
  const before = await names(platform.dir);
  const cases: [string, string, string, RegExp][] = [
    ["a typing error", "dta", "it does not exist", /Did you mean --data \/.*\/data\?/],
    ["an empty mount point", "mount-point", "it has no version file", /whether its disk is mount/],
    ["a file", "file", "it is not a directory", /manage init --data \/.*\/file/],
  ];
  for (const [what, name, why, hint] of cases) {
    await t.step(what, async () => {
      const path = join(platform.dir, name);
      for (const command of COMMANDS) {
        const { code, stderr } = await run([...command, "--data", path], { cwd: platform.dir });
        assert.equal(code, 2, `${command.join(" ")}: ${stderr}`);
        assert.ok(stderr.includes(`Cannot use "${path}" as data directory: ${why}`), stderr);
        assert.match(stderr, hint);
      }
    });
  }
  await t.step("the default directory", async () => {
    const { code, stderr } = await run(["manage", "files"], { cwd: empty });
    assert.equal(code, 2);
    assert.match(stderr, /"\/.*\/mount-point\/mysimbdp-data" as data directory/);
  });
  assert.deepEqual(await names(platform.dir), before);
  assert.deepEqual(await names(empty), []);
});

Deno.test("manage init: an interrupted one can be repeated, a folder with other files is refused", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(dir, "version"), "1\n");
    await Deno.remove(join(dir, "version"));
    await Deno.writeTextFile(join(dir, ".version.x.tmp"), "");
    const first = await run(["manage", "init", "--data", dir]);
    assert.equal(first.code, 0, first.stderr);
    // Killed before the operator was added.
    await Deno.remove(join(dir, "admins.json"));
    await Deno.remove(join(dir, "staging"));
    const second = await run(["manage", "init", "--data", dir]);
    assert.equal(second.code, 0, second.stderr);
    assert.match(second.stdout, /admin password/);
    const third = await run(["manage", "init", "--data", dir]);
    assert.equal(third.code, 2);
    assert.match(
      third.stderr,
      /already initialised\n {2}hint: Run mysimbdp manage operator passwd/,
    );

    const home = join(dir, "archive/home");
    await Deno.mkdir(home);
    await Deno.writeTextFile(join(home, "thesis.txt"), "");
    const refused = await run(["manage", "init", "--data", home]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /it contains "thesis.txt"/);
    assert.deepEqual(await names(home), ["thesis.txt"]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("manage init keeps the accounts and constraints of the platform's first version", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const users = await Deno.readTextFile(join(ROOT, "scripts/demo/users.json"));
    await Deno.writeTextFile(join(dir, "users.json"), users);
    await Deno.mkdir(join(dir, "constraints"));
    const constraints = join(dir, "constraints/customer-1.json");
    await Deno.copyFile(join(ROOT, "scripts/demo/constraints.json"), constraints);
    const before = await run(["manage", "tenant", "list", "--data", dir]);
    assert.equal(before.code, 2, "not yet a data directory");
    assert.equal((await run(["manage", "init", "--data", dir])).code, 0);
    assert.equal(await Deno.readTextFile(join(dir, "users.json")), users);
    const { stdout } = await run(["manage", "tenant", "list", "--data", dir]);
    assert.match(stdout, /customer-1/);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("commands refuse an unknown tenant, name a similar one, and write nothing", async () => {
  await using platform = await Platform.create();
  await platform.deploy("customer-1", keepAll());
  const module = await writeModule(await platform.scratch(), keepAll());
  const before = await names(join(platform.data, "tenants"));
  for (
    const args of [
      ...[["deploy", module], ["versions"], ["diff"], ["approve"], ["reject"], ["rollback"]],
      ...[["show"], ["passwd"], ["disable"], ["enable"]],
      ...[["secret", "set"], ["secret", "list"], ["secret", "remove"]],
    ]
  ) {
    const isSecret = args[0] === "secret";
    const command = isSecret
      ? [...args, "custmer-1", ...(args[1] === "list" ? [] : ["KEY"])]
      : [args[0] ?? "", "custmer-1", ...args.slice(1)];
    if (args[1] === "set") command.push("--value", "1");
    const { code, stderr } = await platform.run("manage", "tenant", ...command);
    assert.equal(code, 2, `${command.join(" ")}: ${stderr}`);
    assert.match(stderr, /Cannot find tenant "custmer-1".*\n {2}hint: Did you mean "customer-1"\?/);
  }
  const listed = await platform.run("manage", "files", "--tenant", "custmer-1");
  assert.equal(listed.code, 2, listed.stdout);
  assert.deepEqual(await names(join(platform.data, "tenants")), before);
  assert.deepEqual(await platform.list("secrets"), []);
  assert.deepEqual(await platform.list("db", "tenants"), ["customer-1.sqlite"]);
  await platform.must("manage", "tenant", "disable", "customer-1");
  await platform.must("manage", "tenant", "deploy", "customer-1", module);
});

Deno.test("the data directory disappears under running services: no empty platform, and they continue", async () => {
  await using platform = await Platform.create();
  await platform.seedAccounts();
  await platform.deploy("customer-1", keepAll());
  const { url, process } = await platform.serve();
  const manage = platform.manage();
  await manage.line(/"event":"manage\.started"/);
  const headers = { Authorization: `Basic ${btoa("customer-1:password-1")}` };
  const status = async (path: string) => {
    const answer = await fetch(`${url}${path}`, { headers });
    await answer.body?.cancel();
    return answer.status;
  };
  assert.equal(await status("/v1/constraints"), 200);
  await process.line(/"event":"auth\.rehashed"/);
  // As an unmounted disk leaves it.
  const away = join(platform.dir, "away");
  await Deno.rename(platform.data, away);
  await Deno.mkdir(platform.data);
  for (const path of ["/v1/constraints", "/v1/admin/tenants", "/readyz", "/"]) {
    assert.equal(await status(path), 503, path);
  }
  assert.equal(await status("/livez"), 200);
  const batch = await fetch(`${url}/v1/batches`, { method: "POST", headers });
  assert.equal(batch.status, 503);
  assert.match((await batch.json()).detail, /the server's data directory is not available/);
  for (const each of [manage, process]) {
    await each.line(/"event":"disk\.full","cause":"gone".*moved, removed or replaced/);
  }
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  assert.deepEqual(await names(platform.data), []);
  assert.equal(manage.records().filter(({ event }) => event === "disk.full").length, 1);
  await Deno.remove(platform.data);
  await Deno.rename(away, platform.data);
  await manage.line(/"event":"disk\.free"/);
  assert.equal(await status("/v1/constraints"), 200);
  await platform.stage("customer-1", "a.csv", "x\n1\n");
  assert.equal((await platform.settled("customer-1", "a.csv")).state, "ingested");
});
