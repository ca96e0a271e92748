import type { Command } from "commander";
import { testRun, type TestRunResult } from "../../modules/test_run/test_run.ts";
import { buildModule } from "../../modules/build/build.ts";
import type { Config } from "../../config/schema.ts";
import { statIfThere } from "../../data/durable.ts";
import { runPolicy } from "../../sandbox/host/policy.ts";
import { requireOsSandbox } from "../../sandbox/os/own_layers.ts";
import {
  action,
  addCommand,
  type CommandContext,
  type CommonFlags,
  configOf,
  settingsOf,
  withLimit,
} from "../command.ts";
import { EXIT } from "../exit_codes.ts";
import type { CommandIo } from "../terminal/io.ts";
import { printTable } from "../terminal/table.ts";
import { printable } from "../terminal/text.ts";
import { formatCount } from "../../base/count.ts";
import type { RowCounts } from "../../protocol/file_view.ts";

interface TestFlags extends CommonFlags {
  limit: number;
  requireOsSandbox?: boolean;
}

export const REQUIRE_OS_SANDBOX = [
  "--require-os-sandbox",
  "fail if the OS sandbox is not available",
] as const;

/** Adds `manage tenant test`. */
export function registerTenantTest(tenant: Command, context: CommandContext): void {
  withLimit(addCommand(
    tenant,
    "test DIR FILE...",
    "run a module on files in the sandbox; stores nothing",
    [
      ["mysimbdp manage tenant test my-module a.csv", "print rows and rejects"],
      ["mysimbdp manage tenant test my-module *.csv --limit 5", "only the first five per file"],
    ],
  ))
    .option(...REQUIRE_OS_SANDBOX)
    .action(action<TestFlags>(context, async (flags, dir, ...files) => {
      const asked = { "sandbox.require_os_sandbox": flags.requireOsSandbox };
      // It needs no data directory, but refuses a misspelled one.
      const config = flags.data === undefined ? settingsOf(flags, asked) : configOf(flags, asked);
      if (config.sandbox.require_os_sandbox) requireOsSandbox();
      return await testModule(
        context.io,
        { ...flags, config, kind: "operator test" },
        dir ?? "",
        files,
      );
    }));
}

interface TestOptions {
  json?: boolean;
  limit: number;
  config: Config;
  kind: "operator test" | "author test";
}

/**
 * Runs a folder's module on files and prints the rows and rejects.
 * @param kind whose machine it is: the operator's or the author's
 * @returns the exit code
 */
export async function testModule(
  io: CommandIo,
  { json, limit, config, kind }: TestOptions,
  dir: string,
  files: string[],
): Promise<number> {
  const module = await buildModule(dir);
  const secrets = Object.fromEntries(
    module.tenantJson.permissions.secrets.flatMap((name) => {
      const value = io.env(`MYSIMBDP_SECRET_${name}`);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  let exitCode: number = EXIT.done;
  for (const file of files) {
    const fileBytes = (await statIfThere(file))?.size ?? 0;
    const policy = runPolicy({ kind, fileBytes, secrets }, module, config);
    const result = await testRun(module, file, { limit, policy });
    if (json) printJson(io, file, result);
    else printResult(io, file, result);
    if (result.failure || result.counts.rejected > 0) exitCode = EXIT.incomplete;
  }
  return exitCode;
}

function printJson(io: CommandIo, file: string, result: TestRunResult): void {
  const { tables, rejects, counts, seconds, failure, logs, notices } = result;
  const rows = tables.flatMap(({ table, columns, rows }) =>
    rows.map((row) => ({
      table,
      row: Object.fromEntries(columns.map((name, c) => [name, row[c]])),
    }))
  );
  const reason = failure && { code: failure.code, message: failure.message };
  const line = { file, counts, seconds, rows, rejects, logs, notices, failure: reason };
  io.stdout.write(`${JSON.stringify(line)}\n`);
}

function printResult(io: CommandIo, file: string, result: TestRunResult): void {
  const { stdout } = io;
  stdout.write(`${file}\n`);
  for (const { table, columns, rows, total } of result.tables) {
    stdout.write(`\n${table}: ${formatCount(total, "row")}${shown(rows.length, total)}\n`);
    if (rows.length > 0) printTable(stdout, columns, rows.map((row) => row.map(cell)));
  }
  const { rejects, counts } = result;
  const all = formatCount(counts.rejected, "record");
  stdout.write(`\nrejects: ${all}${shown(rejects.length, counts.rejected)}\n`);
  const rows = rejects.map((r) => [String(r.line), String(r.column ?? ""), r.reason, r.raw]);
  if (rows.length > 0) printTable(stdout, ["line", "column", "reason", "raw"], rows);
  for (const text of result.notices) stdout.write(`notice: ${printable(text)}\n`);
  for (const line of result.logs) stdout.write(`log: ${line}\n`);
  stdout.write(`\n${sumOf(counts)}; nothing was stored\n`);
  if (result.failure) {
    io.stderr.write(`mysimbdp: ${result.failure.message}\n`);
    if (result.failure.hint) io.stderr.write(`  hint: ${result.failure.hint}\n`);
  }
}

/** `399 read = 398 stored + 1 replaced + 0 rejected + 0 skipped`; most files replace nothing. */
function sumOf({ read, stored, replaced, rejected, skipped }: RowCounts): string {
  const parts = [`${stored} stored`, `${rejected} rejected`, `${skipped} skipped`];
  if (replaced > 0) parts.splice(1, 0, `${replaced} replaced`);
  return `${read} read = ${parts.join(" + ")}`;
}

function shown(some: number, all: number): string {
  return some < all ? ` (first ${some} shown)` : "";
}

function cell(value: unknown): string {
  if (value === null) return "-";
  return value instanceof Uint8Array ? `0x${value.toHex()}` : String(value);
}
