import assert from "node:assert/strict";
import { join } from "node:path";
import { hashPassword } from "../../src/accounts/password_hash.ts";
import { ROOT } from "../harness/binary.ts";
import { keepAll, writeModule } from "../harness/modules.ts";
import { Platform } from "../harness/platform.ts";
import { run } from "../harness/process.ts";

Deno.test("--version: the project's version", async () => {
  const { version } = JSON.parse(Deno.readTextFileSync(join(ROOT, "deno.json")));
  const { code, stdout } = await run(["--version"]);
  assert.equal(code, 0);
  assert.equal(stdout.trim(), `mysimbdp ${version}`);
});

Deno.test("--help of every command: usage on stdout, exit 0", async () => {
  const commands = [
    [],
    ["fetch"],
    ["fetch", "module"],
    ...["init", "infer", "test", "push", "status", "log"].map((name) => ["fetch", "module", name]),
    ["serve"],
    ["manage"],
    ["manage", "run"],
    ["manage", "init"],
    ["manage", "files"],
    ["manage", "rejects"],
    ["manage", "replay"],
    ["manage", "units"],
    ["manage", "tenant"],
    ...["set", "list", "remove"].map((name) => ["manage", "tenant", "secret", name]),
    ...["add", "list", "show", "disable", "passwd", "deploy", "test"]
      .concat(["versions", "diff", "approve", "reject", "rollback"]).map((name) => [
        ...["manage", "tenant", name],
      ]),
  ];
  for (const command of commands) {
    const { code, stdout, stderr } = await run([...command, "--help"]);
    assert.equal(code, 0, `${command.join(" ")}: ${stderr}`);
    assert.match(stdout, new RegExp(`Usage: mysimbdp ${command.join(" ")}`));
    assert.equal(stderr, "");
  }
});

Deno.test("exit codes by kind of failure, without a stack", async (t) => {
  await using platform = await Platform.create();
  await platform.seedAccounts();
  const { url } = await platform.serve();
  const dir = await platform.inputDir({ "a.csv": "x\n1\n", "b.txt": "x" });
  const fetchFrom = (server: string, password: string, more: string[] = []) => [
    ...["fetch", "-u", "customer-1", "-p", password, "-d", dir, "--server", server, ...more],
  ];
  const cases: [number, string, string[]][] = [
    [1, "a file is refused", fetchFrom(url, "password-1")],
    [2, "an unknown flag", ["fetch", "--nonsense"]],
    [2, "an unknown command", ["nonsense"]],
    [2, "no user", ["fetch", "-d", dir]],
    [2, "a missing directory", fetchFrom(url, "password-1", ["-d", join(dir, "no")])],
    [2, "an unknown state", ["manage", "files", "--state", "lost", "--data", platform.data]],
    [2, "an unknown file", ["manage", "rejects", "nothing", "--data", platform.data]],
    [2, "an unknown tenant", ["manage", "tenant", "show", "nobody", "--data", platform.data]],
    [2, "a tenant name with ../", [
      ...["manage", "tenant", "add", "../x", "-p", "p", "--data", platform.data],
    ]],
    [2, "an unknown storage", [
      "manage",
      "--once",
      "--storage",
      "oracle:",
      "--data",
      platform.data,
    ]],
    [3, "a wrong password", fetchFrom(url, "wrong")],
    [4, "no server", fetchFrom("http://127.0.0.1:1", "password-1")],
    [4, "TLS to a server without it", fetchFrom(url.replace("http", "https"), "password-1")],
  ];
  for (const [expected, what, args] of cases) {
    await t.step(`${expected}: ${what}`, async () => {
      const { code, stdout, stderr } = await run(args);
      assert.equal(code, expected, stdout + stderr);
      assert.doesNotMatch(stderr, /^\s+at .*:\d+:\d+/m);
    });
  }
  await t.step("0: nothing to do", async () => {
    await using idle = await Platform.create();
    const { code, stderr } = await idle.run("manage", "--once");
    assert.equal(code, 0, stderr);
  });
});

Deno.test("a port in use, an impossible data directory: one sentence, exit 4", async () => {
  await using platform = await Platform.create();
  const { url } = await platform.serve();
  const taken = await platform.run("serve", "--listen", new URL(url).host);
  assert.equal(taken.code, 4, taken.stderr);
  assert.match(taken.stderr, /^mysimbdp: Cannot .*\n {2}hint: /m);
  const second = await platform.run("serve", "--listen", "127.0.0.1:0");
  assert.equal(second.code, 4, second.stderr);
  assert.match(second.stderr, /another server uses it/);
  const impossible = "/proc/mysimbdp-data";
  const { code, stderr } = await run(["manage", "init", "--data", impossible]);
  assert.equal(code, 4, stderr);
  assert.match(stderr, /^mysimbdp: Cannot create the data folder/);
});

