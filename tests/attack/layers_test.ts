import assert from "node:assert/strict";
import type { ProcessLimits } from "../../src/sandbox/host/limits.ts";
import { osSandbox } from "../../src/sandbox/os/os_sandbox.ts";
import { Sandbox } from "../../src/sandbox/host/sandbox.ts";
import {
  type Answer,
  attackIn,
  buildStripped,
  commandOf,
  type Outer,
  PROGRAM,
  type Stripped,
} from "./layers/stripped.ts";

const layer = osSandbox();
if (!layer.active) console.log(`bubblewrap is not attacked: ${layer.why}`);
const isLinux = Deno.build.os === "linux";

const CANARY = "canary-of-a-file-of-the-platform-51ce";
const folder = Deno.makeTempDirSync({ prefix: "mysimbdp-layers-" });
const secret = `${folder}/secret.json`;
Deno.writeTextFileSync(secret, JSON.stringify({ secret: CANARY }));
Deno.writeTextFileSync(`${folder}/code.js`, `export default "${CANARY}";`);
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

await buildStripped();

/** What the attack tries, its code, and how it is refused. */
type Refused = [what: string, code: string, refused: RegExp];
/** What the attack tries, its code, the failure's code, and the limits it runs under. */
type Ended = [what: string, code: string, failure: RegExp, limits?: Partial<ProcessLimits>];

function cannot({ bubblewrap = false, kernel = false }: Outer): boolean {
  return (bubblewrap && !layer.active) || (kernel && !isLinux);
}

function refusals(
  name: string,
  stripped: Stripped,
  outer: Outer,
  table: Refused[],
): void {
  Deno.test({
    name,
    ignore: cannot(outer),
    fn: async (t) => {
      for (const [what, code, refused] of table) {
        await t.step(what, async () => {
          const answer = await attackIn(stripped, outer, code);
          assert.match(answer.refused ?? JSON.stringify(answer), refused);
          assert.doesNotMatch(JSON.stringify(answer), new RegExp(CANARY));
        });
      }
    },
  });
}

function ends(name: string, stripped: Stripped, outer: Outer, table: Ended[]): void {
  Deno.test({
    name,
    ignore: cannot(outer),
    fn: async (t) => {
      for (const [what, code, failure, limits] of table) {
        await t.step(what, async () => {
          let answer: Answer | null = null;
          await assert.rejects(async () => {
            answer = await attackIn(stripped, { ...outer, ...limits }, code);
          }, (error: { code?: string }) => {
            assert.match(error.code ?? String(error), failure);
            return true;
          });
          assert.equal(answer, null);
        });
      }
    },
  });
}

const RAW_SOCKET = `
  const libc = Deno.dlopen("libc.so.6", {
    socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
    unshare: { parameters: ["i32"], result: "i32" },
    fork: { parameters: [], result: "i32" },
    ptrace: { parameters: ["i32", "i32", "i32", "i32"], result: "i64" },
    mount: { parameters: ["buffer", "buffer", "buffer", "u64", "buffer"], result: "i32" },
    memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
    ftruncate: { parameters: ["i32", "i64"], result: "i32" },
  }).symbols;
  const text = (s) => new TextEncoder().encode(s + "\\0");
  const refused = (n) => { if (Number(n) >= 0) throw new Error("GOT " + n); };`;

