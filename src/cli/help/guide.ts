import type { Command } from "commander";
import { wrapped } from "../terminal/text.ts";

/** A command line or a term, and its description. */
export type Example = readonly [commandLine: string, what: string];

/** What help and man page show besides the flags. */
export interface Guide {
  examples: readonly Example[];
  /** Environment variables. */
  environment: readonly Example[];
  /** Paragraphs about what the flags alone do not say. */
  notes: readonly string[];
}

/** What the exit codes of all commands mean. */
export const EXIT_MEANINGS: readonly Example[] = [
  ["0", "all done"],
  ["1", "some files were refused, failed or not loaded in time"],
  ["2", "usage error"],
  ["3", "authentication failed"],
  ["4", "server or network error"],
  ["5", "storage error"],
];

/** The environment variables of operator commands. */
export const SETTINGS_ENVIRONMENT: readonly Example[] = [
  ["MYSIMBDP_DATA", "the data directory"],
  ["MYSIMBDP_CONFIG", "the configuration file"],
  ["MYSIMBDP_SECTION_KEY", "any setting, for example MYSIMBDP_LOG_LEVEL"],
];

const GUIDES = new WeakMap<Command, Guide>();

/**
 * Adds examples, shown first, and environment variables to the help of a command.
 *
 * @example
 * ```ts ignore
 * withGuide(command, { examples: [["mysimbdp serve", "on http://127.0.0.1:8080"]] });
 * ```
 */
export function withGuide(command: Command, guide: Partial<Guide>): Command {
  const { examples = [], environment = [], notes = [] } = guide;
  GUIDES.set(command, { examples, environment, notes });
  command.addHelpText("before", () => section("Examples", examples));
  if (notes.length > 0) command.addHelpText("after", () => `\n${paragraphs(notes)}`);
  if (environment.length > 0) {
    command.addHelpText("after", `\n${section("Environment", environment)}`);
  }
  return command;
}

/** Returns what {@link withGuide} added to a command. */
export function guideOf(command: Command): Guide {
  return GUIDES.get(command) ?? { examples: [], environment: [], notes: [] };
}

// The width of most terminals.
const WIDTH = 80;

function paragraphs(texts: readonly string[]): string {
  return texts.map((text) => wrapped(text, WIDTH).join("\n")).join("\n\n");
}

/** Formats lines with their description behind them, or above them if one does not fit. */
function section(title: string, lines: readonly Example[]): string {
  const widest = Math.max(...lines.map(([line]) => line.length));
  const fits = lines.every(([, what]) => 2 + widest + 2 + what.length <= WIDTH);
  const shown = lines.map(([line, what]) => {
    if (fits) return `  ${what ? line.padEnd(widest + 2) : line}${what}`;
    return what ? `  # ${what}\n  ${line}` : `  ${line}`;
  });
  return `${title}:\n${shown.join("\n")}\n`;
}
