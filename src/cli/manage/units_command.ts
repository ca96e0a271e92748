import type { Command } from "commander";
import { join } from "node:path";
import { action, type CommandContext, type CommonFlags, withCommonFlags } from "../command.ts";
import { withGuide } from "../help/guide.ts";
import { unitFiles } from "./units.ts";

interface UnitsFlags extends CommonFlags {
  print?: boolean;
  out: string;
  program?: string;
}

/** Adds `manage units`. */
export function registerUnits(manage: Command, context: CommandContext): void {
  const command = withCommonFlags(manage.command("units"))
    .description("systemd units for serve and manage, hardened")
    .option("--print", "print them instead of writing them")
    .option("--out <dir>", "the folder to write them to", "/etc/systemd/system")
    .option("--program <path>", "the program that they start (default: this one)")
    .action(action<UnitsFlags>(context, async (flags) => {
      const own = Deno.build.standalone ? Deno.execPath() : "/usr/bin/mysimbdp";
      const program = flags.program ?? own;
      for (const [name, text] of Object.entries(unitFiles(program))) {
        if (flags.print) context.io.stdout.write(`# ${name}\n${text}\n`);
        else {
          await Deno.mkdir(flags.out, { recursive: true });
          await Deno.writeTextFile(join(flags.out, name), text);
          context.io.stdout.write(`wrote ${join(flags.out, name)}\n`);
        }
      }
      return 0;
    }));
  withGuide(command, {
    examples: [
      ["mysimbdp manage units", "write them to /etc/systemd/system"],
      ["mysimbdp manage units --print", "only look at them"],
    ],
  });
}