refusals("the Worker's layer holds without the compartment", "worker", {}, [
  ["read a file", `return Deno.readTextFileSync("${secret}")`, /NotCapable: Requires read/],
  ["list a folder", `return [...Deno.readDirSync("${folder}")]`, /NotCapable: Requires read/],
  ["write a file", `Deno.writeTextFileSync("${folder}/x", "y")`, /NotCapable: Requires write/],
  ["environment", `return Deno.env.toObject()`, /NotCapable: Requires env/],
  ["host name", `return Deno.hostname()`, /NotCapable: Requires sys/],
  ["connect", `await Deno.connect({ port: 22 })`, /NotCapable: Requires net/],
  ["listen", `Deno.listen({ port: 0 })`, /NotCapable: Requires net/],
  ["fetch", `return await (await fetch("http://127.0.0.1:1/")).text()`, /NotCapable: Requires net/],
  [
    "fetch a file",
    `return await (await fetch("file://${secret}")).text()`,
    /NotCapable|Requires read/,
  ],
  ["start a program", `new Deno.Command("/bin/ps").outputSync()`, /NotCapable: Requires run/],
  ["load a library", `Deno.dlopen("libc.so.6", {})`, /NotCapable: Requires ffi/],
  ["node:fs", `return (await import("node:fs")).readFileSync("${secret}", "utf8")`, /NotCapable/],
  [
    "node:child_process",
    `return (await import("node:child_process")).execSync("id")`,
    /NotCapable/,
  ],
  ["KV", `await Deno.openKv("${folder}/kv")`, /NotCapable|not a function/],
  [
    "ask for permissions",
    `const { state } = await Deno.permissions.request({ name: "read" }); throw new Error(state)`,
    /Error: (denied|prompt)/,
  ],
  [
    "a nested Worker with more permissions",
    `new Worker("data:text/javascript,1", { type: "module", deno: { permissions: "inherit" } });
     new Worker("data:text/javascript,1", { type: "module", deno: { permissions: { read: true } } })`,
    /escalate|NotCapable|Can't/i,
  ],
]);

// A reason for the outer layers: in a compiled program import() needs no permission.
Deno.test("the hole in the Worker's layer exists, and both outer layers close it", async (t) => {
  const hole = [
    `return (await import("file://${secret}", { with: { type: "json" } })).default.secret`,
    `return (await import("file://${folder}/code.js")).default`,
  ];
  await t.step("it exists", async () => {
    for (const code of hole) assert.equal((await attackIn("worker", {}, code)).got, CANARY);
  });
  const closed = async (outer: Outer, refusal: RegExp) => {
    for (const code of [...hole, `return await import("file:///etc/passwd")`]) {
      assert.match((await attackIn("worker", outer, code)).refused ?? "", refusal);
    }
  };
  await t.step({
    name: "bubblewrap closes it",
    ignore: cannot({ bubblewrap: true }),
    fn: () => closed({ bubblewrap: true }, /Module not found/),
  });
  await t.step({
    name: "the kernel layers close it",
    ignore: cannot({ kernel: true }),
    fn: () => closed({ kernel: true }, /not permitted|denied/),
  });
});

const LOOP = "for (;;);";
const SPINNING_WORKERS = `for (let n = 0; n < 4; n++)
  new Worker("data:text/javascript,for(;;);", { type: "module" });
  await new Promise(() => {});`;
const MANY_WORKERS = `for (let n = 0; n < 600; n++)
  new Worker("data:text/javascript,setInterval(()=>{},1000)", { type: "module" });
  await new Promise(() => {});`;
const BUFFERS = `const held = []; for (;;) held.push(new Uint8Array(1 << 24).fill(1));`;
const WASM = `const { buffer } = new WebAssembly.Memory({ initial: 30000 });
  new Uint8Array(buffer).fill(1); ${LOOP}`;
const PAGE_TABLES = `const held = []; for (let n = 0; n < 200; n++) {
  const array = new Uint8Array(2 ** 32); held.push(array);
  for (let at = 0; at < array.length; at += 2 ** 21) if (array[at]) throw 0; } ${LOOP}`;
const REPLY = `const say = (reply) => self.postMessage({ type: "reply", reply });`;
const MEMORY = { memoryBytes: 256 * 1024 ** 2 };

const ENDED_IN_WORKER: Ended[] = [
  ["an endless loop", LOOP, /^sandbox-time$/, { seconds: 2 }],
  ["threads that spin", SPINNING_WORKERS, /^sandbox-cpu$/, { cpuSeconds: 2 }],
  ["threads without number", MANY_WORKERS, /^sandbox-(threads|memory|exit)$/],
  ["memory by buffers", BUFFERS, /^sandbox-memory$/, MEMORY],
  ["memory by WebAssembly", WASM, /^sandbox-memory$/, MEMORY],
  [
    "memory of its main thread, by messages",
    `${REPLY} const json = "y".repeat(1e6);
    for (;;) self.postMessage({ type: "rejects", json: json + Math.random() });`,
    /^sandbox-memory$/,
    MEMORY,
  ],
  ["output that is not a message", `console.log("y".repeat(100)); ${LOOP}`, /^sandbox-forged$/],
  [
    "a result of another kind",
    `${REPLY} say({ type: "done", rows: { read: 1, stored: 1, replaced: 0, rejected: 0, skipped: 0, written: 1 } }); ${LOOP}`,
    /^sandbox-forged$/,
  ],
  ["a message of no shape", `${REPLY} say({ type: "described!" }); ${LOOP}`, /^sandbox-forged$/],
  [
    "a flood of log lines",
    `${REPLY} for (let n = 0; n < 2000; n++) say({ type: "log", text: "y" }); ${LOOP}`,
    /^sandbox-output$/,
  ],
  [
    "a log line of 10 MB",
    `${REPLY} say({ type: "log", text: "y".repeat(1e7) }); ${LOOP}`,
    /^sandbox-output$/,
  ],
  ["to go away in silence", `self.close(); ${LOOP}`, /^sandbox-(time|exit)$/, { seconds: 2 }],
  ["to end the process", `Deno.exit(0)`, /^sandbox-(time|exit)$/, { seconds: 2 }],
];
ends("the process's limits hold without the compartment", "worker", {}, ENDED_IN_WORKER);

