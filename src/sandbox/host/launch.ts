import { SANDBOX_ARGUMENT } from "../wire/argument.ts";
import { type OsLayer, ownLayer } from "../os/os_layer.ts";
import {
  HAS_RESOURCE_LIMITS,
  type HostCommand,
  withResourceLimits,
} from "../os/resource_limits.ts";

/**
 * Seconds of CPU time after which the kernel ends a sandbox, should nobody else: a process is started
 * before it is known for whom. Limits of a file are watched by the host.
 */
const LAST_RESORT_CPU_SECONDS = 86_400;

/**
 * The command that starts our own program as a sandbox.
 *
 * @param layer the operating system's layer around it. @default what this machine has
 */
export function sandboxCommand(layer: OsLayer = ownLayer()): HostCommand {
  const program = Deno.execPath();
  const cpuSeconds = LAST_RESORT_CPU_SECONDS;
  if (!Deno.build.standalone) return { program, args: sourceArguments() };
  const args = [SANDBOX_ARGUMENT];
  if (layer.active) return layer.confine({ program, args, cpuSeconds });
  if (!HAS_RESOURCE_LIMITS) return { program, args };
  return withResourceLimits({ program, args }, { cpuSeconds, writesFiles: false });
}

// From its sources the program is Deno with our entry module, which writes to a cache.
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
