import type { Credentials } from "../protocol/admin_view.ts";
import type { TokenView } from "../protocol/tokens.ts";
import { revokeTokens } from "./api_tokens.ts";
import { newPassword } from "./new_password.ts";
import type { UsersFile } from "./users.ts";

/** What the changes of accounts need; the command line and the API both call them. */
export interface ManageAccountsDeps {
  users: UsersFile;
  /** Hashes a password. @throws {Failure} `bad-password` */
  hash: (password: string) => Promise<string>;
  /** Milliseconds since the epoch. @default Date.now */
  now?: () => number;
  /** Runs the change and appends it to the audit log. */
  audited: <T>(
    action: { action: string; subject: string; details?: Record<string, unknown> },
    work: () => Promise<T>,
  ) => Promise<T>;
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
 * Sets an account's password. That ends the old one, its sessions and the API tokens; with a period of
 * grace only at its end, and API tokens stay.
 *
 * @param password generated when missing
 * @param graceSeconds how long the old password works as well. @default 0
 * @returns the password if it was generated, else null
 * @throws {Failure} `no-such-tenant` or `no-such-operator`, `bad-password`; with a grace
 * `bad-credentials-file`
 */
export function setAccountPassword(
  { users, hash, audited, now = Date.now }: ManageAccountsDeps,
  name: string,
  password?: string,
  graceSeconds = 0,
): Promise<Credentials> {
  const details = graceSeconds > 0 ? { graceSeconds } : {};
  return audited({ action: `${users.kind}.password`, subject: name, details }, async () => {
    const secret = password ?? newPassword();
    const stored = await hash(secret);
    await users.setHash(name, stored, graceSeconds > 0 ? now() + graceSeconds * 1000 : null);
    return { name, password: password === undefined ? secret : null };
  });
}

/**
 * Revokes one API token of a tenant, or all.
 *
 * @returns the revoked ones
 * @throws {Failure} see {@link revokeTokens}
 */
export function revokeAccountTokens(
  { users, audited }: Omit<ManageAccountsDeps, "hash">,
  name: string,
  which: { id: string } | "all",
): Promise<TokenView[]> {
  const details = { token: which === "all" ? "all" : which.id };
  return audited(
    { action: "token.revoke", subject: name, details },
    () => revokeTokens(users, name, which),
  );
}

/**
 * Allows or refuses an account's logins at once; files and rows stay. Its sessions and API tokens end.
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
