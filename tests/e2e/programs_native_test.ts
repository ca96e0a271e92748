import assert from "node:assert/strict";
import { join } from "node:path";
import { ROOT } from "../harness/binary.ts";
import { addsUp, Platform } from "../harness/platform.ts";
import { run } from "../harness/process.ts";
import {
  hasNativePrograms,
  programFiles,
  programFolder,
  type ProgramRun,
  tryProgram,
} from "../harness/programs.ts";
import { readDoc } from "../docs/markdown.ts";

const ignore = !hasNativePrograms();
/** A program that runs its file as code: each case is a file. */
const OBEDIENT = programFiles({ exec: ["python3", "obey.py"] }, {
  "obey.py": "import json, os, sys\nexec(sys.stdin.read())\n",
  "beside.py": "ANSWER = 42\n",
}, { secondsPerFile: 60, memoryMb: 200 });

/** The same with a short time limit, for code that never ends. */
const { "tenant.json": HASTY_JSON } = programFiles({ exec: ["python3", "obey.py"] }, {}, {
  secondsPerFile: 2,
});
const HASTY = { "tenant.json": HASTY_JSON ?? "" };

const END = (count: number) => `print('{"end": ${count}}')\n`;
const ROW = `print('{"rows": {"t": {"id": {"$rowId": true}}}}')\n`;
/** Rejects a record for each attempt that succeeds, with its result, and stores one for the others. */
const TRY = (what: string) => `
def attempt(name, work):
    try:
        print(json.dumps({"reject": name, "raw": str(work())[:200]}))
    except BaseException as error:
        print(json.dumps({"rows": {"t": {"id": {"$rowId": True}, "a": name}}}))
${what}
`;

