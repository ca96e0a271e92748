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
  type CommandContext,
  type CommonFlags,
  configOf,
  withCommonFlags,
} from "../command.ts";
import { type Example, withGuide } from "../help/guide.ts";
import { givenPassword, manageAccountsDeps } from "./accounts.ts";
import { printTable } from "../terminal/table.ts";

interface OperatorFlags extends CommonFlags {
  password?: string;
  passwordFile?: string;
}

const EXAMPLES: Record<string, readonly Example[]> = {
  add: [["mysimbdp manage operator add alice", "with a new password, shown once"]],
  passwd: [["mysimbdp manage operator passwd admin", "with a new password, shown once"]],
  disable: [["mysimbdp manage operator disable alice", "its sessions end, too"]],
  enable: [["mysimbdp manage operator enable alice", "with the password that it had"]],
  list: [["mysimbdp manage operator list", "all, with whether they may sign in"]],
};

/** Adds `manage operator …`: who may sign in as an operator. */
export function registerOperator(manage: Command, context: CommandContext): void {
  const operator = manage.command("operator").description("who may sign in as an operator");
  withGuide(operator, { examples: Object.values(EXAMPLES).flat() });
  const command = (name: string, what: string) => {
    const examples = EXAMPLES[name.split(" ")[0] ?? ""] ?? [];
    return withGuide(withCommonFlags(operator.command(name)).description(what), { examples });
  };
  const withPassword = (name: string, what: string) =>
    command(name, what)
      .option("-p, --password <password>", "the password; - reads it from standard input")
      .option("--password-file <file>", "a file whose first line is the password");
  withPassword("add NAME", "make an operator's account; prints a password unless one is given")
    .action(action<OperatorFlags>(context, async (flags, name = "") => {
      const given = await givenPassword(context, flags, name);
      const { password } = await addAccount(depsOf(context, flags), name, given);
      return done(context, flags, "operator.add", name, password);
    }));
  withPassword("passwd NAME", "set an operator's password; ends the operator's sessions")
    .action(action<OperatorFlags>(context, async (flags, name = "") => {
      const given = await givenPassword(context, flags, name);
      const { password } = await setAccountPassword(depsOf(context, flags), name, given);
      return done(context, flags, "operator.password", name, password);
    }));
  command("disable NAME", "refuse an operator's logins")
    .action(action<OperatorFlags>(context, async (flags, name = "") => {
      await setAccountEnabled(depsOf(context, flags), name, false);
      return done(context, flags, "operator.disable", name);
    }));
  command("enable NAME", "let a disabled operator log in again")
    .action(action<OperatorFlags>(context, async (flags, name = "") => {
      await setAccountEnabled(depsOf(context, flags), name, true);
      return done(context, flags, "operator.enable", name);
    }));
  command("list", "all operators")
    .action(action<OperatorFlags>(context, (flags) => Promise.resolve(list(context, flags))));
}

function depsOf(context: CommandContext, flags: OperatorFlags) {
  const layout = new Layout(configOf(flags).data);
  return manageAccountsDeps(context, layout, operatorsOf(layout));
}

function operatorsOf({ admins }: Layout): UsersFile {
  return new UsersFile(admins, "operator");
}

function done(
  { io: { stdout } }: CommandContext,
  flags: OperatorFlags,
  action: string,
  operator: string,
  password: string | null = null,
): number {
  if (flags.json) {
    const json = { operator, action, password: password ?? undefined };
    stdout.write(`${JSON.stringify(json)}\n`);
  } else if (!flags.quiet || password !== null) {
    stdout.write(`${action.replace("operator.", "")}: ${operator}\n`);
    if (password !== null) stdout.write(`password (shown only now): ${password}\n`);
  }
  return 0;
}

function list({ io }: CommandContext, flags: OperatorFlags): number {
  const operators = operatorsOf(new Layout(configOf(flags).data)).list()
    .map(({ name, enabled }) => ({ operator: name, state: enabled ? "active" : "disabled" }));
  if (flags.json) { for (const one of operators) io.stdout.write(`${JSON.stringify(one)}\n`); }
  else printTable(io.stdout, ["operator", "state"], operators.map((one) => Object.values(one)));
  return 0;
}
