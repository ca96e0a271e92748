import type { Command } from "commander";
import {
  addAccount,
  setAccountEnabled,
  setAccountPassword,
} from "../../accounts/manage_accounts.ts";
import { UsersFile } from "../../accounts/users.ts";
import { buildModule } from "../../modules/build/build.ts";
import { deployModule } from "../../modules/build/deploy.ts";
import { ModuleStore } from "../../modules/store.ts";
import { messageOf } from "../../base/failure.ts";
import { requireOsLayer } from "../../sandbox/os/os_layer.ts";
import { checkTenantName, isTenantName } from "../../base/tenant_name.ts";
import { Layout } from "../../data/layout.ts";
import type { Storage } from "../../storage/contract.ts";
import { openStorage } from "../../storage/open.ts";
import { openData } from "../../upkeep/open_data.ts";
import {
  action,
  type CommandContext,
  type CommonFlags,
  configOf,
  withCommonFlags,
} from "../command.ts";
import { type Example, withGuide } from "../help/guide.ts";
import { givenPassword, manageAccountsDeps } from "./accounts.ts";
import { operatorName, writeDown } from "./audit_command.ts";
import { registerTenantModule } from "./module_command.ts";
import { registerSecret } from "./secret_command.ts";
import { registerTenantTest } from "./test_command.ts";
import { printTable } from "../terminal/table.ts";

interface TenantFlags extends CommonFlags {
  storage?: string;
  password?: string;
  passwordFile?: string;
  requireOsSandbox?: boolean;
  module?: string;
}

const EXAMPLES: Record<string, readonly Example[]> = {
  add: [
    ["mysimbdp manage tenant add customer-1", "with a new password, shown once"],
    ["mysimbdp manage tenant add customer-1 --password-file pw", "with this one"],
    ["mysimbdp manage tenant add customer-1 --module DIR", "with its module, or not at all"],
  ],
  passwd: [
    ["mysimbdp manage tenant passwd customer-1", "with a new password, shown once"],
    ["mysimbdp manage tenant passwd customer-1 -p -", "with one from standard input"],
  ],
  disable: [["mysimbdp manage tenant disable customer-1", "at once, also in a running serve"]],
  enable: [["mysimbdp manage tenant enable customer-1", "with its old password"]],
  list: [
    ["mysimbdp manage tenant list", "as a table"],
    ["mysimbdp manage tenant list --json", "for other programs"],
  ],
  show: [["mysimbdp manage tenant show customer-1", "module, constraints, rows"]],
  deploy: [[
    "mysimbdp manage tenant deploy customer-1 tenants/customer-1",
    "NAME, then its folder",
  ]],
};

/** Adds `manage tenant …`: accounts and modules. */
export function registerTenant(manage: Command, context: CommandContext): void {
  const tenant = manage.command("tenant").description("accounts and modules");
  withGuide(tenant, {
    examples: [
      ["mysimbdp manage tenant add customer-1", "make an account"],
      ["mysimbdp manage tenant deploy customer-1 DIR", "deploy its module"],
      ["mysimbdp manage tenant test DIR FILE", "try a module; nothing is stored"],
      ["mysimbdp manage tenant list", "all accounts"],
    ],
  });
  const command = (name: string, what: string) => {
    const [verb = ""] = name.split(" ");
    return withGuide(
      withCommonFlags(tenant.command(name)).description(what),
      { examples: EXAMPLES[verb] ?? [] },
    );
  };
  command("add NAME", "make an account and its keyspace; prints a password unless one is given")
    .option("-p, --password <password>", "its password; - reads it from standard input")
    .option("--password-file <file>", "a file whose first line is the password")
    .option("--module <dir>", "deploy the module in this folder for it, too")
    .option("--storage <url>", "where rows are stored (default: sqlite:)")
    .action(action<TenantFlags>(context, (flags, name) => addTenant(context, flags, name ?? "")));
  command("passwd NAME", "set an account's password")
    .option("-p, --password <password>", "the new password; - reads it from standard input")
    .option("--password-file <file>", "a file whose first line is the password")
    .action(action<TenantFlags>(context, (flags, name) => setPassword(context, flags, name ?? "")));
  command("disable NAME", "refuse an account's logins; its files and rows stay")
    .action(action<TenantFlags>(context, async (flags, name) => {
      await setAccountEnabled(depsOf(context, flags), checkTenantName(name ?? ""), false);
      return say(context, flags, { tenant: name, disabled: true }, `disabled ${name}`);
    }));
  command("enable NAME", "let a disabled account log in again")
    .action(action<TenantFlags>(context, async (flags, name) => {
      await setAccountEnabled(depsOf(context, flags), checkTenantName(name ?? ""), true);
      return say(context, flags, { tenant: name, disabled: false }, `enabled ${name}`);
    }));
  command("list", "all accounts with their modules")
    .action(action<TenantFlags>(context, (flags) => listTenants(context, flags)));
  command("show NAME", "one account: module, constraints, rows")
    .option("--storage <url>", "where rows are stored (default: sqlite:)")
    .action(action<TenantFlags>(context, (flags, name) => showTenant(context, flags, name ?? "")));
  command("deploy NAME DIR", "bundle, check and deploy a tenant's module")
    .option("--storage <url>", "where rows are stored (default: sqlite:)")
    .option("--require-os-sandbox", "refuse to run modules without the operating system's layer")
    .action(
      action<TenantFlags>(
        context,
        (flags, name, dir) => deploy(context, flags, name ?? "", dir ?? ""),
      ),
    );
  registerTenantTest(tenant, context);
  registerTenantModule(tenant, context);
  registerSecret(tenant, context);
}

