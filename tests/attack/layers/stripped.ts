import * as esbuild from "esbuild";
import { join } from "node:path";
import { denortFromEnvironment, denortFromWheel } from "../../../scripts/denort.ts";
import { hostTarget } from "../../../scripts/targets.ts";
import { osSandbox } from "../../../src/sandbox/os/os_sandbox.ts";
import { withResourceLimits } from "../../../src/sandbox/os/resource_limits.ts";
import type { SandboxCommand } from "../../../src/sandbox/host/sandbox_command.ts";
import { Sandbox } from "../../../src/sandbox/host/sandbox.ts";
import type { ProcessLimits } from "../../../src/sandbox/host/limits.ts";
import { ROOT } from "../../harness/binary.ts";

const HERE = new URL("./", import.meta.url).pathname;
const OUT = join(ROOT, "dist", "attack");
export const PROGRAM = join(OUT, "stripped");
const CPU_SECONDS = 60;

/** The innermost layer that is left: a bare Worker, one with all permissions, or a bare process. */
export type Stripped = "worker" | "permitted" | "process";

/** The outer layers that are left. */
export interface Outer {
  bubblewrap?: boolean;
  /** Landlock, seccomp and RLIMIT_DATA. */
  kernel?: boolean;
}

/** What the attacking code read, or how it was refused. */
export interface Answer {
  got?: unknown;
  refused?: string;
}

/** What is changed in our sources: the Worker is hostile, and arguments take layers away. */
const CHANGES: [file: RegExp, what: string | RegExp, to: string][] = [
  [/child[\\/]child\.ts$/, /(?:\.\.?\/)+\w+\/\w+_worker\.ts/g, "./hostile_worker.js"],
  [
    /child[\\/]worker_port\.ts$/,
    `permissions: "none"`,
    `permissions: Deno.args[0] === "permitted" ? "inherit" : "none"`,
  ],
  [/kernel[\\/]kernel_layers\.ts$/, `os === "linux"`, `Deno.args[1] === "kernel"`],
];

const strip: esbuild.Plugin = {
  name: "strip",
  setup(build) {
    for (const [filter, what, to] of CHANGES) {
      build.onLoad({ filter }, async ({ path }) => {
        const source = await Deno.readTextFile(path);
        const contents = source.replaceAll(what, to);
        if (contents === source) throw new Error(`${path} has changed: ${what} is missing`);
        return { contents, loader: "ts" };
      });
    }
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
    plugins: [strip],
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

/** The command that starts the stripped program. */
export function commandOf(stripped: Stripped, { bubblewrap, kernel }: Outer): SandboxCommand {
  const around = osSandbox();
  const layers = kernel ? ["seccomp", "RLIMIT_DATA"] : [];
  const command = { program: PROGRAM, args: [stripped, kernel ? "kernel" : ""] };
  if (!bubblewrap) return { ...withResourceLimits(command, { cpuSeconds: CPU_SECONDS }), layers };
  if (!around.active) throw new Error(`bubblewrap is not available: ${around.why}`);
  return { ...around.confine({ ...command, cpuSeconds: CPU_SECONDS }), layers };
}

/** Runs code without these layers, under our own host. */
export async function attackIn(
  stripped: Stripped,
  { bubblewrap, kernel, ...limits }: Partial<ProcessLimits> & Outer,
  code: string,
): Promise<Answer> {
  const sandbox = Sandbox.spawn(commandOf(stripped, { bubblewrap, kernel }));
  const defaults = { memoryBytes: 512 * 1024 ** 2, seconds: 30 };
  return await sandbox.describe(code, { ...defaults, ...limits }) as Answer;
}
