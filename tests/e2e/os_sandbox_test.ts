import assert from "node:assert/strict";
import { osSandbox } from "../../src/sandbox/os/os_sandbox.ts";
import { keepAll } from "../harness/modules.ts";
import { Platform } from "../harness/platform.ts";
import { binary } from "../harness/binary.ts";
import { childrenOf, Running } from "../harness/process.ts";
import { until } from "../harness/until.ts";

const layer = osSandbox();
const WITHOUT = { env: { PATH: "/nowhere" } };

Deno.test({
  name: "manage says in one line which layers are active, and its sandboxes are inside them",
  ignore: !layer.active,
  fn: async () => {
    await using platform = await Platform.create("[manage]\nscan_seconds = 0.5\n");
    await platform.deploy("t1", keepAll());
    const manage = platform.manage("--require-os-sandbox");
    await platform.stage("t1", "a.csv", "x\n1\n");
    assert.equal((await platform.settled("t1", "a.csv")).state, "ingested", manage.transcript());
    const told = manage.records().filter(({ event }) => /^sandbox\./.test(String(event)));
    assert.deepEqual(told.map(({ event, level }) => [event, level]), [["sandbox.layers", "INFO"]]);
    assert.match(
      String(told[0]?.layers),
      /^compartment, .*, bubblewrap [\d.]+, Landlock \(ABI \d+\), seccomp, RLIMIT_DATA/,
    );
    // A group for each sandbox, or the reason why there is none.
    const hasGroups = /, control groups$/.test(String(told[0]?.layers));
    assert.equal(typeof told[0]?.noControlGroups, hasGroups ? "undefined" : "string");
    // The spare sandbox for the next file.
    const { inner, status } = await until("the spare sandbox has its filter", () => {
      const inner = innermost(manage.pid);
      if (inner === undefined) return null;
      const status = Deno.readTextFileSync(`/proc/${inner}/status`);
      return /^Seccomp:\s2$/m.test(status) ? { inner, status } : null;
    });
    assert.match(status, /^NoNewPrivs:\s1$/m);
    assert.match(status, /^CapEff:\s0+$/m);
    for (const kind of ["user", "mnt", "pid", "net", "ipc", "uts"]) {
      const of = (pid: number) => Deno.readLinkSync(`/proc/${pid}/ns/${kind}`);
      assert.notEqual(of(inner), of(Deno.pid), kind);
    }
    assert.equal(
      Deno.readTextFileSync(`/proc/${inner}/environ`).replaceAll("\0", " ").trim(),
      "PWD=/sandbox",
    );
    const limits = Deno.readTextFileSync(`/proc/${inner}/limits`);
    assert.match(limits, /^Max core file size +0 +0/m);
    assert.match(limits, /^Max file size +0 +0/m);
    assert.match(limits, /^Max cpu time +\d+ +\d+/m);
    assert.equal((await manage.stop()).code, 0);
  },
});

/** The process at the end of the chain sandbox → bubblewrap → its first process → program. */
function innermost(manage: number): number | undefined {
  const chain = [manage];
  for (let pid = childrenOf(manage)[0]; pid !== undefined; pid = childrenOf(pid)[0]) {
    chain.push(pid);
  }
  return chain.length > 3 ? chain.at(-1) : undefined;
}

Deno.test("without bubblewrap, the kernel layers are the OS sandbox", async () => {
  await using platform = await Platform.create("[manage]\nscan_seconds = 0.5\n");
  await platform.deploy("t1", keepAll());
  const manage = platform.start(["manage", "--require-os-sandbox"], WITHOUT);
  await platform.stage("t1", "a.csv", "x\n1\n");
  assert.equal((await platform.settled("t1", "a.csv")).state, "ingested", manage.transcript());
  const told = manage.records().filter(({ event }) => /^sandbox\./.test(String(event)));
  assert.deepEqual(told.map(({ event, level }) => [event, level]), [["sandbox.layers", "INFO"]]);
  assert.match(String(told[0]?.layers), /, Landlock \(ABI \d+\), seccomp, RLIMIT_DATA/);
  assert.equal(told[0]?.noNativePrograms, "bubblewrap is not installed");
  // The spare sandbox for the next file, which is not locked yet.
  const spare = await until("the spare sandbox is there", () => childrenOf(manage.pid)[0]);
  await until("its Worker's thread has no new privileges", () => {
    const threads = [...Deno.readDirSync(`/proc/${spare}/task`)].map(({ name }) => name);
    return threads.some((id) =>
      /^NoNewPrivs:\s1$/m.test(Deno.readTextFileSync(`/proc/${spare}/task/${id}/status`))
    );
  });
  assert.equal((await manage.stop()).code, 0);
});

/** Starts the binary as on a kernel without Landlock. */
const WITHOUT_LANDLOCK = `
import os, sys, seccomp
found = seccomp.SyscallFilter(seccomp.ALLOW)
found.add_rule(seccomp.ERRNO(38), "landlock_create_ruleset")
found.load()
os.execv(sys.argv[1], sys.argv[1:])
`;
const PYTHON = "/usr/bin/python3";
const canHideLandlock = new Deno.Command(PYTHON, { args: ["-c", "import seccomp"] }).outputSync()
  .success;
if (!canHideLandlock) {
  console.log("python3-seccomp is missing: a kernel without Landlock is not tested");
}

/** The binary without bubblewrap and without Landlock. */
function bare(args: string[], env: Record<string, string> = {}): Running {
  const all = ["-c", WITHOUT_LANDLOCK, binary(), ...args];
  return new Running(all, { env: { ...WITHOUT.env, ...env } }, PYTHON);
}

