import { addAccount } from "../../accounts/manage_accounts.ts";
import { verifyPassword } from "../../accounts/password_hash.ts";
import { UsersFile } from "../../accounts/users.ts";
import type { Account } from "../../accounts/users_text.ts";
import { closing } from "../../base/closing.ts";
import { Failure } from "../../base/failure.ts";
import { Layout } from "../../data/layout.ts";
import { buildModule } from "../../modules/build/build.ts";
import { completeModule, tableLimits } from "../../modules/build/deploy.ts";
import { ModuleStore } from "../../modules/store.ts";
import type { Storage } from "../../storage/contract.ts";
import { openStorage, tableNotices } from "../../storage/open.ts";
import { openData } from "../../upkeep/open_data.ts";
import {
  type CommandContext,
  type CommonFlags,
  configOf,
  printResult,
  withNotices,
} from "../command.ts";
import { Steps } from "../terminal/steps.ts";
import { givenPassword, manageAccountsDeps, type PasswordFlags } from "./accounts.ts";
import { audit, decidedBy } from "./audit_command.ts";

interface AddFlags extends CommonFlags, PasswordFlags {
  storage?: string;
  module?: string;
}

/**
 * Creates what a tenant needs: keyspace, role and tables, then the module, and the account last, so that
 * nobody can sign in before all of it is there. Each step can be repeated: if one fails, or the process
 * is killed, the same command completes the rest.
 *
 * @throws {Failure} `tenant-exists` if the account has another password than the given one
 */
export async function addTenant(
  context: CommandContext,
  flags: AddFlags,
  name: string,
): Promise<number> {
  const config = configOf(flags, { "storage.url": flags.storage });
  const layout = new Layout(config.data);
  await openData(layout);
  const users = new UsersFile(layout.users);
  const account = users.list().find((each) => each.name === name);
  const given = await givenPassword(context, flags, name);
  if (account && given !== undefined) await checkSamePassword(account, given);
  const steps = new Steps(context.io, flags);
  await using storage = closing(openStorage(config));
  const module = await steps.run(
    flags.module === undefined ? "opening the storage" : "checking the module",
    () => prepare(storage, flags.module),
  );
  await steps.run("creating the keyspace", () => storage.ensureKeyspace(name));
  let version: string | undefined;
  if (module !== null) {
    const store = new ModuleStore(layout.moduleRoot);
    const by = decidedBy(context.io);
    const deployed = await steps.run(
      "creating the tables",
      () => completeModule(name, module, store, storage, tableLimits(config), by),
    );
    version = deployed.version;
    if (deployed.isNew) await audit(context, flags, "module.deploy", name, { version });
  }
  const withModule = version === undefined ? "" : ` with module ${version}`;
  const notices = tableNotices(config, module?.declaration.tables ?? []);
  if (account) {
    const text = `${name} exists${withModule}: its keyspace is complete, its password unchanged`;
    const json = { tenant: name, version, existed: true, notices };
    return printResult(context, flags, json, withNotices(text, notices));
  }
  const { password } = await addAccount(manageAccountsDeps(context, layout, users), name, given);
  const lines = [`added ${name}${withModule}`];
  if (password !== null) lines.push(`password (shown only once): ${password}`);
  const json = { tenant: name, password: password ?? undefined, version, notices };
  return printResult(context, flags, json, withNotices(lines.join("\n"), notices));
}

/** Builds the module while the ledger's tables are created; a faulty one leaves nothing of the tenant. */
async function prepare(storage: Storage, dir: string | undefined) {
  const opening = storage.ready();
  try {
    const building = dir === undefined ? null : buildModule(dir);
    return (await Promise.all([building, opening]))[0];
  } finally {
    // A change of the schema that has begun is not cut off.
    await opening.catch(() => undefined);
  }
}

async function checkSamePassword({ name, stored }: Account, given: string): Promise<void> {
  if (await verifyPassword(given, stored)) return;
  const text = `Cannot add tenant "${name}": it exists with another password`;
  throw new Failure("usage", "tenant-exists", text, {
    hint: `Run mysimbdp manage tenant passwd ${name} to set its password.`,
  });
}
