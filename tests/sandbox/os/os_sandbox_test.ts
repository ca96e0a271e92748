import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { type Confinement, osSandbox } from "../../../src/sandbox/os/os_sandbox.ts";
import { SECCOMP_FILTERS } from "../../../src/sandbox/kernel/seccomp_filter.ts";

const os = osSandbox();
if (!os.active) console.log(`The OS sandbox is not tested: ${os.why}`);

/** A test that needs the OS sandbox; ignored without it, which CI treats as a failure. */
function test(name: string, body: () => Promise<void>): void {
  Deno.test({ name, ignore: !os.active, fn: body });
}

/** Runs a program in the OS sandbox to its end. */
async function confined(confinement: Omit<Confinement, "cpuSeconds">, cpuSeconds = 20) {
  assert.ok(os.active);
  const { program, args } = os.confine({ cpuSeconds, ...confinement });
  // Neither the host's environment nor its working folder may be visible inside.
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    env: { CANARY: "canary-of-the-environment" },
    cwd: import.meta.dirname,
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

test("a confined program can read itself, its libraries and named paths, and cannot write", async () => {
  const { stdout } = await confined({ program: "/bin/ls", args: ["-A", "/", "/etc", "/sandbox"] });
  const [top = ""] = stdout.split("\n\n");
  const allowed = ["bin", "dev", "lib", "lib64", "proc", "sandbox", "usr"];
  assert.deepEqual(
    top.split("\n").filter((name) => !/^\/?:?$/.test(name) && !allowed.includes(name)),
    [],
  );
  assert.doesNotMatch(stdout, /passwd/);
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/a.txt`, "what was named\n");
  const readOnly = { "/module": folder };
  const cat = await confined({ program: "/bin/cat", args: ["/module/a.txt"], readOnly });
  assert.equal(cat.stdout, "what was named\n");
  for (const path of ["/etc/passwd", `${folder}/a.txt`, "/proc/1/environ", "/proc/self/environ"]) {
    const { code, stdout } = await confined({ program: "/bin/cat", args: [path], readOnly });
    assert.deepEqual([code, stdout], [1, ""], path);
  }
  for (const path of ["/module/b", "/sandbox/b", "/b", "/dev/b"]) {
    const { code } = await confined({ program: "/usr/bin/touch", args: [path], readOnly });
    assert.notEqual(code, 0, path);
  }
  assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["a.txt"]);
  await Deno.remove(folder, { recursive: true });
});

test("a confined program has an empty environment and an empty working folder", async () => {
  const env = await confined({ program: "/usr/bin/env", args: [] });
  assert.equal(env.stdout, "PWD=/sandbox\n");
  const pwd = await confined({ program: "/bin/pwd", args: [] });
  assert.equal(pwd.stdout, "/sandbox\n");
});

test("a confined program has none of the host's inherited descriptors", async () => {
  assert.ok(os.active);
  const python = "/usr/bin/python3";
  const script = `
import os
def is_open(fd):
    try: return os.fstat(fd) and True
    except OSError: return False
print([fd for fd in range(256) if is_open(fd)])
`;
  const { program, args } = os.confine({
    program: python,
    args: ["-c", script],
    cpuSeconds: 20,
    readOnly: { "/usr/lib": "/usr/lib" },
  });
  // As a service manager or a shell may start it: with files open for writing.
  const file = await Deno.makeTempFile();
  const { stdout } = await new Deno.Command("/bin/bash", {
    args: ["-c", 'exec 7>>"$0" 10>>"$0" 200>>"$0"; exec "$@"', file, program, ...args],
  }).output();
  assert.equal(new TextDecoder().decode(stdout), "[0, 1, 2]\n");
  await Deno.remove(file);
});

test("a confined program cannot start another one", async () => {
  const { code, stderr } = await confined({ program: "/bin/sh", args: ["-c", "echo a | cat"] });
  assert.notEqual(code, 0);
  assert.match(stderr, /fork/i);
});

test("a confined program has no network, no namespaces and no access to other processes", async () => {
  const python = "/usr/bin/python3";
  assert.ok(existsSync(python), "this test needs Debian's python3");
  const script = `
import ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)
def errno_of(call):
    try: return call() and 0
    except OSError as e: return e.errno
def raw(*args):
    return ctypes.get_errno() if libc.syscall(*args) < 0 else 0
families = [socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_PACKET, socket.AF_VSOCK]
print([errno_of(lambda: socket.socket(f, socket.SOCK_RAW)) for f in families])
print([raw(n, 0, 0, 0, 0) for n in (272, 165, 101, 321, 250, 298)])  # unshare mount ptrace bpf keyctl perf
print(raw(425, 8, 0), raw(435, 0, 0))  # io_uring_setup clone3
print(os.getpid(), os.getuid())
`;
  const readOnly = { "/usr/lib": "/usr/lib" };
  const { stdout, stderr } = await confined({ program: python, args: ["-c", script], readOnly });
  const [sockets, calls, absent, ids] = stdout.trim().split("\n");
  assert.equal(sockets, "[1, 1, 1, 1, 1]", stderr);
  assert.equal(calls, "[1, 1, 1, 1, 1, 1]");
  assert.equal(absent, "38 38");
  assert.equal(ids, "2 65534");
});

test("the kernel kills a confined program at its CPU time limit", async () => {
  const loop = "while :; do :; done";
  const { code } = await confined({ program: "/bin/sh", args: ["-c", loop] }, 1);
  assert.equal(code, 128 + 9);
});

test("killing the command ends all of the confined program", async () => {
  assert.ok(os.active);
  const { program, args } = os.confine({ program: "/bin/cat", args: [], cpuSeconds: 20 });
  const command = new Deno.Command(program, { args, stdin: "piped", stdout: "piped" }).spawn();
  const input = command.stdin.getWriter();
  await input.write(new TextEncoder().encode("it runs"));
  const output = command.stdout.getReader();
  assert.equal(new TextDecoder().decode((await output.read()).value), "it runs");
  command.kill("SIGKILL");
  // The pipe closes when the last process that has it ends.
  assert.equal((await output.read()).done, true);
  await command.status;
  await input.abort();
});

const GENERATOR = new URL("../../../scripts/seccomp/generate.py", import.meta.url).pathname;
const hasLibseccomp = existsSync("/usr/lib/python3/dist-packages") &&
  [...Deno.readDirSync("/usr/lib/python3/dist-packages")].some(({ name }) =>
    /^seccomp\./.test(name)
  );
if (!hasLibseccomp) {
  console.log("The filter is not compared: python3-seccomp is not installed");
}

Deno.test({
  name: "the committed system call filter is the one that libseccomp generates",
  ignore: !hasLibseccomp,
  fn: async () => {
    const { stdout } = await new Deno.Command("/usr/bin/python3", { args: [GENERATOR] }).output();
    const path = await Deno.makeTempFile({ suffix: ".ts" });
    await Deno.writeFile(path, stdout);
    const made = await import(`file://${path}`);
    assert.deepEqual(SECCOMP_FILTERS, made.SECCOMP_FILTERS);
    await Deno.remove(path);
  },
});
