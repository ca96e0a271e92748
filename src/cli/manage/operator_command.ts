import type { Command } from "commander";
import { newPassword } from "../../accounts/new_password.ts";
import { hashPassword } from "../../accounts/password_hash.ts";
import { UsersFile } from "../../accounts/users.ts";
import { Failure } from "../../base/failure.ts";
import { Layout } from "../../data/layout.ts";
import {
  action,
  type CommandContext,
  type CommonFlags,
  configOf,
  withCommonFlags,
} from "../command.ts";
import { type Example, withGuide } from "../help/guide.ts";
import { writeDown } from "./audit_command.ts";
import { findPassword } from "../terminal/password.ts";
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
      const { password, shown } = await passwordOf(context, flags, name);
      const hash = await hashPassword(password);
      await onOperators(flags, (users) => users.add(name, hash));
      return await done(context, flags, "operator.add", name, shown);
    }));
  withPassword("passwd NAME", "set an operator's password; ends the operator's sessions")
    .action(action<OperatorFlags>(context, async (flags, name = "") => {
      const { password, shown } = await passwordOf(context, flags, name);
      const hash = await hashPassword(password);
      await onOperators(flags, (users) => users.setHash(name, hash));
      return await done(context, flags, "operator.password", name, shown);
    }));
  command("disable NAME", "refuse an operator's logins")
    .action(action<OperatorFlags>(context, async (flags, name = "") => {
      await onOperators(flags, (users) => users.disable(name));
      return await done(context, flags, "operator.disable", name);
    }));
  command("enable NAME", "let a disabled operator log in again")
    .action(action<OperatorFlags>(context, async (flags, name = "") => {
      await onOperators(flags, (users) => users.enable(name));
      return await done(context, flags, "operator.enable", name);
    }));
  command("list", "all operators")
    .action(action<OperatorFlags>(context, (flags) => Promise.resolve(list(context, flags))));
}

/** Works on the operators' accounts, whose file has the form of the customers'. */
async function onOperators(
  flags: OperatorFlags,
  work: (users: UsersFile) => Promise<void>,
): Promise<void> {
  try {
    await work(new UsersFile(new Layout(configOf(flags).data).admins));
  } catch (error) {
    throw error instanceof Failure ? inOperatorsWords(error) : error;
  }
}

function inOperatorsWords(failure: Failure): Failure {
  const codes: Record<string, string> = {
    "tenant-exists": "operator-exists",
    "no-such-tenant": "no-such-operator",
    "bad-tenant-name": "bad-operator-name",
  };
  const code = codes[failure.code];
  if (code === undefined) return failure;
  const text = failure.message.replace("a tenant", "an operator").replace("tenant", "operator");
  return new Failure(failure.kind, code, text, {
    hint: "mysimbdp manage operator list shows all.",
  });
}

async function passwordOf(
  { io }: CommandContext,
  { password: flag, passwordFile: file }: OperatorFlags,
  name: string,
): Promise<{ password: string; shown?: string }> {
  if (flag !== undefined || file !== undefined) {
    return {
      password: await findPassword({ ...(flag && { flag }), ...(file && { file }) }, name, io),
    };
  }
  const password = newPassword();
  return { password, shown: password };
}

async function done(
  context: CommandContext,
  flags: OperatorFlags,
  action: string,
  operator: string,
  password?: string,
): Promise<number> {
  await writeDown(context, new Layout(configOf(flags).data), { action, subject: operator });
  const { stdout } = context.io;
  if (flags.json) stdout.write(`${JSON.stringify({ operator, action, password })}\n`);
  else if (!flags.quiet || password !== undefined) {
    stdout.write(`${action.replace("operator.", "")}: ${operator}\n`);
    if (password !== undefined) stdout.write(`password (shown only now): ${password}\n`);
  }
  return 0;
}

function list({ io }: CommandContext, flags: OperatorFlags): number {
  const operators = new UsersFile(new Layout(configOf(flags).data).admins).list()
    .map(({ name, enabled }) => ({ operator: name, state: enabled ? "active" : "disabled" }));
  if (flags.json) { for (const one of operators) io.stdout.write(`${JSON.stringify(one)}\n`); }
  else printTable(io.stdout, ["operator", "state"], operators.map((one) => Object.values(one)));
  return 0;
}