Deno.test("--json: every line of every command is JSON", async () => {
  await using platform = await Platform.create();
  const dir = await writeModule(await platform.scratch(), keepAll());
  const input = await platform.inputDir({ "a.csv": "x\n1\n" });
  await platform.must("manage", "tenant", "add", "t1", "-p", "secret");
  await platform.stage("t1", "a.csv", "x\n1\n");
  const commands = [
    ["manage", "tenant", "add", "t2"],
    ["manage", "tenant", "passwd", "t2"],
    ["manage", "tenant", "deploy", "t1", dir],
    ["manage", "tenant", "test", dir, join(input, "a.csv")],
    ["manage", "tenant", "versions", "t1"],
    ["manage", "tenant", "secret", "set", "t1", "KEY", "--value", "x"],
    ["manage", "tenant", "secret", "list", "t1"],
    ["manage", "tenant", "diff", "t1"],
    ["manage", "tenant", "rollback", "t1"],
    ["manage", "tenant", "list"],
    ["manage", "tenant", "show", "t1"],
    ["manage", "tenant", "disable", "t2"],
    ["manage", "files"],
    ["manage", "replay", "nothing"],
    ["manage", "rejects", "nothing"],
    ["manage", "tenant", "show", "nobody"],
  ];
  for (const command of commands) {
    const { stdout } = await platform.run(...command, "--json");
    for (const line of stdout.split("\n").filter(Boolean)) {
      assert.doesNotThrow(() => JSON.parse(line), `${command.join(" ")}: ${line}`);
    }
    if (command[1] !== "files") assert.notEqual(stdout, "", command.join(" "));
  }
});

Deno.test("manage tenant test: rows and rejects, and nothing is stored", async () => {
  await using platform = await Platform.create();
  const module = join(ROOT, "tenants/customer-2");
  const input = await platform.inputDir({
    "seattle-weather.csv": "date,precipitation,temp_max,temp_min,wind,weather\n" +
      "2012-01-01,0.0,12.8,5.0,4.7,drizzle\n" + "2012-01-02,10.9,many,2.8,4.5,rain\n",
  });
  const before = await snapshot(platform.data);
  const { code, stdout } = await platform.run(
    ...["manage", "tenant", "test", module, join(input, "seattle-weather.csv"), "--json"],
  );
  assert.equal(code, 1);
  const { counts, rows, rejects } = JSON.parse(stdout);
  assert.deepEqual(counts, {
    read: 2,
    stored: 1,
    replaced: 0,
    rejected: 1,
    skipped: 0,
    written: 1,
  });
  assert.equal(rows[0].table, "days");
  assert.equal(rows[0].row.day, "2012-01-01");
  assert.equal(rejects[0].line, 3);
  assert.equal(rejects[0].raw, "2012-01-02,10.9,many,2.8,4.5,rain");
  assert.deepEqual(await snapshot(platform.data), before);
  const text = await platform.run(
    ...["manage", "tenant", "test", module, join(input, "seattle-weather.csv")],
  );
  assert.match(text.stdout, /2 read = 1 stored \+ 1 rejected \+ 0 skipped; nothing was stored/);
});

/** Returns every path below a folder with its size. */
async function snapshot(dir: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(dir)) {
    const path = join(dir, entry.name);
    if (entry.isDirectory) found.push(...await snapshot(path));
    else found.push(`${path} ${(await Deno.lstat(path)).size}`);
  }
  return found.sort();
}

Deno.test("operator accounts: add, disable, list, and the audit log", async () => {
  await using platform = await Platform.create();
  const added = await platform.must("manage", "operator", "add", "alice");
  assert.match(added, /^added alice\npassword \(shown only once\): [a-z2-9]{26}\n$/);
  const twice = await platform.run("manage", "operator", "add", "alice");
  assert.equal(twice.code, 2);
  assert.match(twice.stderr, /Cannot add operator "alice": it exists/);
  await platform.must("manage", "operator", "disable", "alice");
  const list = await platform.must("manage", "operator", "list");
  assert.match(list, /^admin +active$/m);
  assert.match(list, /^alice +disabled$/m);
  const audit = await platform.must("manage", "audit");
  assert.match(audit, /cli +operator\.disable +alice +done/);
});

Deno.test("an account whose name no tenant can have is reported at start, listed, and cannot sign in", async () => {
  await using platform = await Platform.create();
  const users = { "Customer-1": await hashPassword("password-1") };
  await Deno.writeTextFile(join(platform.data, "users.json"), JSON.stringify(users));
  assert.match(
    await platform.must("manage", "tenant", "list"),
    /^Customer-1 +invalid name +none$/m,
  );
  const { url, process } = await platform.serve();
  const dir = await platform.inputDir({ "a.csv": "x\n1\n" });
  const sent = await run([
    ...["fetch", "-u", "Customer-1", "-p", "password-1", "-d", dir, "--server", url],
  ]);
  assert.equal(sent.code, 3);
  assert.match(sent.stderr, /Cannot sign in as "Customer-1"/);
  await process.stop();
  const reported = process.records().filter(({ event }) => event === "accounts.invalid_name");
  assert.equal(reported.length, 1, process.transcript());
  assert.equal(reported[0]?.["level"], "WARN");
  assert.deepEqual(reported[0]?.["names"], ["Customer-1"]);
});
