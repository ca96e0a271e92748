import type { Command } from "commander";
import { join } from "node:path";
import { newPassword } from "../../accounts/new_password.ts";
import { hashPassword } from "../../accounts/password_hash.ts";
import { UsersFile } from "../../accounts/users.ts";
import { keepOwner } from "../../base/owner.ts";
import { Failure } from "../../base/failure.ts";
import { CONFIG_FILE } from "../../config/load.ts";
import { templateToml } from "../../config/template.ts";
import { createData } from "../../data/data_directory.ts";
import { Layout } from "../../data/layout.ts";
import { readDataVersion } from "../../data/version.ts";
import { openData } from "../../upkeep/open_data.ts";
import {
  action,
  addCommand,
  type CommandContext,
  type CommonFlags,
  settingsOf,
} from "../command.ts";

/** The first operator account. */
const ADMIN = "admin";

/** Adds `manage init`. */
export function registerInit(manage: Command, context: CommandContext): void {
  addCommand(manage, "init", "create a data directory and an operator account", [
    ["mysimbdp manage init", "create ./mysimbdp-data"],
    ["mysimbdp manage init --data /var/lib/mysimbdp", "create it where the units expect it"],
  ]).action(action<CommonFlags>(context, async (flags) => {
    const layout = new Layout(settingsOf(flags).data);
    if (readDataVersion(layout) === null) await createData(layout);
    await openData(layout);
    await writeNew(join(layout.root, CONFIG_FILE), templateToml());
    await writeNew(layout.users, "{}\n");
    await writeNew(layout.admins, "{}\n");
    const admins = new UsersFile(layout.admins, "operator");
    if (admins.list().length > 0) {
      const text = `Cannot initialise "${layout.root}": it is already initialised`;
      throw new Failure("usage", "already-there", text, {
        hint: `Run mysimbdp manage operator passwd ${ADMIN} to set a new password.`,
      });
    }
    const password = newPassword();
    await admins.add(ADMIN, await hashPassword(password));
    const json = JSON.stringify({ data: layout.root, admin: ADMIN, password });
    const text = `created ${layout.root}\nadmin password (shown only once): ${password}\n` +
      `next: mysimbdp manage tenant add NAME --data ${layout.root}`;
    context.io.stdout.write(`${flags.json ? json : text}\n`);
    return 0;
  }));
}

async function writeNew(path: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, text, { createNew: true, mode: 0o600 });
    keepOwner(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}