Deno.test({
  name:
    "without bubblewrap and Landlock, manage warns and works; where a layer is required, it refuses",
  ignore: !canHideLandlock,
  fn: (t) => warnsOrRefuses(t),
});

async function warnsOrRefuses(t: Deno.TestContext): Promise<void> {
  await using platform = await Platform.create();
  const args = (...more: string[]) => [...more, "--data", platform.data];
  await t.step("it warns and works", async () => {
    await platform.deploy("t1", keepAll());
    await platform.stage("t1", "a.csv", "x\n1\n");
    const manage = platform.own(bare(args("manage", "run", "--once")));
    assert.equal((await manage.ended()).code, 0, manage.transcript());
    const told = manage.records().filter(({ event }) => /^sandbox\./.test(String(event)));
    assert.deepEqual(told.map(({ event, level }) => [event, level]), [
      ["sandbox.without_os", "WARN"],
    ]);
    assert.equal(told[0]?.why, "bubblewrap is not installed, and the kernel lacks Landlock");
    assert.match(String(told[0]?.layers), /, seccomp, RLIMIT_DATA/);
  });
  const dir = "tenants/template";
  const file = `${dir}/samples/readings.csv`;
  const commands = [
    ["manage", "run", "--once"],
    ["manage", "tenant", "deploy", "t1", dir],
    ["manage", "tenant", "test", dir, file],
  ];
  for (const command of commands) {
    await t.step(`${command.join(" ")} refuses`, async () => {
      const running = platform.own(bare(args(...command, "--require-os-sandbox")));
      const { code } = await running.ended();
      assert.equal(code, 2, running.transcript());
      assert.match(
        running.stderr.text,
        /the OS sandbox is not available: bubblewrap is not instal/,
      );
      assert.match(running.stderr.text, /hint: Use Linux 5\.13 or newer/);
    });
  }
  await t.step("by a variable, too", async () => {
    const env = { MYSIMBDP_SANDBOX_REQUIRE_OS_SANDBOX: "true" };
    const running = platform.own(bare(args("manage", "run", "--once"), env));
    assert.equal((await running.ended()).code, 2);
  });
  await t.step("by the configuration file, too", async () => {
    const config = `${platform.data}/mysimbdp.toml`;
    await Deno.writeTextFile(config, "[sandbox]\nrequire_os_sandbox = true\n");
    const running = platform.own(bare(args("manage", "run", "--once")));
    assert.equal((await running.ended()).code, 2);
  });
}

/** Starts a program under a unit's SystemCallFilter, as this version of systemd understands it. */
const UNDER_FILTER = `
import os, seccomp, subprocess, sys
def names(group):
    if not group.startswith("@"): return [group]
    listed = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True)
    lines = [line.strip() for line in listed.stdout.splitlines()[1:]]
    return [name for line in lines if line and line[0] != "#" for name in names(line)]
allowed = [name for group in sys.argv[1].split() for name in names(group)]
assert len(allowed) > 100, "systemd-analyze lists too few calls"
found = seccomp.SyscallFilter(seccomp.ERRNO(1))
for name in allowed:
    try: found.add_rule(seccomp.ALLOW, name)
    except RuntimeError: pass
found.load()
os.execv(sys.argv[2], sys.argv[2:])
`;
const MANAGE_CALLS =
  "@system-service @mount seccomp landlock_create_ruleset landlock_restrict_self";

Deno.test({
  name: "the kernel layers work under the unit of manage",
  ignore: !canHideLandlock,
  fn: async () => {
    const { stdout, stderr } = await new Deno.Command(PYTHON, {
      args: ["-c", UNDER_FILTER, MANAGE_CALLS, binary(), "__layers"],
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    assert.match(
      text(stdout),
      /^\["Landlock \(ABI \d+\)","seccomp","RLIMIT_DATA"\]$/m,
      text(stderr),
    );
  },
});

Deno.test("the unit of manage allows what bubblewrap needs, the one of serve does not", async () => {
  await using platform = await Platform.create();
  const [serve = "", manage = ""] = (await platform.must("manage", "units", "--print"))
    .split("# mysimbdp-manage.service");
  const line = (unit: string, key: string) => new RegExp(`^${key}=(.*)$`, "m").exec(unit)?.[1];
  assert.equal(line(serve, "RestrictNamespaces"), "yes");
  assert.equal(line(serve, "SystemCallFilter"), "@system-service");
  assert.equal(line(manage, "RestrictNamespaces"), "cgroup ipc mnt net pid user uts");
  assert.equal(line(manage, "SystemCallFilter"), MANAGE_CALLS);
  assert.match(line(manage, "RestrictAddressFamilies") ?? "", /\bAF_NETLINK\b/);
  assert.equal(line(manage, "NoNewPrivileges"), "yes");
});

Deno.test("the unit of manage delegates control groups, and no sandbox's end ends a service", async () => {
  await using platform = await Platform.create();
  const [serve = "", manage = ""] = (await platform.must("manage", "units", "--print"))
    .split("# mysimbdp-manage.service");
  assert.match(manage, /^Delegate=cpu memory pids$/m);
  assert.doesNotMatch(manage, /^ProtectControlGroups=/m);
  assert.match(serve, /^ProtectControlGroups=yes$/m);
  for (const unit of [serve, manage]) assert.match(unit, /^OOMPolicy=continue$/m);
});
