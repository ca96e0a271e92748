import { AuditLog } from "../../accounts/audit_log.ts";
import type { ManageAccountsDeps } from "../../accounts/manage_accounts.ts";
import { hashPassword } from "../../accounts/password_hash.ts";
import type { UsersFile } from "../../accounts/users.ts";
import type { Layout } from "../../data/layout.ts";
import type { CommandContext } from "../command.ts";
import { findPassword } from "../terminal/password.ts";
import { operatorName } from "./audit_command.ts";

/** What `manage tenant` and `manage operator` change accounts with, audited under the caller's name. */
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

/** Returns the password that the flags give; undefined to have one generated. */
export async function givenPassword(
  { io }: CommandContext,
  { password, passwordFile }: { password?: string; passwordFile?: string },
  name: string,
): Promise<string | undefined> {
  if (password === undefined && passwordFile === undefined) return undefined;
  const flags = {
    ...(password && { flag: password }),
    ...(passwordFile && { file: passwordFile }),
  };
  return await findPassword(flags, name, io);
}
