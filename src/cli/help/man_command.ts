import type { Command } from "commander";
import { join } from "node:path";
import { type CommandContext, usage } from "../command.ts";
import { type CommandNode, commandTree } from "./command_tree.ts";
import { withGuide } from "./guide.ts";
import { manPage, manPageName } from "./man_page.ts";
import { report } from "../terminal/report.ts";

/** Adds `man`. */
export function registerMan(program: Command, { io, done }: CommandContext): void {
  const command = program.command("man")
    .description("print a man page, or write all of them to a folder")
    .argument("[COMMAND...]", "command (default: the program itself)")
    .option("--out <dir>", "write all pages to this folder")
    .action(async (words: string[], flags: { out?: string }) => {
      const tree = commandTree(program);
      try {
        if (flags.out !== undefined) await writeAll(tree, flags.out);
        else io.stdout.write(pageOf(tree, words));
        done(0);
      } catch (error) {
        done(report(error, io));
      }
    });
  withGuide(command, {
    examples: [
      ["mysimbdp man fetch | man -l -", "show the page of fetch"],
      ["mysimbdp man manage tenant deploy", "print a page as roff"],
      ["mysimbdp man --out /usr/local/share/man/man1", "install all pages"],
    ],
  });
}

function pageOf(tree: CommandNode, words: readonly string[]): string {
  const above: CommandNode[] = [];
  let node = tree;
  for (const word of words) {
    const child = node.children.find(({ path }) => path.at(-1) === word);
    if (!child) {
      throw usage(`Cannot show the man page of "${words.join(" ")}": unknown command`);
    }
    above.push(node);
    node = child;
  }
  return manPage(node, above);
}

async function writeAll(node: CommandNode, dir: string, above: CommandNode[] = []): Promise<void> {
  await Deno.mkdir(dir, { recursive: true });
  await Deno.writeTextFile(join(dir, `${manPageName(node)}.1`), manPage(node, above));
  for (const child of node.children) await writeAll(child, dir, [...above, node]);
}
