import { join } from "node:path";
import { ROOT } from "./binary.ts";
import { type ModuleFiles, type ModuleOptions, writeModule } from "./modules.ts";
import { run } from "./process.ts";

/** The output of `manage tenant test --json` for one file. */
export interface ProgramRun {
  counts: { read: number; stored: number; rejected: number; skipped: number; written: number };
  rows: { table: string; row: Record<string, unknown> }[];
  rejects: { line: number; column: string | null; reason: string; raw: string }[];
  logs: string[];
  failure: { code: string; message: string } | null;
}

/** The files of a program with one table, `t`, of an id, a text and a number. */
export function programFiles(
  entry: unknown,
  files: ModuleFiles,
  limits: ModuleOptions["limits"] = {},
): ModuleFiles {
  const columns = { id: "uuid", a: "text", n: "int" };
  return {
    "tenant.json": JSON.stringify({
      entry,
      permissions: { write: ["t"] },
      limits: { rejectShare: 1, secondsPerFile: 20, ...limits },
    }),
    "declaration.json": JSON.stringify({
      files: "*",
      tables: { t: { columns, partitionKey: ["id"] } },
    }),
    ...files,
  };
}

/** Runs a module on a file of this content. */
export async function tryProgram(
  module: string,
  content: string,
  name = "given.txt",
): Promise<ProgramRun> {
  const dir = await Deno.makeTempDir();
  try {
    const file = join(dir, name);
    await Deno.writeTextFile(file, content);
    const args = ["manage", "tenant", "test", "--json", module, file];
    const { stdout, stderr } = await run(args);
    if (stdout === "") throw new Error(stderr);
    return JSON.parse(stdout);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Writes a module into a new folder. */
export async function programFolder(files: ModuleFiles): Promise<string> {
  return await writeModule(await Deno.makeTempDir(), files);
}

/** Whether Go can build for WASI here; prints a line if not. */
export function hasGo(): boolean {
  try {
    const { stdout } = new Deno.Command("go", { args: ["env", "GOVERSION"] }).outputSync();
    const version = /go1\.(\d+)/.exec(new TextDecoder().decode(stdout))?.[1];
    if (Number(version) >= 21) return true;
  } catch {
    // It is not installed.
  }
  console.log("Go 1.21 or newer is missing: programs in WebAssembly are not tested");
  return false;
}

/** Whether native programs can run here; prints a line if not. */
export function hasNativePrograms(): boolean {
  const found = ["/usr/bin/bwrap", "/usr/bin/python3"].filter((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
  if (found.length === 2) return true;
  console.log("bubblewrap or python3 is missing: native programs are not tested");
  return false;
}

/** Builds a folder's program for WASI. */
export async function buildGo(folder: string, target: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("go", {
    args: ["build", "-ldflags", "-s -w", "-o", target, "."],
    cwd: join(ROOT, folder),
    env: { GOOS: "wasip1", GOARCH: "wasm", GOFLAGS: "-mod=mod", GOTOOLCHAIN: "local" },
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}