/** What the program does, and the expected failure or result. */
const CASES: [
  what: string,
  code: string,
  failure: string | null,
  look?: (t: ProgramRun) => void,
][] = [
  [
    "exits with a code",
    `${ROW}${END(1)}print("why", file=sys.stderr)\nsys.exit(3)`,
    "program-exit",
    (t) => {
      assert.match(t.failure!.message, /code 3/);
      assert.deepEqual(t.logs, ["why"]);
    },
  ],
  ["ends by a signal", `${END(0)}sys.stdout.flush()\nos.abort()`, "program-exit", (t) => {
    assert.match(t.failure!.message, /signal 6|SIGABRT/);
  }],
  ["throws", `${ROW}raise ValueError("on purpose")`, "program-exit", (t) => {
    assert.ok(t.logs.some((line) => line.includes("on purpose")));
  }],
  ["says no end", ROW, "program-no-end"],
  ["says another count", `${ROW}${END(2)}`, "program-count"],
  ["goes on after its end", `${END(0)}${ROW}`, "program-protocol"],
  ["writes no JSON", `print("hello")\n${END(0)}`, "program-protocol", (t) => {
    assert.match(t.failure!.message, /line 1 .* not JSON/);
  }],
  ["writes no object", `print("[1]")\n${END(0)}`, "program-protocol"],
  ["writes an object of nothing", `print("{}")\n${END(0)}`, "program-protocol"],
  [
    "writes an invalid line",
    `print('{"skip": 1}\\n{"reject": "x", "line": 0}')`,
    "program-protocol",
    (t) => {
      assert.match(t.failure!.message, /line 2 /);
    },
  ],
  [
    "forges a message of the channel",
    `sys.stdout.buffer.write(bytes(16) + b"\\x04\\x02\\0\\0\\0{}\\n")\n${END(0)}`,
    "program-protocol",
  ],
  ["writes an endless line", `while True: sys.stdout.write("x" * 65536)`, "program-protocol"],
  ["loops", "while True: pass", "sandbox-time"],
  ["sleeps", "import time\ntime.sleep(60)", "sandbox-time"],
  [
    "fills the memory",
    "x = []\nwhile True: x.append(bytearray(b'x' * 10_000_000))",
    "sandbox-memory",
  ],
  [
    "stays alive",
    `${END(0)}sys.stdout.flush()\nos.close(1)\nimport time\ntime.sleep(60)`,
    "sandbox-time",
  ],
  ["says only its end", END(0), "nothing-stored", (t) => assert.equal(t.counts.read, 0)],
  [
    "chatters",
    `for i in range(500): print("line", i, file=sys.stderr)\n${END(0)}`,
    "nothing-stored",
    (t) => {
      assert.equal(t.logs.length, 200);
      assert.equal(t.logs[0], "line 0");
    },
  ],
  [
    "writes rows, rejects and skips",
    `
print('{"rows": {"t": [{"id": {"$rowId": true}, "n": "7"}, {"id": "00000000-0000-0000-0000-000000000001", "n": 8}]}, "line": 2}')
print('{"rows": {"t": {"id": {"$rowId": true}, "n": 1.5}}, "line": 3, "raw": "its own text"}')
print('{"rows": {"u": {"id": 1}}, "line": 4}')
print('{"rows": {"t": {"id": {"$rowId": true}, "b": 1}}}')
print('{"reject": "said no", "column": "a", "line": 6}')
print('{"rows": {}}')
print('{"skip": 3}')
${END(9)}`,
    null,
    ({ counts, rows, rejects }) => {
      assert.deepEqual(counts, {
        ...{ read: 9, stored: 1, replaced: 0, rejected: 4, skipped: 4, written: 2 },
      });
      assert.deepEqual(rows.map(({ row }) => row["n"]), [7, 8]);
      assert.match(String(rows[0]?.row["id"]), /-000000000002$/);
      assert.deepEqual(rejects.map(({ line, column }) => [line, column]), [
        [3, "n"],
        [4, null],
        [4, "b"],
        [6, "a"],
      ]);
      assert.equal(rejects[0]?.raw, "its own text");
      assert.match(rejects[1]?.reason ?? "", /no table "u"/);
    },
  ],
  [
    "tries to escape",
    TRY(`
import socket, urllib.request
attempt("passwd", lambda: open("/etc/passwd").read())
attempt("list", lambda: os.listdir("/root"))
attempt("home", lambda: os.listdir("/home"))
attempt("data", lambda: os.listdir("${ROOT}"))
attempt("environment", lambda: os.environ["PATH"])
attempt("processes", lambda: os.listdir("/proc/1"))
attempt("fork", lambda: os.fork())
attempt("spawn", lambda: os.posix_spawn("/usr/bin/python3", ["python3"], {}))
attempt("execute", lambda: os.execv("/bin/sh", ["sh"]))
attempt("socket", lambda: socket.create_connection(("127.0.0.1", 22), 1))
attempt("write here", lambda: open("x", "w").write("x"))
attempt("write there", lambda: open("/module/obey.py", "a").write("x"))
attempt("write tmp", lambda: open("/tmp/x", "w").write("x"))
attempt("chmod", lambda: os.chmod("/module/obey.py", 0o777))
`) + END(14),
    null,
    ({ counts, rejects }) => {
      assert.deepEqual(rejects, [], "each is refused");
      assert.equal(counts.stored, 14);
    },
  ],
  [
    "reads its own folder",
    `
import beside
print(json.dumps({"rows": {"t": {"id": {"$rowId": True}, "n": beside.ANSWER, "a": sys.argv[-1]}}}))
${END(1)}`,
    null,
    ({ rows }) => {
      assert.deepEqual([rows[0]?.row["n"], rows[0]?.row["a"]], [42, "given.txt"]);
    },
  ],
];

Deno.test({
  name: "native programs: each ends as expected",
  ignore,
  fn: async (t) => {
    const module = await programFolder(OBEDIENT);
    const hasty = await programFolder({ ...OBEDIENT, ...HASTY });
    try {
      for (const [what, code, failure, look] of CASES) {
        await t.step(`a program that ${what}`, async () => {
          const run = await tryProgram(failure === "sandbox-time" ? hasty : module, code);
          assert.equal(run.failure?.code ?? null, failure, JSON.stringify(run).slice(0, 2_000));
          look?.(run);
        });
      }
    } finally {
      for (const dir of [module, hasty]) await Deno.remove(dir, { recursive: true });
    }
  },
});

