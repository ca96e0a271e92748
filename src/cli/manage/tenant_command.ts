import type { Command } from "commander";
import { setAccountEnabled, setAccountPassword } from "../../accounts/manage_accounts.ts";
import { UsersFile } from "../../accounts/users.ts";
import { closing } from "../../base/closing.ts";
import { messageOf } from "../../base/failure.ts";
import { checkTenantName, isTenantName } from "../../base/tenant_name.ts";
import { checkConstraints } from "../../config/constraints_file.ts";
import { describeFaults } from "../../config/json_fault.ts";
import { orNull } from "../../data/durable.ts";
import { Layout } from "../../data/layout.ts";
import { deployModule, tableLimits } from "../../modules/build/deploy.ts";
import { ModuleStore } from "../../modules/store.ts";
import { requireOsSandbox } from "../../sandbox/os/own_layers.ts";
import type { Storage } from "../../storage/contract.ts";
import { openStorage, tableNotices } from "../../storage/open.ts";
import { openData } from "../../upkeep/open_data.ts";
import {
  action,
  addCommand,
  type CommandContext,
  type CommonFlags,
  configOf,
  printEntries,
  printResult,
  withNotices,
  withStorage,
} from "../command.ts";
import { withGuide } from "../help/guide.ts";
import { Steps } from "../terminal/steps.ts";
import { printTable } from "../terminal/table.ts";
import { formatCount } from "../../base/count.ts";
import {
  type AccountState,
  changedText,
  givenPassword,
  manageAccountsDeps,
  type PasswordFlags,
  stateOf,
  tenantNamed,
  withGrace,
  withOldPassword,
  withPassword,
} from "./accounts.ts";
import { audit, decidedBy } from "./audit_command.ts";
import { registerTenantModule } from "./module_command.ts";
import { readersOf, registerReaders } from "./reader_command.ts";
import { registerSecret } from "./secret_command.ts";
import { addTenant } from "./tenant_add.ts";
import { registerTokens } from "./tokens_command.ts";
import { registerTenantTest, REQUIRE_OS_SANDBOX } from "./test_command.ts";

interface TenantFlags extends CommonFlags, PasswordFlags {
  /** Seconds. */
  grace?: number;
  storage?: string;
  requireOsSandbox?: boolean;
  module?: string;
}

/** Adds `manage tenant …`: accounts and modules. */
export function registerTenant(manage: Command, context: CommandContext): void {
  const tenant = manage.command("tenant").description("manage tenant accounts and modules");
  withGuide(tenant, {
    examples: [
      ["mysimbdp manage tenant add customer-1", "create an account"],
      ["mysimbdp manage tenant deploy customer-1 DIR", "deploy its module"],
      ["mysimbdp manage tenant test DIR FILE", "test a module; stores nothing"],
      ["mysimbdp manage tenant list", "show all accounts"],
    ],
  });
  const run = (
    work: (context: CommandContext, flags: TenantFlags, name: string) => Promise<number>,
  ) =>
    action<TenantFlags>(context, (flags, name = "") => work(context, flags, checkTenantName(name)));
  withPassword(withStorage(addCommand(tenant, "add NAME", "create an account and its keyspace", [
    ["mysimbdp manage tenant add customer-1", "generate a password, show it once"],
    ["mysimbdp manage tenant add customer-1 --password-file pw", "use this password"],
    ["mysimbdp manage tenant add customer-1 --module DIR", "also deploy its module"],
    ["mysimbdp manage tenant add customer-1", "again: complete what is missing"],
  ])))
    .option("--module <dir>", "also deploy the module in this folder")
    .action(run(addTenant));
  withGrace(withPassword(addCommand(tenant, "passwd NAME", "set an account's password", [
    ["mysimbdp manage tenant passwd customer-1", "generate a password, show it once"],
    ["mysimbdp manage tenant passwd customer-1 -p -", "read it from standard input"],
    ["mysimbdp manage tenant passwd customer-1 --grace 24h", "the old one works for a day, too"],
  ]))).action(run(setPassword));
  addCommand(tenant, "disable NAME", "disable an account; its files and rows stay", [
    ["mysimbdp manage tenant disable customer-1", "also ends its sessions and API tokens"],
  ]).action(run((_, flags, name) => setEnabled(context, flags, name, false)));
  addCommand(tenant, "enable NAME", "enable a disabled account", [
    ["mysimbdp manage tenant enable customer-1", "the password stays the same"],
  ]).action(run((_, flags, name) => setEnabled(context, flags, name, true)));
  addCommand(tenant, "list", "show all accounts and their modules", [
    ["mysimbdp manage tenant list", "print a table"],
    ["mysimbdp manage tenant list --json", "print JSON, one account per line"],
  ]).action(action<TenantFlags>(context, (flags) => listTenants(context, flags)));
  withStorage(addCommand(tenant, "show NAME", "show an account, its module and its tables", [
    ["mysimbdp manage tenant show customer-1", "module, constraints, number of rows"],
  ])).action(run(showTenant));
  withStorage(addCommand(tenant, "deploy NAME DIR", "check a module and deploy it for a tenant", [
    ["mysimbdp manage tenant deploy customer-1 tenants/customer-1", "name, then folder"],
  ]))
    .option(...REQUIRE_OS_SANDBOX)
    .action(action<TenantFlags>(context, (flags, name = "", dir = "") => {
      return deploy(context, flags, name, dir);
    }));
  registerTenantTest(tenant, context);
  registerTenantModule(tenant, context);
  registerSecret(tenant, context);
  registerTokens(tenant, context);
  registerReaders(tenant, context);
}

