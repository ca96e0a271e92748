import type { Command } from "commander";
import {
  addAccount,
  setAccountEnabled,
  setAccountPassword,
} from "../../accounts/manage_accounts.ts";
import { UsersFile } from "../../accounts/users.ts";
import { Layout } from "../../data/layout.ts";
import {
  action,
  addCommand,
  type CommandContext,
  type CommonFlags,
  configOf,
  printEntries,
  printResult,
} from "../command.ts";
import { withGuide } from "../help/guide.ts";
import {
  changedText,
  givenPassword,
  manageAccountsDeps,
  type PasswordFlags,
  stateOf,
  withGrace,
  withOldPassword,
  withPassword,
} from "./accounts.ts";

interface OperatorFlags extends CommonFlags, PasswordFlags {
  /** Seconds. */
  grace?: number;
}

/** Adds `manage operator …`: the operators' accounts. */
export function registerOperator(manage: Command, context: CommandContext): void {
  const operator = manage.command("operator").description("manage operator accounts");
  withGuide(operator, {
    examples: [
      ["mysimbdp manage operator add alice", "create an account"],
      ["mysimbdp manage operator passwd admin", "set a new password"],
      ["mysimbdp manage operator list", "show all operators"],
    ],
  });
  withPassword(addCommand(operator, "add NAME", "create an operator account", [
    ["mysimbdp manage operator add alice", "generate a password and show it once"],
    ["mysimbdp manage operator add alice -p -", "read the password from standard input"],
  ])).action(action<OperatorFlags>(context, async (flags, name = "") => {
    const given = await givenPassword(context, flags, name);
    const { password } = await addAccount(depsOf(context, flags), name, given);
    return done(context, flags, "operator.add", `added ${name}`, name, password);
  }));
  withGrace(withPassword(
    addCommand(operator, "passwd NAME", "set an operator's password; ends all sessions", [
      ["mysimbdp manage operator passwd admin", "generate a password and show it once"],
      ["mysimbdp manage operator passwd admin -p -", "read the password from standard input"],
      ["mysimbdp manage operator passwd admin --grace 1h", "the old one works for an hour, too"],
    ]),
  )).action(action<OperatorFlags>(context, async (flags, name = "") => {
    const given = await givenPassword(context, flags, name);
    const { grace = 0 } = flags;
    const deps = depsOf(context, flags);
    const { password } = await setAccountPassword(deps, name, given, grace);
    const text = changedText(deps.users, name);
    return done(context, flags, "operator.password", text, name, password);
  }));
  addCommand(operator, "disable NAME", "disable an operator account", [
    ["mysimbdp manage operator disable alice", "also ends the account's sessions"],
  ]).action(action<OperatorFlags>(context, async (flags, name = "") => {
    await setAccountEnabled(depsOf(context, flags), name, false);
    return done(context, flags, "operator.disable", `disabled ${name}`, name);
  }));
  addCommand(operator, "enable NAME", "enable a disabled operator account", [
    ["mysimbdp manage operator enable alice", "the password stays the same"],
  ]).action(action<OperatorFlags>(context, async (flags, name = "") => {
    await setAccountEnabled(depsOf(context, flags), name, true);
    return done(context, flags, "operator.enable", `enabled ${name}`, name);
  }));
  addCommand(operator, "list", "show all operator accounts", [
    ["mysimbdp manage operator list", "names and states"],
    ["mysimbdp manage operator list --json", "print JSON, one account per line"],
  ]).action(action<OperatorFlags>(context, (flags) => list(context, flags)));
}

function operatorsOf({ admins }: Layout): UsersFile {
  return new UsersFile(admins, "operator");
}

function depsOf(context: CommandContext, flags: OperatorFlags) {
  const layout = new Layout(configOf(flags).data);
  return manageAccountsDeps(context, layout, operatorsOf(layout));
}

function done(
  context: CommandContext,
  flags: OperatorFlags,
  action: string,
  text: string,
  operator: string,
  password: string | null = null,
): number {
  const json = { operator, action, password: password ?? undefined };
  if (password === null) return printResult(context, flags, json, text);
  // Shown even with --quiet: it cannot be shown again.
  const shown = `${text}\npassword (shown only once): ${password}`;
  return printResult(context, { ...flags, quiet: false }, json, shown);
}

function list({ io }: CommandContext, flags: OperatorFlags): number {
  const users = operatorsOf(new Layout(configOf(flags).data));
  const operators = users.list().map((account) => ({
    operator: account.name,
    state: account.enabled ? "active" : "disabled",
    oldPasswordUntil: stateOf(users, account).oldPasswordUntil,
  }));
  return printEntries(io, flags, operators, ["operator", "state"], (row) => [
    row.operator,
    withOldPassword(row.state, row.oldPasswordUntil),
  ]);
}
