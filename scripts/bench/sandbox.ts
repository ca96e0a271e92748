import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { inTurns, type Line, lineOf } from "./line.ts";
import { MissingTool, needs, output, settle, timed, tool } from "./processes.ts";
import { writeCsv } from "./rows.ts";

const HERE = import.meta.dirname ?? ".";
const PEER = "one thread of one process, no sandbox, the same module";

/**
 * Measures a file through the whole sandbox without storing it: `manage tenant test` counts the rows
 * and reports the time since the start of the sandbox's process (bundling the module, which a deploy
 * does once, is not included). The peer is the same loop without a sandbox or a new process. Modules in
 * other languages are measured without a goal.
 */
export async function measureSandbox(bench: Bench): Promise<Line[]> {
  bench.say(`sandbox: a file of ${bench.rows} rows`);
  const file = await writeCsv(join(bench.folder, "sandbox.csv"), { rows: bench.rows });
  const through = (module: string) => async () => {
    await settle();
    const args = ["manage", "tenant", "test", "--json", "--limit", "0", module, file.path];
    const { stdout } = await timed(bench.program, args);
    const { counts, seconds, failure } = JSON.parse(stdout);
    if (failure || counts.written !== file.rows) throw new Error(`rows are missing: ${stdout}`);
    bench.say(`${module}: ${seconds.toFixed(2)} s`);
    return seconds;
  };
  const plain = async () => {
    await settle();
    const loop = join(HERE, "peers/plain_loop.ts");
    const deno = { path: Deno.execPath(), args: ["run", "-A", "--no-check"], what: "deno" };
    const { stdout } = await timed(deno, ["--node-modules-dir=auto", loop, file.path]);
    const { rows, seconds } = JSON.parse(stdout);
    if (rows !== file.rows) throw new Error(`the peer counted ${rows}`);
    bench.say(`plain loop: ${seconds.toFixed(2)} s`);
    return seconds;
  };

  const programs = await programModules(bench);
  const results = await inTurns(bench.rounds, {
    plain,
    script: through(join(HERE, "tenant")),
    ...Object.fromEntries(Object.entries(programs).map(([name, dir]) => [name, through(dir)])),
  });
  await Deno.remove(file.path);
  const rates = (name: string) =>
    (results as Record<string, number[]>)[name]!.map((seconds) => file.rows / seconds);
  return [
    lineOf("sandbox", {
      unit: "rows/s",
      ours: rates("script"),
      peer: rates("plain"),
      target: { is: "at least", value: 0.4 },
      note: `TypeScript, 10 columns, with the start of the process; peer: ${PEER}`,
    }),
    lineOf("sandbox rate", {
      unit: "rows/s",
      ours: rates("script"),
      target: { is: "at least", value: 500_000 },
      note: "the same, by itself",
    }),
    ...Object.keys(programs).map((name) =>
      lineOf(`sandbox, ${name}`, {
        unit: "rows/s",
        ours: rates(name),
        peer: rates("plain"),
        note: `the same rows by a program; peer: ${PEER}`,
      })
    ),
  ];
}

/** The modules in other languages that this machine can build and run. */
async function programModules(bench: Bench): Promise<Record<string, string>> {
  const modules: Record<string, string> = {};
  const kinds: [string, unknown, (folder: string) => Promise<unknown>][] = [
    ["Go in WebAssembly", "ingest.wasm", buildGo],
    ["Python", { exec: ["python3", "ingest.py"] }, copyPython],
  ];
  for (const [name, entry, build] of kinds) {
    const folder = join(bench.folder, name);
    await Deno.mkdir(folder);
    try {
      await build(folder);
    } catch (error) {
      if (!(error instanceof MissingTool)) throw error;
      bench.say(`sandbox: without ${name}: ${error.message}`);
      continue;
    }
    const permissions = { write: ["strikes"] };
    const limits = { memoryMb: 512, secondsPerFile: 3600 };
    const text = JSON.stringify({ entry, permissions, limits });
    await Deno.writeTextFile(join(folder, "tenant.json"), text);
    const declaration = join(HERE, "programs/declaration.json");
    await Deno.copyFile(declaration, join(folder, "declaration.json"));
    modules[name] = folder;
  }
  return modules;
}

async function buildGo(folder: string): Promise<void> {
  const target = join(folder, "ingest.wasm");
  const environment = ["-C", join(HERE, "programs/go"), "GOOS=wasip1", "GOARCH=wasm"];
  await output(tool("go"), ["version"]);
  await output(tool("env", ...environment), ["go", "build", "-ldflags=-s -w", "-o", target, "."]);
}

async function copyPython(folder: string): Promise<void> {
  await needs("bwrap");
  await Deno.copyFile(join(HERE, "programs/python/ingest.py"), join(folder, "ingest.py"));
}