async function setPassword(
  context: CommandContext,
  flags: TenantFlags,
  name: string,
): Promise<number> {
  const given = await givenPassword(context, flags, name);
  const { grace = 0 } = flags;
  const deps = depsOf(context, flags);
  const { password } = await setAccountPassword(deps, name, given, grace);
  const changed = changedText(deps.users, name);
  const text = password === null
    ? changed
    : `${grace > 0 ? `${changed}\n` : ""}password of ${name} (shown only once): ${password}`;
  return printResult(context, flags, { tenant: name, password: password ?? undefined }, text);
}

async function setEnabled(
  context: CommandContext,
  flags: TenantFlags,
  name: string,
  enabled: boolean,
): Promise<number> {
  await setAccountEnabled(depsOf(context, flags), name, enabled);
  const text = `${enabled ? "enabled" : "disabled"} ${name}`;
  return printResult(context, flags, { tenant: name, disabled: !enabled }, text);
}

async function listTenants({ io }: CommandContext, flags: TenantFlags): Promise<number> {
  const layout = new Layout(configOf(flags).data);
  const modules = new ModuleStore(layout.moduleRoot);
  const users = new UsersFile(layout.users);
  const rows: TenantRow[] = [];
  for (const account of users.list()) {
    const { name, enabled } = account;
    const module = (await modules.versions(name)).length > 0
      ? await versionOf(modules, name)
      : "none";
    const state = isTenantName(name) ? enabled ? "active" : "disabled" : "invalid name";
    rows.push({ tenant: name, state, module, ...stateOf(users, account) });
  }
  return printEntries(io, flags, rows, ["tenant", "state", "module"], (row) => [
    row.tenant,
    withOldPassword(row.state, row.oldPasswordUntil),
    row.module,
  ]);
}

interface TenantRow extends AccountState {
  tenant: string;
  state: string;
  module: string;
}

async function showTenant(
  { io }: CommandContext,
  flags: TenantFlags,
  name: string,
): Promise<number> {
  const config = configOf(flags, { "storage.url": flags.storage });
  const layout = new Layout(config.data);
  const users = new UsersFile(layout.users);
  const account = users.get(name);
  const { oldPasswordUntil, tokens } = stateOf(users, account);
  const module = await new ModuleStore(layout.moduleRoot).current(name);
  const own = await orNull(Deno.readTextFile(layout.constraints(name)));
  const { constraints, faults } = checkConstraints(own ?? JSON.stringify(config.constraints));
  const limits = own === null || faults.length === 0
    ? JSON.stringify(constraints)
    : describeFaults(layout.constraints(name), faults);
  await using storage = closing(openStorage(config));
  const tables = await storage.countRows(name);
  const readers = await readersOf(config, name);
  if (flags.json) {
    const shown = { tenant: name, disabled: !account.enabled, module: module?.version ?? null };
    const json = { ...shown, oldPasswordUntil, tokens, constraints, tables, readers };
    io.stdout.write(`${JSON.stringify(json)}\n`);
    return 0;
  }
  printTable(io.stdout, ["", ""], [
    ["tenant", name],
    ["state", withOldPassword(account.enabled ? "active" : "disabled", oldPasswordUntil)],
    ["API tokens", tokens === null ? "unreadable, see manage doctor" : String(tokens)],
    ["module", module?.version ?? "none"],
    ["files", module?.declaration.files.join(", ") ?? "-"],
    ["constraints", limits],
    ...tables.map(({ table, rows }) => [
      `table ${table}`,
      rows === null
        ? "not counted: too many tombstones, see manage doctor"
        : formatCount(rows, "row"),
    ]),
    ...(readers ? [["readers", readers.join(", ") || "none"]] : []),
  ]);
  return 0;
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
  if (config.sandbox.require_os_sandbox) requireOsSandbox();
  const layout = new Layout(config.data);
  const tenant = tenantNamed(layout, name);
  await openData(layout);
  await using storage = closing(openStorage(config));
  const { record: { version }, module } = await new Steps(context.io, flags).run(
    "checking the module and its tables",
    () => deployInto(context, flags, layout, storage, tenant, dir),
  );
  const notices = tableNotices(config, module.declaration.tables);
  const text = withNotices(`deployed ${version} for ${tenant}`, notices);
  return printResult(context, flags, { tenant, version, notices }, text);
}

async function deployInto(
  context: CommandContext,
  flags: CommonFlags,
  layout: Layout,
  storage: Storage,
  tenant: string,
  dir: string,
) {
  const store = new ModuleStore(layout.moduleRoot);
  const by = decidedBy(context.io);
  const limits = tableLimits(configOf(flags));
  const deployed = await deployModule(tenant, dir, store, storage, limits, by);
  await audit(context, flags, "module.deploy", tenant, { version: deployed.record.version });
  return deployed;
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
