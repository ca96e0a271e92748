import type { Command } from "commander";
import { AuditLog } from "../../accounts/audit_log.ts";
import { validTokens } from "../../accounts/api_tokens.ts";
import { previousPassword } from "../../accounts/credentials.ts";
import type { ManageAccountsDeps } from "../../accounts/manage_accounts.ts";
import { hashPassword } from "../../accounts/password_hash.ts";
import { UsersFile } from "../../accounts/users.ts";
import type { Account } from "../../accounts/users_text.ts";
import { Failure } from "../../base/failure.ts";
import { checkTenantName } from "../../base/tenant_name.ts";
import type { Layout } from "../../data/layout.ts";
import { type CommandContext, secondsUpTo } from "../command.ts";
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

/** The longest period of grace, in seconds. */
export const MAX_GRACE = 30 * 86_400;

/** Adds `--grace` of a new password. */
export function withGrace(command: Command): Command {
  return command.option(
    "--grace <duration>",
    "the old password works as well for this long, such as 24h, up to 30d (default: 0)",
    secondsUpTo(MAX_GRACE),
  );
}

/** What is said about a new password of an account. */
export function changedText(users: UsersFile, name: string): string {
  const { oldPasswordUntil } = stateOf(users, users.get(name));
  const old = oldPasswordUntil === null ? "" : `; the old one works until ${oldPasswordUntil}`;
  return `changed the password of ${name}${old}`;
}

/** How a list shows the state of an account. */
export function stateOf(users: UsersFile, account: Account): AccountState {
  try {
    const credentials = users.credentials(account);
    const now = Date.now();
    return {
      oldPasswordUntil: previousPassword(credentials, now)?.until ?? null,
      tokens: validTokens(credentials, now).length,
    };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { oldPasswordUntil: null, tokens: null };
  }
}

/** The state in a table, with the old password that still works. */
export function withOldPassword(state: string, until: string | null): string {
  return until === null ? state : `${state}, old password until ${until}`;
}

/** What an account has besides its password. */
export interface AccountState {
  /** ISO 8601; null when no old password works. */
  oldPasswordUntil: string | null;
  /** The number of valid API tokens; null if their file has a fault. */
  tokens: number | null;
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
