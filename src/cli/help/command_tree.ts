import type { Argument, Command, Option } from "commander";
import { type Guide, guideOf } from "./guide.ts";

/** What can stand in a place of the command line, for completions. */
export type Place =
  | { kind: "folder" }
  | { kind: "file" }
  | { kind: "choice"; words: readonly string[] }
  /** Anything: a name, a number, a URL. */
  | { kind: "text" };

/** A flag of a command. */
export interface Flag {
  /** Such as `-d`. */
  short: string | null;
  /** Such as `--dir`. */
  long: string | null;
  what: string;
  /** As it is written, such as `<dir>`; null for a flag without a value. */
  placeholder: string | null;
  value: Place;
}

/** A command with all that help, completions and man pages need to know of it. */
export interface CommandNode extends Guide {
  /** The words that lead to it; none for the program itself. */
  path: readonly string[];
  what: string;
  arguments: { name: string; optional: boolean; many: boolean; value: Place }[];
  flags: Flag[];
  children: CommandNode[];
}

/** Describes a program of commander. */
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

/** A command and all below it, parents first. */
export function* allCommands(node: CommandNode): Generator<CommandNode> {
  yield node;
  for (const child of node.children) yield* allCommands(child);
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

/** By the name of what is to stand there: `dir` and `file` are paths. */
function placeOf(name: string, choices: readonly string[] | undefined): Place {
  if (choices) return { kind: "choice", words: choices };
  if (/^dir\b/.test(name)) return { kind: "folder" };
  return /^file(\.\.\.)?$/.test(name) ? { kind: "file" } : { kind: "text" };
}
