import type { Command } from "commander";
import { join } from "node:path";
import { newPassword } from "../../accounts/new_password.ts";
import { hashPassword } from "../../accounts/password_hash.ts";
import { UsersFile } from "../../accounts/users.ts";
import { CONFIG_FILE } from "../../config/load.ts";
import { templateToml } from "../../config/template.ts";
import { Failure } from "../../base/failure.ts";
import { Layout } from "../../data/layout.ts";
import { openData } from "../../upkeep/open_data.ts";
import {
  action,
  type CommandContext,
  type CommonFlags,
  configOf,
  withCommonFlags,
} from "../command.ts";
import { withGuide } from "../help/guide.ts";

/** The operator's account in admins.json. */
const ADMIN = "admin";

/** Adds `manage init`. */
export function registerInit(manage: Command, context: CommandContext): void {
  const command = withCommonFlags(manage.command("init"))
    .description("make a data directory with a configuration file and an admin password")
    .action(action<CommonFlags>(context, async (flags) => {
      const layout = new Layout(configOf(flags).data);
      await openData(layout);
      await writeNew(join(layout.root, CONFIG_FILE), templateToml());
      await writeNew(layout.users, "{}\n");
      await writeNew(layout.admins, "{}\n");
      const admins = new UsersFile(layout.admins, "operator");
      if (admins.list().length > 0) {
        throw new Failure(
          "usage",
          "already-there",
          `Cannot initialise "${layout.root}": it has an admin`,
          {
            hint: "It was initialised before; nothing was changed.",
          },
        );
      }
      const password = newPassword();
      await admins.add(ADMIN, await hashPassword(password));
      if (flags.json) {
        context.io.stdout.write(
          `${JSON.stringify({ data: layout.root, admin: ADMIN, password })}\n`,
        );
      } else {
        context.io.stdout.write(
          `made ${layout.root}\nadmin password (shown only now): ${password}\n` +
            `next: mysimbdp manage tenant add NAME --data ${layout.root}\n`,
        );
      }
      return 0;
    }));
  withGuide(command, {
    examples: [
      ["mysimbdp manage init", "make ./mysimbdp-data"],
      ["mysimbdp manage init --data /var/lib/mysimbdp", "where the units look for it"],
    ],
  });
}

async function writeNew(path: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, text, { createNew: true, mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}
