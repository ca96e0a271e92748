/**
 * Attacks with memory that the resident size of a process does not show, through the binary.
 *
 * @module
 */
import assert from "node:assert/strict";
import { osSandbox } from "../../src/sandbox/os/os_sandbox.ts";
import { writeModule } from "../harness/modules.ts";
import { childrenOf, Running } from "../harness/process.ts";
import { hasNativePrograms, programFiles } from "../harness/programs.ts";

const layer = osSandbox();
if (!layer.active) console.log(`The OS sandbox is not attacked: ${layer.why}`);
const WITHOUT_BUBBLEWRAP = { PATH: "/nowhere" };

const LIMIT_MB = 200;
/** How much more a process may hold for a moment: the polled limit is checked every 20 ms. */
const MARGIN_MB = 300;

/** A module that maps 800 GB and reads one byte of each 2 MB: 1.6 GB of page tables, and no more. */
const PAGE_TABLES = {
  "tenant.json": JSON.stringify({
    entry: "ingest.ts",
    permissions: { write: ["items"], read: [], net: [] },
    limits: { memoryMb: LIMIT_MB, secondsPerFile: 60, rejectShare: 1 },
  }),
  "ingest.ts": `import { csv, defineIngest } from "mysimbdp";
export default defineIngest({
  files: "*",
  format: csv({ header: true }),
  tables: { items: { columns: { id: "uuid" }, partitionKey: ["id"] } },
  row() {
    const held = [];
    let sum = 0;
    for (let n = 0; n < 200; n++) {
      const array = new Uint8Array(2 ** 32);
      held.push(array);
      for (let at = 0; at < array.length; at += 2 ** 21) sum += array[at];
    }
    for (;;) sum += held.length;
  },
});
`,
};

/** Says how much memory each attempt holds that is not resident. */
const HIDDEN_MEMORY = `import fcntl, json, mmap, os, threading, time
def say(what, size): print(json.dumps({"reject": what, "raw": str(size >> 20)}), flush=True)
held, shared, piped = [], 0, 0
try:
    while shared < 2 << 30:
        area = mmap.mmap(-1, 32 << 20)
        held.append(area)
        for at in range(0, len(area), 4096): area[at] = 1
        area.madvise(mmap.MADV_DONTNEED)
        shared += len(area)
except OSError: pass
say("shared", shared)
time.sleep(1)
held.clear()
try:
    while True:
        reader, writer = os.pipe()
        fcntl.fcntl(writer, 1031, 1 << 20)  # F_SETPIPE_SZ
        os.set_blocking(writer, False)
        piped += os.write(writer, bytes(1 << 20))
except OSError: pass
say("pipes", piped)
try:
    os.ftruncate(os.memfd_create("x"), 1 << 30)
    say("files without a name", 1 << 30)
except OSError: say("files without a name", 0)
threading.stack_size(256 << 20)
stacks = 0
try:
    while stacks < 2 << 30:
        threading.Thread(target=time.sleep, args=[5], daemon=True).start()
        stacks += 256 << 20
except RuntimeError: pass
say("stacks", stacks)
print('{"end": 4}', flush=True)
os._exit(0)
`;

interface Ended {
  failure: { code: string } | null;
  rejects: { reason: string; raw: string }[];
  /** The most that all its processes held at once, in MB: page tables and shared memory. */
  peakMb: number;
}

/** Runs a module on a small file, and watches its processes meanwhile. */
async function attack(files: Record<string, string>, env: Record<string, string> = {}) {
  const dir = await Deno.makeTempDir({ prefix: "mysimbdp-memory-" });
  try {
    await writeModule(dir, { ...files, "samples/a.csv": "x\n1\n" });
    const args = ["manage", "tenant", "test", "--json", dir, `${dir}/samples/a.csv`];
    await using command = new Running(args, { env });
    let peakMb = 0;
    while (!command.hasEnded) {
      peakMb = Math.max(peakMb, hiddenMb(command.pid));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await command.ended();
    assert.notEqual(command.stdout.text, "", command.transcript());
    return { ...JSON.parse(command.stdout.text), peakMb } as Ended;
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function hiddenMb(pid: number): number {
  const own = [...statusOf(pid).matchAll(/^(?:VmPTE|RssShmem):\s+(\d+) kB$/gm)];
  const kib = own.reduce((sum, [, size]) => sum + Number(size), 0);
  return childrenOf(pid).reduce((sum, child) => sum + hiddenMb(child), kib / 1024);
}

function statusOf(pid: number): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/status`);
  } catch {
    return "";
  }
}

for (const env of [{}, WITHOUT_BUBBLEWRAP]) {
  const inBubblewrap = env !== WITHOUT_BUBBLEWRAP;
  Deno.test({
    name: `page tables count as memory, ${inBubblewrap ? "with" : "without"} bubblewrap`,
    ignore: inBubblewrap && !layer.active,
    fn: async () => {
      const { failure, rejects, peakMb } = await attack(PAGE_TABLES, env);
      // The kernel may refuse the arrays before there are page tables.
      const isRefused = rejects.some(({ reason }) => /allocation failed/i.test(reason));
      assert.ok(failure?.code === "sandbox-memory" || isRefused, JSON.stringify(failure));
      assert.ok(peakMb < LIMIT_MB + MARGIN_MB, `${peakMb} MB of page tables`);
    },
  });
}

Deno.test({
  name: "a native program cannot hold memory that is not resident beyond its limit",
  ignore: !hasNativePrograms(),
  fn: async () => {
    const limits = { memoryMb: LIMIT_MB, secondsPerFile: 60 };
    const files = programFiles(
      { exec: ["python3", "hide.py"] },
      { "hide.py": HIDDEN_MEMORY },
      limits,
    );
    const { rejects, failure } = await attack(files);
    const held = Object.fromEntries(rejects.map(({ reason, raw }) => [reason, Number(raw)]));
    assert.deepEqual(
      Object.keys(held),
      ["shared", "pipes", "files without a name", "stacks"],
      JSON.stringify({ held, failure }),
    );
    for (const [what, mb] of Object.entries(held)) {
      assert.ok(mb < LIMIT_MB + MARGIN_MB, `${what}: ${mb} MB`);
    }
    assert.equal(held["files without a name"], 0);
  },
});
