import { type Command, InvalidArgumentError } from "commander";
import { testRun, type TestRunResult } from "../../modules/test_run/test_run.ts";
import { buildModule } from "../../modules/build/build.ts";
import { requireOsLayer } from "../../sandbox/os/os_layer.ts";
import {
  action,
  type CommandContext,
  type CommonFlags,
  configOf,
  withCommonFlags,
} from "../command.ts";
import { EXIT } from "../exit_codes.ts";
import { withGuide } from "../help/guide.ts";
import type { CommandIo } from "../terminal/io.ts";
import { printTable } from "../terminal/table.ts";
import { formatCount } from "../terminal/text.ts";

interface TestFlags extends CommonFlags {
  limit: number;
  requireOsSandbox?: boolean;
}

/** Adds `manage tenant test`. */
export function registerTenantTest(tenant: Command, context: CommandContext): void {
  const command = withCommonFlags(tenant.command("test DIR FILE..."))
    .description(
      "run a module on files in the real sandbox; stores nothing, prints rows and rejects",
    )
    .option("--limit <n>", "rows and rejects to print of each file", positive, 20)
    .option("--require-os-sandbox", "refuse to run modules without the operating system's layer")
    .action(action<TestFlags>(context, async (flags, dir, ...files) => {
      const asked = { "sandbox.require_os_sandbox": flags.requireOsSandbox };
      if (configOf(flags, asked).sandbox.require_os_sandbox) requireOsLayer();
      return await testModule(context.io, flags, dir ?? "", files);
    }));
  withGuide(command, {
    examples: [
      ["mysimbdp manage tenant test my-module a.csv", "rows and rejects; nothing is stored"],
      ["mysimbdp manage tenant test my-module *.csv --limit 5", "the first five of each"],
    ],
  });
}

/**
 * Runs the module in a folder on files and prints what it makes of them.
 * @returns the exit code
 */
export async function testModule(
  io: CommandIo,
  flags: { json?: boolean; limit: number },
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
    const result = await testRun(module, file, { limit: flags.limit, secrets });
    if (flags.json) printJson(io, file, result);
    else printResult(io, file, result);
    if (result.failure || result.counts.rejected > 0) exitCode = EXIT.incomplete;
  }
  return exitCode;
}

function positive(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 0) return number;
  throw new InvalidArgumentError("It must be a whole number.");
}

function printJson(io: CommandIo, file: string, result: TestRunResult): void {
  const { tables, rejects, counts, seconds, failure, logs } = result;
  const rows = tables.flatMap(({ table, columns, rows }) =>
    rows.map((row) => ({
      table,
      row: Object.fromEntries(columns.map((name, c) => [name, row[c]])),
    }))
  );
  const reason = failure && { code: failure.code, message: failure.message };
  const told = { file, counts, seconds, rows, rejects, logs, failure: reason };
  io.stdout.write(`${JSON.stringify(told)}\n`);
}

function printResult(io: CommandIo, file: string, result: TestRunResult): void {
  const { stdout } = io;
  stdout.write(`${file}\n`);
  for (const { table, columns, rows, total } of result.tables) {
    stdout.write(`\n${table}: ${formatCount(total, "row")}${shown(rows.length, total)}\n`);
    if (rows.length > 0) printTable(stdout, columns, rows.map((row) => row.map(cell)));
  }
  const { rejects, counts } = result;
  stdout.write(
    `\nrejects: ${formatCount(counts.rejected, "record")}${
      shown(rejects.length, counts.rejected)
    }\n`,
  );
  if (rejects.length > 0) {
    printTable(
      stdout,
      ["line", "column", "reason", "raw"],
      rejects.map((reject) => [
        String(reject.line),
        String(reject.column ?? ""),
        reject.reason,
        reject.raw,
      ]),
    );
  }
  for (const line of result.logs) stdout.write(`log: ${line}\n`);
  const { read, stored, rejected, skipped } = counts;
  stdout.write(
    `\n${read} read = ${stored} stored + ${rejected} rejected + ${skipped} skipped; nothing was stored\n`,
  );
  if (result.failure) {
    io.stderr.write(`mysimbdp: ${result.failure.message}\n`);
    if (result.failure.hint) io.stderr.write(`  hint: ${result.failure.hint}\n`);
  }
}

function shown(some: number, all: number): string {
  return some < all ? `, the first ${some}:` : "";
}

function cell(value: unknown): string {
  if (value === null) return "-";
  return value instanceof Uint8Array ? `0x${value.toHex()}` : String(value);
}