ends("the process's limits hold without the Worker", "process", {}, [
  ["an endless loop", LOOP, /^sandbox-time$/, { seconds: 2 }],
  ["threads that spin", SPINNING_WORKERS, /^sandbox-cpu$/, { cpuSeconds: 2 }],
  ["memory", BUFFERS, /^sandbox-memory$/, MEMORY],
  ["memory by page tables", PAGE_TABLES, /^sandbox-memory$/, MEMORY],
  ["a file", `Deno.writeTextFileSync("${folder}/x", "y".repeat(1e6))`, /^sandbox-exit$/],
  [
    "the heap's own end",
    `const held = []; for (;;) held.push(new Array(1e6).fill(Math.random()))`,
    /^sandbox-memory$/,
    MEMORY,
  ],
  [
    "processes that eat memory",
    `for (let n = 0; n < 4; n++) new Deno.Command("/usr/bin/tail",
     { args: ["/dev/zero"] }).spawn(); await new Promise(() => {})`,
    /^sandbox-memory$/,
    MEMORY,
  ],
  [
    "processes that spin",
    `for (let n = 0; n < 4; n++) new Deno.Command("/bin/sh",
     { args: ["-c", "while :; do :; done"] }).spawn(); await new Promise(() => {})`,
    /^sandbox-cpu$/,
    { cpuSeconds: 2 },
  ],
  ["to end itself", `Deno.kill(Deno.pid, "SIGKILL")`, /^sandbox-exit$/],
]);

const NOT_THERE = /NotFound|No such file|not found/i;
refusals("bubblewrap holds without Worker and compartment", "process", { bubblewrap: true }, [
  ["read a file of the platform", `return Deno.readTextFileSync("${secret}")`, NOT_THERE],
  ["read a file of the system", `return Deno.readTextFileSync("/etc/passwd")`, NOT_THERE],
  ["import a file", `return (await import("file://${folder}/code.js")).default`, NOT_THERE],
  [
    "read it by node:fs",
    `return (await import("node:fs")).readFileSync("${secret}", "utf8")`,
    NOT_THERE,
  ],
  ["go up", `return Deno.readTextFileSync("../../../../..${secret}")`, NOT_THERE],
  ["the process list", `return [...Deno.readDirSync("/proc/1")]`, NOT_THERE],
  ["another's environment", `return Deno.readTextFileSync("/proc/${Deno.pid}/environ")`, NOT_THERE],
  ["its own arguments", `return Deno.readTextFileSync("/proc/self/cmdline")`, NOT_THERE],
  [
    "the supervisor's open files",
    `return Deno.readTextFileSync("/proc/${Deno.pid}/fd/0")`,
    NOT_THERE,
  ],
  ["kill the supervisor", `Deno.kill(${Deno.pid}, "SIGKILL")`, /NotFound|ESRCH|No such process/],
  ["write into its folder", `Deno.writeTextFileSync("/sandbox/x", "y")`, /Read-only/],
  [
    "write over the program",
    `Deno.writeTextFileSync(Deno.execPath(), "y")`,
    /Read-only|Text file busy|denied/,
  ],
  // If the program itself is below /tmp, its folders exist inside, but nothing else.
  ["write elsewhere", `Deno.writeTextFileSync("/tmp/x", "y")`, /NotFound|Read-only/],
  ["make a device", `Deno.writeTextFileSync("/dev/x", "y")`, /Read-only|denied/],
  ["start itself", `new Deno.Command(Deno.execPath()).outputSync()`, /not permitted/],
  ["start a shell", `new Deno.Command("/bin/sh").outputSync()`, /not permitted|NotFound/],
  ["connect", `await Deno.connect({ hostname: "127.0.0.1", port: 22 })`, /not permitted/],
  ["listen", `Deno.listen({ port: 0 })`, /not permitted/],
  ["look up a name", `await Deno.resolveDns("example.com", "A")`, NOT_THERE],
  [
    "a socket past the namespace",
    `${RAW_SOCKET} refused(libc.socket(40, 1, 0)); throw new Error("refused")`,
    /refused/,
  ],
  [
    "a raw socket",
    `${RAW_SOCKET} refused(libc.socket(17, 3, 0)); throw new Error("refused")`,
    /refused/,
  ],
  [
    "a namespace of its own",
    `${RAW_SOCKET} refused(libc.unshare(0x10000000)); throw new Error("refused")`,
    /refused/,
  ],
  ["fork", `${RAW_SOCKET} refused(libc.fork()); throw new Error("refused")`, /refused/],
  [
    "trace a process",
    `${RAW_SOCKET} refused(libc.ptrace(16, 1, 0, 0)); throw new Error("refused")`,
    /refused/,
  ],
  [
    "mount",
    `${RAW_SOCKET} refused(libc.mount(text("none"), text("/sandbox"), text("tmpfs"), 0n, text(""))); throw new Error("refused")`,
    /refused/,
  ],
]);

