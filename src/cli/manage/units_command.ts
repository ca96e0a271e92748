import type { Command } from "commander";
import { join } from "node:path";
import { action, addCommand, type CommandContext, type CommonFlags } from "../command.ts";
import { unitFiles } from "./units.ts";

interface UnitsFlags extends CommonFlags {
  print?: boolean;
  out: string;
  program?: string;
}

/** Adds `manage units`. */
export function registerUnits(manage: Command, context: CommandContext): void {
  addCommand(manage, "units", "write hardened systemd units for serve and manage", [
    ["mysimbdp manage units", "write them to /etc/systemd/system"],
    ["mysimbdp manage units --print", "print them"],
  ])
    .option("--print", "print the units instead of writing them")
    .option("--out <dir>", "folder to write to", "/etc/systemd/system")
    .option("--program <path>", "program that the units start (default: this one)")
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
}
