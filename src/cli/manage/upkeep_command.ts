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
  addCommand,
  type CommandContext,
  type CommonFlags,
  configOf,
  printResult,
  settingsOf,
} from "../command.ts";
import { EXIT } from "../exit_codes.ts";
import { formatCount } from "../../base/count.ts";
import { formatBytes, printable } from "../terminal/text.ts";

/** Adds `manage backup`, `manage restore` and `manage doctor`. */
export function registerUpkeep(manage: Command, context: CommandContext): void {
  addCommand(manage, "backup DIR", "back up the data directory while the services run", [
    ["mysimbdp manage backup /backup/$(date +%F)", "DIR must not exist yet"],
    ["mysimbdp manage backup /backup/today --json", "print JSON"],
  ]).action(action<CommonFlags>(context, async (flags, dir = "") => {
    const config = configOf(flags);
    const layout = new Layout(config.data);
    const manifest = await backUp(layout, dir);
    const keyspaces = clusterKeyspaces(config, await tenantsOf(layout));
    printManifest(context, flags, "backed up", config.data, dir, manifest, { keyspaces });
    if (keyspaces.length > 0 && !flags.json) {
      context.io.stderr.write(
        "mysimbdp: the backup does not include the rows and the ledger, which are in Cassandra\n" +
          `  hint: Run on every node: nodetool snapshot ${keyspaces.join(" ")}\n`,
      );
    }
    return EXIT.done;
  }));
  addCommand(manage, "restore DIR", "restore a backup into an empty data directory", [
    ["mysimbdp manage restore /backup/2026-11-25 --data ./restored", "restore"],
    ["mysimbdp manage doctor --data ./restored", "then check the result"],
  ]).action(action<CommonFlags>(context, async (flags, dir = "") => {
    const { data } = settingsOf(flags);
    const manifest = await restore(dir, new Layout(data));
    return printManifest(context, flags, "restored", dir, data, manifest);
  }));
  addCommand(manage, "doctor", "check configuration, data, disk, clock, storage and sandbox", [
    ["mysimbdp manage doctor", "exit with 1 if a check failed"],
    ["mysimbdp manage doctor -q", "print only warnings and failures"],
  ]).action(action<CommonFlags>(context, (flags) => examineAll(context, flags)));
}

/** All tenants that may have a keyspace: those with an account or a module. */
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
    io.stdout.write(`${sums.ok} ok, ${warnings}, ${sums.failed} failed\n`);
  }
  return sums.failed > 0 ? EXIT.incomplete : EXIT.done;
}

/** Always true here: an invalid configuration ends a command before this. */
const CONFIG_OK: Finding = { check: "config", state: "ok", what: "every setting is valid" };

function lineOf({ check, state, what, hint }: Finding): string {
  const head = `${state.padEnd(7)}  ${check.padEnd(11)}  ${printable(what)}\n`;
  return hint === undefined ? head : `${head}${" ".repeat(22)}${printable(hint)}\n`;
}

function printManifest(
  context: CommandContext,
  flags: CommonFlags,
  verb: string,
  from: string,
  to: string,
  { files, dataVersion, createdAt }: Manifest,
  more: Record<string, unknown> = {},
): number {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const json = { from, to, files: files.length, bytes, dataVersion, createdAt, ...more };
  const sums = `${formatCount(files.length, "file")}, ${formatBytes(bytes)}`;
  return printResult(context, flags, json, `${verb} ${from} to ${to}: ${sums}`);
}
