import { type Command, CommanderError, type CommandOptions, InvalidArgumentError } from "commander";
import { Failure } from "../base/failure.ts";
import { loadConfig } from "../config/load.ts";
import type { Config, SettingName } from "../config/schema.ts";
import { requireData } from "../data/data_directory.ts";
import { Layout } from "../data/layout.ts";
import { refuseNewer } from "../data/version.ts";
import { type Example, withGuide } from "./help/guide.ts";
import type { CommandIo } from "./terminal/io.ts";
import { report } from "./terminal/report.ts";
import { printTable, type TableOptions } from "./terminal/table.ts";

/** What every command gets from the program. */
export interface CommandContext {
  io: CommandIo;
  /** Sets the exit code when the command ends. */
  done(exitCode: number): void;
}

/** Flags of every operator command. */
export interface CommonFlags {
  data?: string;
  config?: string;
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
}

/**
 * Adds an operator command with the common flags.
 *
 * @param usage name and arguments, such as `add NAME`
 * @param what one line for the list of commands
 */
export function addCommand(
  parent: Command,
  usage: string,
  what: string,
  examples: readonly Example[],
  environment: readonly Example[] = [],
  options: CommandOptions = {},
): Command {
  const command = parent.command(usage, options).description(what)
    .option("--data <dir>", "data directory (default: ./mysimbdp-data)")
    .option("--config <file>", "configuration file (default: DATA/mysimbdp.toml)")
    .option("--json", "print JSON, one object per line")
    .option("-q, --quiet", "print only problems")
    .option("-v, --verbose", "print more details");
  return withGuide(command, { examples, environment });
}

/** Adds `--limit` of a test run. */
export function withLimit(command: Command): Command {
  const what = "maximum number of rows and rejects to print per file";
  return command.option("--limit <n>", what, numberFrom(0, Infinity), 20);
}

/** Adds `--storage`. */
export function withStorage(command: Command): Command {
  return command.option("--storage <url>", "storage URL (default: sqlite:)");
}

type MoreFlags = { [N in SettingName]?: string | boolean | undefined };

/** Loads the configuration; flags take precedence. @throws {Failure} `bad-config` */
export function settingsOf(flags: CommonFlags, more: MoreFlags = {}): Config {
  return loadConfig({ flags: { data: flags.data, ...more }, configPath: flags.config });
}

/**
 * Loads the configuration of a command that works on an existing data directory.
 * @throws {Failure} `bad-config`; `not-data`; `data-too-new` when a newer version wrote the directory
 */
export function configOf(flags: CommonFlags, more: MoreFlags = {}): Config {
  const config = settingsOf(flags, more);
  refuseNewer(config.data, requireData(new Layout(config.data)));
  return config;
}

/**
 * Wraps a function that returns an exit code as a commander action; errors are reported.
 *
 * @example
 * ```ts ignore
 * command.action(action<Flags>(context, async (flags, file) => { …; return 0; }));
 * ```
 */
export function action<F extends { json?: boolean; verbose?: boolean }>(
  context: CommandContext,
  run: (flags: F, ...args: string[]) => number | Promise<number>,
): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    const command = given.at(-1) as Command;
    const flags = command.optsWithGlobals<F>();
    // commander passes the arguments, then the options, then the command.
    const args = given.slice(0, -2).flat() as string[];
    try {
      context.done(await run(flags, ...args));
    } catch (error) {
      context.done(report(error, context.io, flags));
    }
  };
}

/** Prints a result: one JSON object with `--json`, otherwise text unless `--quiet`. */
export function printResult(
  { io }: CommandContext,
  flags: CommonFlags,
  json: object,
  text: string,
): number {
  if (flags.json) io.stdout.write(`${JSON.stringify(json)}\n`);
  else if (!flags.quiet && text !== "") io.stdout.write(`${text}\n`);
  return 0;
}

/** A text with remarks below it. */
export function withNotices(text: string, notices: readonly string[]): string {
  return [text, ...notices.map((notice) => `notice: ${notice}`)].join("\n");
}

/** Prints entries: one JSON object per line with `--json`, otherwise a table. */
export function printEntries<T extends object>(
  { stdout }: CommandIo,
  flags: { json?: boolean },
  entries: readonly T[],
  header: string[],
  row: (entry: T) => string[],
  options?: TableOptions,
): number {
  if (!flags.json) printTable(stdout, header, entries.map(row), options);
  else for (const entry of entries) stdout.write(`${JSON.stringify(entry)}\n`);
  return 0;
}

/** A parser for the value of a flag: a number within limits. */
export function numberFrom(min: number, max: number, isAllowed = Number.isInteger) {
  return (text: string): number => {
    const number = Number(text);
    if (text.trim() !== "" && isAllowed(number) && number >= min && number <= max) return number;
    const kind = isAllowed === Number.isInteger ? "a whole number" : "a number";
    const range = max === Infinity ? `of at least ${min}` : `from ${min} to ${max}`;
    throw new InvalidArgumentError(`Expected ${kind} ${range}.`);
  };
}

/** A parser for the value of a flag: a duration up to `max` seconds, such as `90`, `90s`, `15m`, `2h`. */
export function secondsUpTo(max: number) {
  return (text: string): number => {
    const seconds = parseSeconds(text);
    if (seconds !== null && seconds <= max) return seconds;
    throw new InvalidArgumentError(
      `Expected seconds, or a duration such as 90s, 15m or 2h, up to ${max} seconds.`,
    );
  };
}

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Parses a duration: a number of seconds, or one with `s`, `m`, `h` or `d`; null if it is not one. */
export function parseSeconds(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([smhd]?)$/i.exec(text.trim());
  if (!match) return null;
  return Number(match[1]) * SECONDS[(match[2]!.toLowerCase() || "s") as keyof typeof SECONDS];
}

/** Returns the exit code for an error with which commander ends: 0 after help, 2 after a usage error. */
export function exitCodeOfParsing(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  throw error;
}

/** The failure of a command that was called in a wrong way. */
export function usage(message: string, hint?: string): Failure {
  return new Failure("usage", "usage", message, hint === undefined ? {} : { hint });
}
