import type { Command } from "commander";
import { type ManageResult, runManage } from "../../manage/start.ts";
import {
  action,
  addCommand,
  type CommandContext,
  type CommonFlags,
  configOf,
  withStorage,
} from "../command.ts";
import { EXIT } from "../exit_codes.ts";
import { SETTINGS_ENVIRONMENT } from "../help/guide.ts";
import { REQUIRE_OS_SANDBOX } from "./test_command.ts";

interface RunFlags extends CommonFlags {
  storage?: string;
  once?: boolean;
  requireOsSandbox?: boolean;
}

/** Adds `manage run`, the default command of `manage`. */
export function registerRun(manage: Command, context: CommandContext): void {
  withStorage(addCommand(
    manage,
    "run",
    "load files as they arrive (default command)",
    [
      ["mysimbdp manage", "load files as they arrive"],
      ["mysimbdp manage run --once", "load the waiting files and exit, for cron"],
    ],
    SETTINGS_ENVIRONMENT,
    { isDefault: true },
  ))
    .option("--once", "load the waiting files and exit")
    .option(...REQUIRE_OS_SANDBOX)
    .action(action<RunFlags>(context, run));
}

const EXIT_CODES: Record<ManageResult, number> = {
  "done": EXIT.done,
  "incomplete": EXIT.incomplete,
  "storage-failed": EXIT.storage,
};

async function run(flags: RunFlags): Promise<number> {
  const result = await runManage({
    loadConfig: () =>
      configOf(flags, {
        "storage.url": flags.storage,
        "sandbox.require_os_sandbox": flags.requireOsSandbox,
      }),
    configPath: flags.config ?? null,
    once: flags.once ?? false,
  });
  return EXIT_CODES[result];
}
