import type { Command } from "commander";

/** A command line, and what it does. */
export type Example = readonly [commandLine: string, what: string];

/** What help and man page say of a command beyond its flags. */
export interface Guide {
  examples: readonly Example[];
  /** Environment variables, one line each. */
  environment: readonly Example[];
}

/** What the exit codes of all commands mean. */
export const EXIT_MEANINGS: readonly Example[] = [
  ["0", "all done"],
  ["1", "some files were refused or failed"],
  ["2", "usage"],
  ["3", "authentication"],
  ["4", "server or network"],
  ["5", "storage"],
];

/** What every command of the operator heeds. */
export const SETTINGS_ENVIRONMENT: readonly Example[] = [
  ["MYSIMBDP_DATA", "the data directory"],
  ["MYSIMBDP_CONFIG", "the configuration file"],
  ["MYSIMBDP_SECTION_KEY", "any setting, such as MYSIMBDP_LOG_LEVEL"],
];

const GUIDES = new WeakMap<Command, Guide>();

/**
 * Gives a command its examples, which its help shows first, and the variables that it heeds.
 *
 * @example
 * ```ts ignore
 * withGuide(command, { examples: [["mysimbdp serve", "on http://127.0.0.1:8080"]] });
 * ```
 */
export function withGuide(command: Command, guide: Partial<Guide>): Command {
  const { examples = [], environment = [] } = guide;
  GUIDES.set(command, { examples, environment });
  command.addHelpText("before", () => section("Examples", examples));
  if (environment.length > 0) {
    command.addHelpText("after", `\n${section("Environment", environment)}`);
  }
  return command;
}

/** What a command was given by {@link withGuide}. */
export function guideOf(command: Command): Guide {
  return GUIDES.get(command) ?? { examples: [], environment: [] };
}

// Columns that most terminals have.
const WIDTH = 80;

/** Lines with what they mean beside them, or above them where both do not fit. */
function section(title: string, lines: readonly Example[]): string {
  const widest = Math.max(...lines.map(([line]) => line.length));
  const fits = lines.every(([, what]) => 2 + widest + 2 + what.length <= WIDTH);
  const shown = lines.map(([line, what]) => {
    if (fits) return `  ${what ? line.padEnd(widest + 2) : line}${what}`;
    return what ? `  # ${what}\n  ${line}` : `  ${line}`;
  });
  return `${title}:\n${shown.join("\n")}\n`;
}
