import type { Argument, Command, Option } from "commander";
import { type Guide, guideOf } from "./guide.ts";

/** The kind of a value on the command line, for completions. */
export type Place =
  | { kind: "folder" }
  | { kind: "file" }
  | { kind: "choice"; words: readonly string[] }
  /** Anything else: a name, a number, a URL. */
  | { kind: "text" };

/** A flag of a command. */
export interface Flag {
  /** Such as `-d`. */
  short: string | null;
  /** Such as `--dir`. */
  long: string | null;
  what: string;
  /** Such as `<dir>`; null for a flag without a value. */
  placeholder: string | null;
  value: Place;
}

/** A command as shown in completions and man pages. */
export interface CommandNode extends Guide {
  /** The words of the command; empty for the program. */
  path: readonly string[];
  what: string;
  arguments: { name: string; optional: boolean; many: boolean; value: Place }[];
  flags: Flag[];
  children: CommandNode[];
}

/** Describes a commander program. */
export function commandTree(command: Command, path: readonly string[] = []): CommandNode {
  const help = command.createHelp();
  return {
    path,
    what: command.description(),
    arguments: command.registeredArguments.map(argumentOf),
    flags: help.visibleOptions(command).map(flagOf),
    children: help.visibleCommands(command)
      .filter((child) => child.name() !== "help")
      .map((child) => commandTree(child, [...path, child.name()])),
    ...guideOf(command),
  };
}

/** Yields a command and all its subcommands, parents first. */
export function* allCommands(node: CommandNode): Generator<CommandNode> {
  yield node;
  for (const child of node.children) yield* allCommands(child);
}

/** The words of a command, each after a slash: the name by which completion scripts find it. */
export function keyOf({ path }: CommandNode): string {
  return path.map((word) => `/${word}`).join("");
}

/** The names of a flag, such as `-d` and `--dir`. */
export function namesOf({ short, long }: Flag): string[] {
  return [short, long].filter((name) => name !== null);
}

/** The flags of a command that take a value. */
export function valueFlags({ flags }: CommandNode): Flag[] {
  return flags.filter(({ placeholder }) => placeholder !== null);
}

function argumentOf(argument: Argument): CommandNode["arguments"][number] {
  const name = argument.name();
  return {
    name,
    optional: !argument.required,
    many: argument.variadic,
    value: placeOf(name.toLowerCase(), argument.argChoices),
  };
}

function flagOf(option: Option): Flag {
  const placeholder = /[<[].+[>\]]$/.exec(option.flags)?.[0] ?? null;
  return {
    short: option.short ?? null,
    long: option.long ?? null,
    what: option.description,
    placeholder,
    value: placeOf(placeholder?.slice(1, -1) ?? "", option.argChoices),
  };
}

/** Decides by the name: `dir` and `file` are paths. */
function placeOf(name: string, choices: readonly string[] | undefined): Place {
  if (choices) return { kind: "choice", words: choices };
  if (/^dir\b/.test(name)) return { kind: "folder" };
  return /^file(\.\.\.)?$/.test(name) ? { kind: "file" } : { kind: "text" };
}
