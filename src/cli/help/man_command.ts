import type { Command } from "commander";
import { join } from "node:path";
import { action, type CommandContext, type CommonFlags, usage } from "../command.ts";
import { type CommandNode, commandTree } from "./command_tree.ts";
import { withGuide } from "./guide.ts";
import { manPage, manPageName } from "./man_page.ts";

interface ManFlags extends Pick<CommonFlags, "json" | "verbose"> {
  out?: string;
}

/** Adds `man`. */
export function registerMan(program: Command, context: CommandContext): void {
  const command = program.command("man")
    .description("print a man page, or write all of them to a folder")
    .argument("[COMMAND...]", "command (default: the program itself)")
    .option("--out <dir>", "write all pages to this folder")
    .action(action<ManFlags>(context, async ({ out }, ...words) => {
      const tree = commandTree(program);
      if (out !== undefined) await writeAll(tree, out);
      else context.io.stdout.write(pageOf(tree, words));
      return 0;
    }));
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