const RAW = `
  const { symbols: libc } = Deno.dlopen("libc.so.6", {
    open: { parameters: ["buffer", "i32"], result: "i32" },
    stat: { parameters: ["buffer", "buffer"], result: "i32" },
    chmod: { parameters: ["buffer", "u32"], result: "i32" },
    rename: { parameters: ["buffer", "buffer"], result: "i32" },
    socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
    execve: { parameters: ["buffer", "buffer", "buffer"], result: "i32" },
    fork: { parameters: [], result: "i32" },
    vfork: { parameters: [], result: "i32" },
    kill: { parameters: ["i32", "i32"], result: "i32" },
    killpg: { parameters: ["i32", "i32"], result: "i32" },
    ptrace: { parameters: ["i32", "i32", "i32", "i32"], result: "i64" },
    process_vm_readv:
      { parameters: ["i32", "buffer", "u64", "buffer", "u64", "u64"], result: "i64" },
    setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
    prlimit: { parameters: ["i32", "i32", "buffer", "buffer"], result: "i32" },
    setpriority: { parameters: ["i32", "u32", "i32"], result: "i32" },
    unshare: { parameters: ["i32"], result: "i32" },
    mount: { parameters: ["buffer", "buffer", "buffer", "u64", "buffer"], result: "i32" },
  });
  const text = (s) => new TextEncoder().encode(s + "\\0");
  const NONE = new BigUint64Array([2n ** 64n - 1n, 2n ** 64n - 1n]);
  const refused = (...calls) => {
    for (const call of calls) if (Number(call()) !== -1) throw new Error("GOT " + call);
    throw new Error("all refused");
  };`;
const DENIED = /NotPermitted|not permitted|denied|EPERM/i;
const HOST = Deno.pid;

