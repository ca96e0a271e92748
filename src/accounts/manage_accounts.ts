import type { Credentials } from "../protocol/admin_view.ts";
import { newPassword } from "./new_password.ts";
import type { UsersFile } from "./users.ts";

/** What the changes of accounts need; the command line and the API both call them. */
export interface ManageAccountsDeps {
  users: UsersFile;
  /** Hashes a password. @throws {Failure} `bad-password` */
  hash: (password: string) => Promise<string>;
  /** Runs the change and appends it to the audit log. */
  audited: <T>(action: { action: string; subject: string }, work: () => Promise<T>) => Promise<T>;
}

/**
 * Adds an account.
 *
 * @param password generated when missing
 * @returns the password if it was generated, else null
 * @throws {Failure} see {@link UsersFile.add}; `bad-password`
 *
 * @example
 * ```ts ignore
 * const { password } = await addAccount({ users, hash: hashPassword, audited }, "customer-1");
 * ```
 */
export function addAccount(
  { users, hash, audited }: ManageAccountsDeps,
  name: string,
  password?: string,
): Promise<Credentials> {
  return audited({ action: `${users.kind}.add`, subject: name }, async () => {
    const secret = password ?? newPassword();
    await users.add(name, await hash(secret));
    return { name, password: password === undefined ? secret : null };
  });
}

/**
 * Sets an account's password, which ends its sessions.
 *
 * @param password generated when missing
 * @returns the password if it was generated, else null
 * @throws {Failure} `no-such-tenant` or `no-such-operator`, `bad-password`
 */
export function setAccountPassword(
  { users, hash, audited }: ManageAccountsDeps,
  name: string,
  password?: string,
): Promise<Credentials> {
  return audited({ action: `${users.kind}.password`, subject: name }, async () => {
    const secret = password ?? newPassword();
    await users.setHash(name, await hash(secret));
    return { name, password: password === undefined ? secret : null };
  });
}

/**
 * Allows or refuses an account's logins at once; files and rows stay.
 *
 * @throws {Failure} `no-such-tenant` or `no-such-operator`
 */
export function setAccountEnabled(
  { users, audited }: Omit<ManageAccountsDeps, "hash">,
  name: string,
  enabled: boolean,
): Promise<void> {
  const action = `${users.kind}.${enabled ? "enable" : "disable"}`;
  return audited({ action, subject: name }, () => users.setEnabled(name, enabled));
}
