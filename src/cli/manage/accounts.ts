import type { Command } from "commander";
import { AuditLog } from "../../accounts/audit_log.ts";
import type { ManageAccountsDeps } from "../../accounts/manage_accounts.ts";
import { hashPassword } from "../../accounts/password_hash.ts";
import { UsersFile } from "../../accounts/users.ts";
import { checkTenantName } from "../../base/tenant_name.ts";
import type { Layout } from "../../data/layout.ts";
import type { CommandContext } from "../command.ts";
import { findPassword } from "../terminal/password.ts";
import { operatorName } from "./audit_command.ts";

export interface PasswordFlags {
  password?: string;
  passwordFile?: string;
}

/**
 * Returns the name of a tenant that has an account, also a disabled one.
 * @throws {Failure} `no-such-tenant`, `bad-tenant-name`, `bad-users-file`
 */
export function tenantNamed({ users }: Layout, name: string): string {
  return new UsersFile(users).get(checkTenantName(name)).name;
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
