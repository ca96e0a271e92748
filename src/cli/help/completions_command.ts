import { Argument, type Command } from "commander";
import type { CommandContext } from "../command.ts";
import { type CommandNode, commandTree } from "./command_tree.ts";
import { bashCompletions } from "./completions/bash.ts";
import { fishCompletions } from "./completions/fish.ts";
import { zshCompletions } from "./completions/zsh.ts";
import { withGuide } from "./guide.ts";

const SHELLS: Record<string, (program: CommandNode) => string> = {
  bash: bashCompletions,
  zsh: zshCompletions,
  fish: fishCompletions,
};

/** Adds `completions`. */
export function registerCompletions(program: Command, { io, done }: CommandContext): void {
  const command = program.command("completions")
    .description("print a completion script for a shell")
    .addArgument(new Argument("<SHELL>", "the shell").choices(Object.keys(SHELLS)))
    .action((shell: string) => {
      io.stdout.write(SHELLS[shell]?.(commandTree(program)) ?? "");
      done(0);
    });
  withGuide(command, {
    examples: [
      ["source <(mysimbdp completions bash)", "bash: run it, or add it to ~/.bashrc"],
      ["source <(mysimbdp completions zsh)", "zsh: add it to ~/.zshrc, after compinit"],
      ["mysimbdp completions fish | source", "fish: run it, or add it to config.fish"],
    ],
  });
}
