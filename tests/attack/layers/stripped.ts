import * as esbuild from "esbuild";
import { join } from "node:path";
import { denortFromEnvironment, denortFromWheel } from "../../../scripts/denort.ts";
import { hostTarget } from "../../../scripts/targets.ts";
import { osLayer } from "../../../src/sandbox/os/os_layer.ts";
import { type HostCommand, withResourceLimits } from "../../../src/sandbox/os/resource_limits.ts";
import { Sandbox } from "../../../src/sandbox/host/supervisor.ts";
import type { ProcessLimits } from "../../../src/sandbox/host/limits.ts";
import { ROOT } from "../../harness/binary.ts";

const HERE = new URL("./", import.meta.url).pathname;
const OUT = join(ROOT, "dist", "attack");
const PROGRAM = join(OUT, "stripped");
const CPU_SECONDS = 60;

/** Which layers are left out: the compartment alone, or the Worker too. */
export type Stripped = "worker" | "process";

/** What attacking code got, or how it was refused. */
export interface Answer {
  got?: unknown;
  refused?: string;
}

/** Puts the hostile Worker in the place of ours. */
const hostileWorker: esbuild.Plugin = {
  name: "hostile-worker",
  setup(build) {
    build.onLoad({ filter: /[\\/]src[\\/]sandbox[\\/]child[\\/]child\.ts$/ }, async ({ path }) => {
      const source = await Deno.readTextFile(path);
      const contents = source.replaceAll(/(?:\.\.?\/)+\w+\/\w+_worker\.ts/g, "./hostile_worker.js");
      if (contents === source) throw new Error("the child starts no Worker any more");
      return { contents, loader: "ts" };
    });
  },
};

/** Compiles the program with the inner layers left out; it lies apart from ours. */
export async function buildStripped(): Promise<void> {
  await Deno.mkdir(OUT, { recursive: true });
  await esbuild.build({
    entryPoints: [join(HERE, "stripped_main.ts")],
    outdir: OUT,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    logLevel: "error",
    alias: { mysimbdp: join(ROOT, "src/sdk/mod.ts") },
    plugins: [hostileWorker],
  });
  await esbuild.stop();
  await Deno.copyFile(join(HERE, "hostile_worker.js"), join(OUT, "hostile_worker.js"));
  const own = denortFromEnvironment()?.path;
  const fault = await compile(own);
  if (fault === null) return;
  const cut = own ? null : await denortFromWheel(hostTarget(), join(ROOT, ".cache"));
  const second = cut ? await compile(cut.path) : fault;
  if (second !== null) throw new Error(`Cannot compile the stripped program: ${second}`);
}

async function compile(denort: string | undefined): Promise<string | null> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["compile", "--allow-all", "--no-config", "--no-check", "--no-code-cache"]
      .concat(["--unstable-worker-options", "--include", "hostile_worker.js"])
      .concat(["--output", PROGRAM, "stripped_main.js"]),
    cwd: OUT,
    env: denort ? { DENORT_BIN: denort } : {},
    stdout: "null",
    stderr: "piped",
  }).output();
  return success ? null : new TextDecoder().decode(stderr);
}

/** The command that starts the stripped program, inside the operating system's layer or not. */
function commandOf(stripped: Stripped, inOsLayer: boolean): HostCommand {
  const command = { program: PROGRAM, args: [stripped] };
  if (!inOsLayer) {
    return withResourceLimits(command, { cpuSeconds: CPU_SECONDS, writesFiles: false });
  }
  const layer = osLayer();
  if (!layer.active) throw new Error(`there is no layer of the operating system: ${layer.why}`);
  return layer.confine({ ...command, cpuSeconds: CPU_SECONDS });
}

/** Runs code where these layers are left out, under our own supervisor. */
export async function attackIn(
  stripped: Stripped,
  { osLayer: inOsLayer = false, ...limits }: Partial<ProcessLimits> & { osLayer?: boolean },
  code: string,
): Promise<Answer> {
  const sandbox = Sandbox.spawn(commandOf(stripped, inOsLayer));
  const defaults = { memoryBytes: 512 * 1024 ** 2, seconds: 30 };
  return await sandbox.describe(code, { ...defaults, ...limits }) as Answer;
}
