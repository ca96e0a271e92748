import assert from "node:assert/strict";
import { join } from "node:path";
import { ROOT } from "../harness/binary.ts";
import { Platform } from "../harness/platform.ts";
import { run } from "../harness/process.ts";
import {
  buildGo,
  hasGo,
  programFiles,
  programFolder,
  type ProgramRun,
  tryProgram,
} from "../harness/programs.ts";

const ignore = !hasGo();
const FILES = programFiles("hostile.wasm", {}, { secondsPerFile: 60, memoryMb: 300 });

const CASES: [what: string, failure: string | null, look?: (run: ProgramRun) => void][] = [
  ["exit", "program-exit", ({ failure, logs }) => {
    assert.match(failure!.message, /code 3/);
    assert.deepEqual(logs, ["about to fail"]);
  }],
  ["panic", "program-exit", ({ logs }) => {
    assert.ok(logs.some((line) => line.includes("on purpose")));
  }],
  ["loop", "sandbox-time"],
  ["memory", "sandbox-memory"],
  ["no end", "program-no-end"],
  ["count", "program-count"],
  ["garbage", "program-protocol"],
  ["long", "program-protocol"],
  ["chatter", "nothing-stored", ({ logs }) => assert.equal(logs.length, 200)],
  ["look", null, ({ rejects, rows }) => {
    assert.deepEqual(rejects, [], "nothing could be read, written or reached");
    assert.match(String(rows[0]?.row["a"]), /^dätä\.txt 2000-01-01 /);
  }],
];

/** Runs `work` with the path of a module that contains the hostile program. */
async function withHostile(work: (module: string) => Promise<void>): Promise<void> {
  const module = await programFolder(FILES);
  try {
    await buildGo("tests/programs/wasi", join(module, "hostile.wasm"));
    await work(module);
  } finally {
    await Deno.remove(module, { recursive: true });
  }
}

Deno.test({
  name: "WebAssembly: each program ends as expected",
  ignore,
  fn: async (t) => {
    await withHostile(async (module) => {
      for (const [what, failure, look] of CASES) {
        const seconds = failure === "sandbox-time" ? 2 : 60;
        const limited = programFiles("hostile.wasm", {}, {
          secondsPerFile: seconds,
          memoryMb: 300,
        });
        await Deno.writeTextFile(join(module, "tenant.json"), limited["tenant.json"] ?? "");
        await t.step(what, async () => {
          const run = await tryProgram(module, `${what}\n`, "dätä.txt");
          assert.equal(run.failure?.code ?? null, failure, JSON.stringify(run).slice(0, 2_000));
          look?.(run);
          if (what !== "look") return;
          assert.deepEqual((await tryProgram(module, "look\n", "dätä.txt")).rows, run.rows);
        });
      }
      await t.step("a large file needs little memory", async () => {
        const lines = Array.from({ length: 400_000 }, (_, i) => `line ${i} ${"x".repeat(80)}\n`);
        const { counts, failure, rows } = await tryProgram(module, `copy\n${lines.join("")}`);
        assert.equal(failure, null);
        assert.equal(counts.stored, 400_000);
        assert.match(String(rows[0]?.row["a"]), /^line 0 /);
      });
    });
  },
});

Deno.test({
  name: "WebAssembly: deploy, load and replay; floods are quarantined",
  ignore,
  fn: async () => {
    await using platform = await Platform.create("[manage]\nmax_attempts = 1\n");
    const sample = await programFolder({});
    for (const name of ["tenant.json", "declaration.json"]) {
      await Deno.copyFile(join(ROOT, "tenants/go", name), join(sample, name));
    }
    await buildGo("tenants/go", join(sample, "ingest.wasm"));
    await platform.deployFolder("go", sample);
    await withHostile(async (module) => {
      await platform.deployFolder("hostile", module);
    });
    const readings = await Deno.readTextFile(join(ROOT, "tenants/go/samples/readings.csv"));
    await platform.stage("go", "readings.csv", readings);
    await platform.stage("hostile", "flood.txt", "flood\n");
    await platform.run("manage", "--once");
    const [file] = await platform.files({ tenant: "go" });
    assert.equal(file?.state, "ingested", JSON.stringify(file));
    const all = () => platform.query("go", "SELECT * FROM readings ORDER BY id");
    const before = all();
    assert.equal(before.length, 2);
    await platform.must("manage", "replay", file.id);
    await platform.run("manage", "--once");
    assert.deepEqual(all(), before);
    const [flood] = await platform.files({ tenant: "hostile" });
    assert.equal(flood?.reason?.code, "too-much-output");
    await Deno.remove(sample, { recursive: true });
  },
});

Deno.test("WebAssembly: files that are not WASI programs are refused at deploy", async () => {
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  // A function type without parameters, and an import "env" "f" of that type.
  const importing = [...header, 1, 4, 1, 0x60, 0, 0, 2, 9, 1, 3, 0x65, 0x6e, 0x76, 1, 0x66, 0, 0];
  const cases: [number[], RegExp][] = [
    [[1, 2, 3], /hostile\.wasm:1:1: Cannot use the WebAssembly module/],
    [header, /does not export "_start"/],
    [importing, /imports "env\.f"/],
  ];
  for (const [bytes, expected] of cases) {
    const module = await programFolder(FILES);
    await Deno.writeFile(join(module, "hostile.wasm"), new Uint8Array(bytes));
    const args = ["manage", "tenant", "test", module, join(module, "tenant.json")];
    const { code, stderr } = await run(args);
    assert.equal(code, 2);
    assert.match(stderr, expected);
    await Deno.remove(module, { recursive: true });
  }
});