async function addTenant(
  context: CommandContext,
  flags: TenantFlags,
  name: string,
): Promise<number> {
  const config = configOf(flags, { "storage.url": flags.storage });
  const layout = new Layout(config.data);
  checkTenantName(name);
  await openData(layout);
  // A module with faults leaves no account without one behind.
  if (flags.module !== undefined) await buildModule(flags.module);
  const given = await givenPassword(context, flags, name);
  const { password } = await addAccount(depsOf(context, flags), name, given);
  const storage = openStorage(config);
  let version: string | undefined;
  try {
    await storage.ensureKeyspace(name);
    if (flags.module !== undefined) {
      version = await deployInto(context, layout, storage, name, flags.module);
    }
  } finally {
    await storage.close();
  }
  const lines = [version === undefined ? `added ${name}` : `added ${name} with module ${version}`];
  if (password !== null) lines.push(`password (shown only now): ${password}`);
  const json = { tenant: name, password: password ?? undefined, version };
  return say(context, flags, json, lines.join("\n"));
}

async function setPassword(
  context: CommandContext,
  flags: TenantFlags,
  name: string,
): Promise<number> {
  const given = await givenPassword(context, flags, checkTenantName(name));
  const { password } = await setAccountPassword(depsOf(context, flags), name, given);
  const text = password === null
    ? `password of ${name} is set`
    : `password of ${name} (shown only now): ${password}`;
  return say(context, flags, { tenant: name, password: password ?? undefined }, text);
}

async function listTenants(context: CommandContext, flags: TenantFlags): Promise<number> {
  const layout = new Layout(configOf(flags).data);
  const modules = new ModuleStore(layout.moduleRoot);
  const rows: { tenant: string; state: string; module: string }[] = [];
  for (const { name, enabled } of new UsersFile(layout.users).list()) {
    const module = (await modules.versions(name)).length > 0
      ? await versionOf(modules, name)
      : "none";
    const state = isTenantName(name) ? enabled ? "active" : "disabled" : "invalid name";
    rows.push({ tenant: name, state, module });
  }
  if (flags.json) { for (const row of rows) context.io.stdout.write(`${JSON.stringify(row)}\n`); }
  else {printTable(
      context.io.stdout,
      ["tenant", "state", "module"],
      rows.map((row) => Object.values(row)),
    );}
  return 0;
}

async function showTenant(
  context: CommandContext,
  flags: TenantFlags,
  name: string,
): Promise<number> {
  const config = configOf(flags, { "storage.url": flags.storage });
  const layout = new Layout(config.data);
  const account = new UsersFile(layout.users).get(checkTenantName(name));
  const module = await new ModuleStore(layout.moduleRoot).current(name);
  const constraints = await constraintsText(layout, name) ?? JSON.stringify(config.constraints);
  const storage = openStorage(config);
  try {
    const tables = await storage.countRows(name);
    if (flags.json) {
      const shown = { tenant: name, disabled: !account.enabled, module: module?.version ?? null };
      context.io.stdout.write(
        `${JSON.stringify({ ...shown, constraints: JSON.parse(constraints), tables })}\n`,
      );
      return 0;
    }
    printTable(context.io.stdout, ["", ""], [
      ["tenant", name],
      ["state", account.enabled ? "active" : "disabled"],
      ["module", module?.version ?? "none"],
      ["files", module?.declaration.files.join(", ") ?? "-"],
      ["constraints", constraints.replace(/\s+/g, " ").trim()],
      ...tables.map(({ table, rows }) => [`table ${table}`, `${rows.toLocaleString("en")} rows`]),
    ]);
    return 0;
  } finally {
    await storage.close();
  }
}

async function deploy(
  context: CommandContext,
  flags: TenantFlags,
  name: string,
  dir: string,
): Promise<number> {
  const config = configOf(flags, {
    "storage.url": flags.storage,
    "sandbox.require_os_sandbox": flags.requireOsSandbox,
  });
  if (config.sandbox.require_os_sandbox) requireOsLayer();
  const layout = new Layout(config.data);
  checkTenantName(name);
  await openData(layout);
  // Files put into staging by hand need no account, so this is no mistake for sure.
  if (!new UsersFile(layout.users).accounts().has(name)) {
    context.io.stderr.write(
      `mysimbdp: there is no account "${name}" yet: manage tenant add ${name}\n`,
    );
  }
  const storage = openStorage(config);
  try {
    const version = await deployInto(context, layout, storage, name, dir);
    return say(context, flags, { tenant: name, version }, `deployed ${version} for ${name}`);
  } finally {
    await storage.close();
  }
}

async function deployInto(
  context: CommandContext,
  layout: Layout,
  storage: Storage,
  tenant: string,
  dir: string,
): Promise<string> {
  const store = new ModuleStore(layout.moduleRoot);
  const by = operatorName(context.io);
  const { record: { version } } = await deployModule(tenant, dir, store, storage, by);
  await writeDown(context, layout, {
    action: "module.deploy",
    subject: tenant,
    details: { version },
  });
  return version;
}

function depsOf(context: CommandContext, flags: CommonFlags) {
  const layout = new Layout(configOf(flags).data);
  return manageAccountsDeps(context, layout, new UsersFile(layout.users));
}

async function versionOf(modules: ModuleStore, tenant: string): Promise<string> {
  try {
    return (await modules.current(tenant))?.version ?? "none";
  } catch (error) {
    return messageOf(error);
  }
}

async function constraintsText(layout: Layout, name: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(layout.constraints(name));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function say(context: CommandContext, flags: CommonFlags, json: object, text: string): number {
  if (flags.json) context.io.stdout.write(`${JSON.stringify(json)}\n`);
  else if (!flags.quiet) context.io.stdout.write(`${text}\n`);
  return 0;
}
