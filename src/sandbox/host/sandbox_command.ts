import { SANDBOX_ARGUMENT } from "../wire/sandbox_argument.ts";
import { type OwnLayers, ownLayers } from "../os/own_layers.ts";
import {
  HAS_RESOURCE_LIMITS,
  type HostCommand,
  withResourceLimits,
} from "../os/resource_limits.ts";

/**
 * Seconds of CPU time after which the kernel kills a sandbox, as a last resort: a process is started
 * before its module is known, and the host enforces the limits of each file.
 */
const LAST_RESORT_CPU_SECONDS = 86_400;

/** The command that starts a sandbox. */
export interface SandboxCommand extends HostCommand {
  /** The kernel layers that its process must set on itself before it receives a request. */
  layers: readonly string[];
}

/**
 * The command that starts our own program as a sandbox.
 *
 * @param own the layers around it. @default those of this machine
 */
export function sandboxCommand({ around, inside }: OwnLayers = ownLayers()): SandboxCommand {
  const program = Deno.execPath();
  const cpuSeconds = LAST_RESORT_CPU_SECONDS;
  if (!Deno.build.standalone) return { program, args: sourceArguments(), layers: inside };
  const args = [SANDBOX_ARGUMENT];
  if (around.active) return { ...around.confine({ program, args, cpuSeconds }), layers: inside };
  if (!HAS_RESOURCE_LIMITS) return { program, args, layers: inside };
  return { ...withResourceLimits({ program, args }, { cpuSeconds }), layers: inside };
}

// When it runs from source, the program is Deno with our entry module, and Deno writes to a cache.
function sourceArguments(): string[] {
  const root = new URL("../../../", import.meta.url);
  const flags = [
    "--no-prompt",
    "--allow-all",
    "--node-modules-dir=auto",
    "--config",
    new URL("deno.json", root).pathname,
  ];
  return ["run", ...flags, new URL("src/main.ts", root).pathname, SANDBOX_ARGUMENT];
}
