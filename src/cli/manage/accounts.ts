import type { Command } from "commander";
import { AuditLog } from "../../accounts/audit_log.ts";
import type { ManageAccountsDeps } from "../../accounts/manage_accounts.ts";
import { hashPassword } from "../../accounts/password_hash.ts";
import type { UsersFile } from "../../accounts/users.ts";
import type { Layout } from "../../data/layout.ts";
import type { CommandContext } from "../command.ts";
import { findPassword } from "../terminal/password.ts";
import { operatorName } from "./audit_command.ts";

export interface PasswordFlags {
  password?: string;
  passwordFile?: string;
}

/** Adds the flags with which a password is given. */
export function withPassword(command: Command): Command {
  return command
    .option("-p, --password <password>", "password; - reads it from standard input")
    .option("--password-file <file>", "read the password from the first line of a file");
}

/** Returns the password that the flags give; undefined to have one generated. */
export async function givenPassword(
  { io }: CommandContext,
  { password: flag, passwordFile: file }: PasswordFlags,
  name: string,
): Promise<string | undefined> {
  if (flag === undefined && file === undefined) return undefined;
  return await findPassword({ flag, file }, name, io);
}

/** Returns what changes of accounts need; each is audited under the caller's name. */
export function manageAccountsDeps(
  { io }: CommandContext,
  layout: Layout,
  users: UsersFile,
): ManageAccountsDeps {
  const audit = new AuditLog(layout.audit);
  const who = { operator: operatorName(io), from: "cli", details: {} };
  return {
    users,
    hash: hashPassword,
    audited: (done, work) => audit.record({ ...who, ...done }, work),
  };
}
