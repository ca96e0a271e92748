import type { Command } from "commander";
import { UsersFile } from "../../accounts/users.ts";
import { listFolder } from "../../data/durable.ts";
import { isTenantName } from "../../base/tenant_name.ts";
import { Layout } from "../../data/layout.ts";
import { clusterKeyspaces } from "../../storage/open.ts";
import { backUp } from "../../upkeep/backup.ts";
import { examine } from "../../upkeep/doctor/doctor.ts";
import type { Finding } from "../../upkeep/doctor/finding.ts";
import type { Manifest } from "../../upkeep/manifest.ts";
import { restore } from "../../upkeep/restore.ts";
import {
  action,
  type CommandContext,
  type CommonFlags,
  configOf,
  withCommonFlags,
} from "../command.ts";
import { EXIT } from "../exit_codes.ts";
import { withGuide } from "../help/guide.ts";
import { formatBytes, formatCount, printable } from "../terminal/text.ts";

/** Adds `manage backup`, `manage restore` and `manage doctor`. */
export function registerUpkeep(manage: Command, context: CommandContext): void {
  const backup = withCommonFlags(manage.command("backup DIR"))
    .description("copy the data directory to a new folder, also while the services run")
    .action(action<CommonFlags>(context, async (flags, dir = "") => {
      const config = configOf(flags);
      const layout = new Layout(config.data);
      const manifest = await backUp(layout, dir);
      const keyspaces = clusterKeyspaces(config, await tenantsOf(layout));
      tell(context, flags, "backed up", config.data, dir, manifest, { keyspaces });
      if (keyspaces.length > 0 && !flags.json) {
        context.io.stderr.write(
          "mysimbdp: rows and ledger are in the cluster, not in the backup; save them now, on every " +
            `node: nodetool snapshot ${keyspaces.join(" ")}\n`,
        );
      }
      return EXIT.done;
    }));
  withGuide(backup, {
    examples: [
      ["mysimbdp manage backup /backup/$(date +%F)", "nothing has to be stopped"],
      ["mysimbdp manage backup /backup/today --json", "for other programs"],
    ],
  });
  const again = withCommonFlags(manage.command("restore DIR"))
    .description("make a data directory of a backup; refuses one that is not empty")
    .action(action<CommonFlags>(context, async (flags, dir = "") => {
      const { data } = configOf(flags);
      const manifest = await restore(dir, new Layout(data));
      tell(context, flags, "restored", dir, data, manifest);
      return EXIT.done;
    }));
  withGuide(again, {
    examples: [
      ["mysimbdp manage restore /backup/2026-11-25 --data ./restored", "then look at it"],
      ["mysimbdp manage doctor --data ./restored", "whether all is in order"],
    ],
  });
  const doctor = withCommonFlags(manage.command("doctor"))
    .description("look at configuration, data, disk, clock, storage and sandbox; say what to do")
    .action(action<CommonFlags>(context, (flags) => examineAll(context, flags)));
  withGuide(doctor, {
    examples: [
      ["mysimbdp manage doctor", "ends with 1 when something has failed"],
      ["mysimbdp manage doctor -q", "only what is not in order"],
    ],
  });
}

/** Everyone who may have a keyspace: accounts, and those who only have a module. */
async function tenantsOf(layout: Layout): Promise<string[]> {
  const accounts = new UsersFile(layout.users).list().map(({ name }) => name);
  const folders = await listFolder(layout.moduleRoot);
  const names = folders.filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
  return [...new Set([...accounts, ...names])].filter(isTenantName).sort();
}

async function examineAll({ io }: CommandContext, flags: CommonFlags): Promise<number> {
  const config = configOf(flags);
  const sums = { ok: 0, warning: 0, failed: 0 };
  for (const finding of [CONFIG_OK, ...await Array.fromAsync(examine(config))]) {
    sums[finding.state]++;
    if (flags.json) io.stdout.write(`${JSON.stringify(finding)}\n`);
    else if (!flags.quiet || finding.state !== "ok") io.stdout.write(lineOf(finding));
  }
  if (!flags.json && !flags.quiet) {
    const warnings = formatCount(sums.warning, "warning");
    io.stdout.write(`${sums.ok} in order, ${warnings}, ${sums.failed} failed\n`);
  }
  return sums.failed > 0 ? EXIT.incomplete : EXIT.done;
}

/** A configuration that is not valid ends every command before it begins. */
const CONFIG_OK: Finding = { check: "config", state: "ok", what: "every setting is valid" };

function lineOf({ check, state, what, hint }: Finding): string {
  const head = `${state.padEnd(7)}  ${check.padEnd(11)}  ${printable(what)}\n`;
  return hint === undefined ? head : `${head}${" ".repeat(22)}${printable(hint)}\n`;
}

function tell(
  { io }: CommandContext,
  flags: CommonFlags,
  verb: string,
  from: string,
  to: string,
  { files, dataVersion, createdAt }: Manifest,
  more: Record<string, unknown> = {},
): void {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (flags.json) {
    const shown = { from, to, files: files.length, bytes, dataVersion, createdAt, ...more };
    io.stdout.write(`${JSON.stringify(shown)}\n`);
  } else if (!flags.quiet) {
    const sums = `${formatCount(files.length, "file")}, ${formatBytes(bytes)}`;
    io.stdout.write(`${verb} ${from} to ${to}: ${sums}\n`);
  }
}
