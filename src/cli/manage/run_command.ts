import type { Command } from "commander";
import { loadConfig } from "../../config/load.ts";
import { type ManageResult, runManage } from "../../manage/start.ts";
import { action, type CommandContext, type CommonFlags, withCommonFlags } from "../command.ts";
import { EXIT } from "../exit_codes.ts";
import { SETTINGS_ENVIRONMENT, withGuide } from "../help/guide.ts";

interface RunFlags extends CommonFlags {
  storage?: string;
  once?: boolean;
  requireOsSandbox?: boolean;
}

/** Adds `manage run`, which is also what `manage` alone does. */
export function registerRun(manage: Command, context: CommandContext): void {
  const command = withCommonFlags(manage.command("run", { isDefault: true }))
    .description("load files from staging as they arrive, until SIGTERM")
    .option("--storage <url>", "where rows are stored (default: sqlite:)")
    .option("--once", "load the files that are in staging, then exit")
    .option("--require-os-sandbox", "refuse to run modules without the operating system's layer")
    .action(action<RunFlags>(context, (flags) => run(flags)));
  withGuide(command, {
    examples: [
      ["mysimbdp manage", "load files as they arrive, until SIGTERM"],
      ["mysimbdp manage run --once", "load the files that are in staging, then exit: for cron"],
    ],
    environment: SETTINGS_ENVIRONMENT,
  });
}

const EXIT_CODES: Record<ManageResult, number> = {
  "done": EXIT.done,
  "incomplete": EXIT.incomplete,
  "storage-failed": EXIT.storage,
};

async function run(flags: RunFlags): Promise<number> {
  const result = await runManage({
    loadConfig: () =>
      loadConfig({
        flags: {
          data: flags.data,
          "storage.url": flags.storage,
          "sandbox.require_os_sandbox": flags.requireOsSandbox,
        },
        configPath: flags.config,
      }),
    configPath: flags.config ?? null,
    once: flags.once ?? false,
  });
  return EXIT_CODES[result];
}