/** What must not work although the runtime permits it. */
const KERNEL_REFUSALS: Refused[] = [
  ["read a file", `return Deno.readTextFileSync("${secret}")`, DENIED],
  ["read a file on another thread", `return await Deno.readTextFile("${secret}")`, DENIED],
  [
    "read files on many threads",
    `const all = await Promise.allSettled(Array.from({ length: 64 },
      () => Deno.readTextFile("${secret}")));
     const got = all.find(({ status }) => status === "fulfilled");
     if (got) return got.value; throw all[0].reason`,
    DENIED,
  ],
  [
    "node:fs",
    `return await (await import("node:fs/promises")).readFile("${secret}", "utf8")`,
    DENIED,
  ],
  [
    "import JSON",
    `return (await import("file://${secret}", { with: { type: "json" } })).default.secret`,
    DENIED,
  ],
  ["import code", `return (await import("file://${folder}/code.js")).default`, DENIED],
  ["fetch a file", `return await (await fetch("file://${secret}")).text()`, /TypeError: /],
  ["list a folder", `return [...Deno.readDirSync("${folder}")]`, DENIED],
  ["its size", `return Deno.statSync("${secret}").size`, DENIED],
  ["where a link leads", `return Deno.readLinkSync("/proc/self/exe")`, DENIED],
  ["write a file", `Deno.writeTextFileSync("${folder}/x", "y")`, DENIED],
  ["write over the program", `await Deno.writeTextFile("${PROGRAM}", "y")`, DENIED],
  ["change its mode", `Deno.chmodSync("${secret}", 0o777)`, DENIED],
  ["remove it", `Deno.removeSync("${secret}")`, DENIED],
  ["the host's environment", `return Deno.readTextFileSync("/proc/${HOST}/environ")`, DENIED],
  ["its own environment", `return Deno.readTextFileSync("/proc/self/environ")`, DENIED],
  ["connect", `await Deno.connect({ hostname: "127.0.0.1", port: 22 })`, DENIED],
  ["listen", `Deno.listen({ port: 0 })`, DENIED],
  ["fetch", `return await (await fetch("http://127.0.0.1:1/")).text()`, DENIED],
  ["look up a name", `return await Deno.resolveDns("localhost", "A")`, /./],
  ["connect to a name", `await Deno.connect({ hostname: "localhost", port: 22 })`, /./],
  [
    "UDP, and sockets of every other family",
    `${RAW} refused(...[1, 2, 10, 16, 17, 38, 40].flatMap((family) => [1, 2, 3].map((type) =>
      () => libc.socket(family, type, 0))))`,
    /all refused/,
  ],
  ["start a program", `new Deno.Command("/bin/ps").outputSync()`, DENIED],
  ["start itself", `await new Deno.Command("${PROGRAM}").output()`, /not permitted|NotFound/],
  [
    "become another program",
    `${RAW} refused(() => libc.execve(text("/bin/ps"), null, null))`,
    /all/,
  ],
  ["fork", `${RAW} refused(() => libc.fork(), () => libc.vfork())`, /all refused/],
  ["end the host", `Deno.kill(${HOST}, "SIGTERM")`, DENIED],
  ["end its parent", `Deno.kill(Deno.ppid, "SIGCONT")`, DENIED],
  [
    "signals to processes and groups",
    `${RAW} refused(...[${HOST}, 1, 0, -1, -${HOST}].map((pid) => () => libc.kill(pid, 0)),
      () => libc.killpg(0, 0))`,
    /all refused/,
  ],
  [
    "another's memory",
    `${RAW} const vector = new BigUint64Array(2);
     refused(() => libc.ptrace(16, ${HOST}, 0, 0),
       () => libc.process_vm_readv(${HOST}, vector, 1n, vector, 1n, 0n))`,
    /all refused/,
  ],
  [
    "raise its limits, and those of others",
    `${RAW} refused(...[1, 2, 7, 9].flatMap((which) => [() => libc.setrlimit(which, NONE),
       () => libc.prlimit(0, which, NONE, null), () => libc.prlimit(${HOST}, which, NONE, null)]),
       () => libc.setpriority(0, ${HOST}, 19))`,
    /all refused/,
  ],
  [
    "files, past the runtime",
    `${RAW} const into = new Uint8Array(256); refused(
      () => libc.open(text("${secret}"), 0), () => libc.open(text("/proc/self/maps"), 0),
      () => libc.stat(text("${secret}"), into), () => libc.chmod(text("${secret}"), 0o777),
      () => libc.rename(text("${secret}"), text("${folder}/y")))`,
    /all refused/,
  ],
  [
    "namespaces and mounts",
    `${RAW} refused(() => libc.unshare(0x10000000), () => libc.unshare(0x40000000),
      () => libc.mount(text("none"), text("/tmp"), text("tmpfs"), 0n, null))`,
    /all refused/,
  ],
];
refusals(
  "the kernel layers hold with a Worker that may do everything",
  "permitted",
  { kernel: true },
  KERNEL_REFUSALS,
);
refusals(
  "the kernel layers bind threads that existed before them",
  "process",
  { kernel: true },
  KERNEL_REFUSALS,
);

// 200 arrays of 4 GB are 400 KB of memory each when one byte of every 2 MB is read, all in page tables.
const UNTOUCHED = `const held = []; let sum = 0;
  for (let n = 0; n < 200; n++) {
    const one = new Uint8Array(4e9);
    for (let at = 0; at < one.length; at += 2 ** 21) sum += one[at];
    held.push(one);
  }
  return sum;`;
