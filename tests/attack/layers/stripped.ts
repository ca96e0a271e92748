import * as esbuild from "esbuild";
import { join } from "node:path";
import { denortFromEnvironment, denortFromWheel } from "../../../scripts/denort.ts";
import { hostTarget } from "../../../scripts/targets.ts";
import { osSandbox } from "../../../src/sandbox/os/os_sandbox.ts";
import { type HostCommand, withResourceLimits } from "../../../src/sandbox/os/resource_limits.ts";
import { Sandbox } from "../../../src/sandbox/host/sandbox.ts";
import type { ProcessLimits } from "../../../src/sandbox/host/limits.ts";
import { ROOT } from "../../harness/binary.ts";

const HERE = new URL("./", import.meta.url).pathname;
const OUT = join(ROOT, "dist", "attack");
const PROGRAM = join(OUT, "stripped");
const CPU_SECONDS = 60;

/** The innermost layer that is left: a bare Worker, or a bare process. */
export type Stripped = "worker" | "process";

/** What the attacking code read, or how it was refused. */
export interface Answer {
  got?: unknown;
  refused?: string;
}

/** Replaces our Worker with the hostile one. */
const hostileWorker: esbuild.Plugin = {
  name: "hostile-worker",
  setup(build) {
    build.onLoad({ filter: /[\\/]src[\\/]sandbox[\\/]child[\\/]child\.ts$/ }, async ({ path }) => {
      const source = await Deno.readTextFile(path);
      const contents = source.replaceAll(/(?:\.\.?\/)+\w+\/\w+_worker\.ts/g, "./hostile_worker.js");
      if (contents === source) throw new Error("the child no longer starts a Worker");
      return { contents, loader: "ts" };
    });
  },
};

/** Compiles the program without the inner layers, into a folder of its own. */
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

/** The command that starts the stripped program, with or without the OS sandbox. */
function commandOf(stripped: Stripped, inOsSandbox: boolean): HostCommand {
  const command = { program: PROGRAM, args: [stripped] };
  if (!inOsSandbox) {
    return withResourceLimits(command, { cpuSeconds: CPU_SECONDS });
  }
  const os = osSandbox();
  if (!os.active) throw new Error(`the OS sandbox is not available: ${os.why}`);
  return os.confine({ ...command, cpuSeconds: CPU_SECONDS });
}

/** Runs code without these layers, under our own host. */
export async function attackIn(
  stripped: Stripped,
  { osSandbox: inOsSandbox = false, ...limits }: Partial<ProcessLimits> & { osSandbox?: boolean },
  code: string,
): Promise<Answer> {
  const sandbox = Sandbox.spawn(commandOf(stripped, inOsSandbox));
  const defaults = { memoryBytes: 512 * 1024 ** 2, seconds: 30 };
  return await sandbox.describe(code, { ...defaults, ...limits }) as Answer;
}
