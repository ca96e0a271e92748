import { Command, CommanderError } from "commander";
import { Failure } from "../base/failure.ts";
import { loadConfig } from "../config/load.ts";
import type { Config, SettingName } from "../config/schema.ts";
import { refuseNewer, writtenVersion } from "../data/version.ts";
import type { CommandIo } from "./terminal/io.ts";
import { report } from "./terminal/report.ts";

/** What every command gets from the program that it is a part of. */
export interface CommandContext {
  io: CommandIo;
  /** Takes the exit code when a command has come to its end. */
  done(exitCode: number): void;
}

/** Flags that all commands of the operator share. */
export interface CommonFlags {
  data?: string;
  config?: string;
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
}

/** Adds the flags that all commands of the operator share. */
export function withCommonFlags(command: Command): Command {
  return command
    .option("--data <dir>", "the data directory (default: ./mysimbdp-data)")
    .option("--config <file>", "the configuration file (default: DATA/mysimbdp.toml)")
    .option("--json", "machine-readable output on stdout")
    .option("-q, --quiet", "print only what went wrong")
    .option("-v, --verbose", "print details, too");
}

/**
 * Loads the configuration with these flags on top.
 * @throws {Failure} `bad-config`; `data-too-new` when a newer program has written the data directory
 */
export function configOf(
  flags: CommonFlags,
  more: { [N in SettingName]?: string | boolean | undefined } = {},
): Config {
  const config = loadConfig({ flags: { data: flags.data, ...more }, configPath: flags.config });
  refuseNewer(config.data, writtenVersion(config.data));
  return config;
}

/**
 * Makes a commander action of a function that returns an exit code; what it throws is reported.
 *
 * @example
 * ```ts ignore
 * command.action(action<Flags>(context, async (flags, file) => { …; return 0; }));
 * ```
 */
export function action<F extends CommonFlags>(
  context: CommandContext,
  run: (flags: F, ...args: string[]) => Promise<number>,
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

/** Turns commander's way to end the process into an exit code: 0 after help, 2 after a mistake. */
export function exitCodeOfParsing(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  throw error;
}

/** A mistake in how a command was called. */
export function usage(message: string, hint?: string): Failure {
  return new Failure("usage", "usage", message, hint === undefined ? {} : { hint });
}