ends("the process's limits hold with the kernel layers", "permitted", { kernel: true }, [
  ["memory", BUFFERS, /^sandbox-memory$/, MEMORY],
  [
    "the heap's own end",
    `const held = []; for (;;) held.push(new Array(1e6).fill(Math.random()))`,
    /^sandbox-memory$/,
    MEMORY,
  ],
  [
    "small objects",
    `const held = []; for (;;) held.push({ a: Math.random(), b: [1] });`,
    /^sandbox-memory$/,
    MEMORY,
  ],
  [
    "memory that the runtime needs itself",
    `return new TextEncoder().encode("y".repeat(4e8)).length`,
    /^sandbox-memory$/,
    MEMORY,
  ],
  ["threads without number", MANY_WORKERS, /^sandbox-(threads|memory|exit)$/],
]);
for (const bubblewrap of [false, true]) {
  refusals(
    `memory that is not resident is limited ${bubblewrap ? "in bubblewrap" : "without bubblewrap"}`,
    "worker",
    { kernel: true, bubblewrap },
    [["arrays that are never written", UNTOUCHED, /^RangeError: Array buffer allocation failed/]],
  );
}

Deno.test({
  name: "FFI is gone before the first byte from a customer",
  ignore: cannot({ kernel: true }),
  fn: async () => {
    const load = `Deno.dlopen("libc.so.6", {})`;
    for (const outer of [{ kernel: true }, {}]) {
      const { refused } = await attackIn("worker", outer, load);
      assert.match(refused ?? "", /NotCapable: Requires ffi/);
    }
  },
});

Deno.test("a sandbox that did not set its layers runs nothing", async () => {
  const sandbox = Sandbox.spawn({
    ...commandOf("worker", {}),
    layers: ["Landlock (ABI 1)", "seccomp"],
  });
  await assert.rejects(
    () => sandbox.describe("return 1", { memoryBytes: 512 * 1024 ** 2, seconds: 30 }),
    { code: "sandbox-layers", message: /could not set Landlock \(ABI 1\) and seccomp on itself/ },
  );
});

ends("limits hold inside bubblewrap too", "process", { bubblewrap: true }, [
  ["an endless loop", LOOP, /^sandbox-time$/, { seconds: 2 }],
  ["threads that spin", SPINNING_WORKERS, /^sandbox-cpu$/, { cpuSeconds: 2 }],
  ["memory", BUFFERS, /^sandbox-memory$/, MEMORY],
  ["memory by page tables", PAGE_TABLES, /^sandbox-memory$/, MEMORY],
  ["memory by WebAssembly", WASM, /^sandbox-memory$/, MEMORY],
  ["threads without number", MANY_WORKERS, /^sandbox-(threads|memory|exit)$/],
  [
    "a file without a name",
    `${RAW_SOCKET} const fd = libc.memfd_create(text("x"), 0);
     libc.ftruncate(fd, 1n << 30n); await new Promise(() => {})`,
    /^sandbox-(exit|time)$/,
    { seconds: 5 },
  ],
]);

Deno.test({
  name: "the environment is empty, and only the program and its libraries are visible",
  ignore: !layer.active,
  fn: async () => {
    const env = await attackIn("process", { bubblewrap: true }, "return Deno.env.toObject()");
    assert.deepEqual(env.got, { PWD: "/sandbox" });
    const here = await attackIn(
      "process",
      { bubblewrap: true },
      `return [...Deno.readDirSync(".")]`,
    );
    assert.deepEqual(here.got, []);
    const walk = `const all = []; const walk = (dir) => { for (const { name, isDirectory }
      of Deno.readDirSync(dir)) isDirectory ? walk(dir + "/" + name) : all.push(name) }; walk("/");
      return all`;
    const { got } = await attackIn("process", { bubblewrap: true }, walk);
    const shown = (got as string[]).filter((name) => !/\.so(\.\d+)*$/.test(name)).sort();
    assert.deepEqual(shown, ["exe", "null", "random", "stripped", "urandom", "zero"]);
  },
});

Deno.test("the environment is empty without bubblewrap too", async () => {
  assert.deepEqual((await attackIn("process", {}, "return Deno.env.toObject()")).got, {});
});