Deno.test({
  name: "native programs: deploy, load and replay; floods are quarantined",
  ignore,
  fn: async () => {
    await using platform = await Platform.create("[manage]\nmax_attempts = 1\n");
    const sample = join(ROOT, "tenants/python");
    await platform.deployFolder("py", sample);
    await platform.deploy("obedient", OBEDIENT);
    const readings = await Deno.readTextFile(join(sample, "samples/readings.csv"));
    await platform.stage("py", "readings.csv", readings);
    const flood =
      `while True: print('{"rows": {"t": {"id": {"$rowId": true}, "a": "' + "x" * 10000 + '"}}}')`;
    await platform.stage("obedient", "flood.txt", flood);
    await platform.stage("obedient", "lines.txt", `while True: print('{"reject": "x"}')`);
    await platform.run("manage", "--once");
    const [file] = await platform.files({ tenant: "py" });
    assert.equal(file?.state, "ingested", JSON.stringify(file));
    assert.ok(addsUp(file));
    const all = () => platform.query("py", "SELECT * FROM readings ORDER BY id");
    const before = all();
    assert.equal(before.length, 2);
    await platform.must("manage", "replay", file.id);
    await platform.run("manage", "--once");
    assert.deepEqual(all(), before, "the same rows have the same ids");
    const files = await platform.files({ tenant: "obedient" });
    const reasons = Object.fromEntries(files.map(({ name, reason }) => [name, reason?.code]));
    assert.deepEqual(reasons, { "flood.txt": "too-much-output", "lines.txt": "too-many-rejects" });
    assert.equal(platform.count("obedient", "t"), 0);
  },
});

Deno.test({
  name: "native programs: programs that cannot run are refused with a reason",
  ignore,
  fn: async () => {
    const refused = async (files: Record<string, string>, expected: RegExp, env = {}) => {
      const module = await programFolder(files);
      const args = ["manage", "tenant", "test", module, join(module, "tenant.json")];
      const { code, stderr } = await run(args, { env });
      await Deno.remove(module, { recursive: true });
      assert.notEqual(code, 0);
      assert.match(stderr, expected);
      assert.doesNotMatch(stderr, /^\s+at /m);
    };
    const obey = { "obey.py": "" };
    // bubblewrap is searched for in the operator's PATH.
    await refused(OBEDIENT, /native programs need bubblewrap: bubblewrap is not/, {
      PATH: "/",
    });
    await refused(
      programFiles({ exec: ["bash", "obey.py"] }, obey),
      /interpreter "bash" is not allowed/,
    );
    await refused(programFiles({ exec: ["python3", "other.py"] }, obey), /it has no "other\.py"/);
    await refused(
      programFiles({ exec: ["python3"] }, obey),
      /tenant\.json:1:\d+: entry\S*: expected/,
    );
    const { "declaration.json": _, ...undeclared } = OBEDIENT;
    await refused(undeclared, /declaration\.json:1:1: it is missing/);
    await refused(
      { ...OBEDIENT, "declaration.json": "{\n]" },
      /declaration\.json:2:1: it is not valid JSON/,
    );
    await refused(
      { ...OBEDIENT, "declaration.json": '{"files":"*"}' },
      /declaration\.json:.*tables/,
    );
  },
});

Deno.test("the example in docs/module-protocol.md is the sample in tenants/", () => {
  const [python] = readDoc("docs/module-protocol.md").blocks.filter((b) => b.language === "python");
  assert.equal(python?.text, Deno.readTextFileSync(join(ROOT, "tenants/python/ingest.py")));
  const [json] = readDoc("docs/module-protocol.md").blocks.filter((b) => b.language === "json");
  const declared = Deno.readTextFileSync(join(ROOT, "tenants/python/declaration.json"));
  assert.deepEqual(JSON.parse(json?.text ?? ""), JSON.parse(declared));
});
