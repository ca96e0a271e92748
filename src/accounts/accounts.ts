import { Failure } from "../base/failure.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { isTenantName } from "../base/tenant_name.ts";
import { accountOfToken } from "../protocol/tokens.ts";
import type { Emit } from "../telemetry/events.ts";
import { CurrentAccounts } from "./current_accounts.ts";
import { HashPool } from "./hash_pool.ts";
import { LiveCredentials, type Password, type TokenUse } from "./live_credentials.ts";
import { Logins, type LoginSettings, type Verification } from "./logins.ts";
import { Sessions } from "./sessions.ts";
import { type AccountKind, UsersFile } from "./users.ts";
import type { Account } from "./users_text.ts";

export interface AccountsOptions extends LoginSettings {
  /** The path of users.json or admins.json. */
  usersPath: string;
  /** @default "tenant" */
  kind?: AccountKind;
  clock?: Clock;
  /** @default none */
  emit?: Emit;
  /** A pool that the caller closes. @default a pool that is closed with the accounts */
  pool?: HashPool;
}

/** Checks passwords and API tokens, and keeps sessions. */
export interface Accounts {
  /**
   * Verifies HTTP Basic credentials (RFC 7617). Repeating credentials that were verified from the
   * same address in the last few minutes takes microseconds.
   *
   * @param address the caller's IP address, for throttling
   * @throws {Failure} `bad-account-name` when the password is right, but no tenant can have the
   * account's name; `hash-failed`, `hash-closed`
   */
  verify(user: string, password: string, address: string): Promise<Verification>;
  /**
   * Opens a session of at most an hour. It ends with the password that it was opened with, or when
   * the account is disabled.
   *
   * @param generation of the password that was verified. @default that of the current password
   * @returns the bearer token (RFC 6750) and when it expires, in milliseconds since the epoch
   * @throws {Failure} `no-such-tenant` when the account does not exist or is disabled
   */
  openSession(
    tenant: string,
    generation?: string,
  ): Promise<{ token: string; expiresAt: number }>;
  /** Returns whose session it is; null for an unknown or expired token. */
  session(token: string): { tenant: string } | null;
  closeSession(token: string): void;
  /** Whether the account is enabled and its password of this generation still works. */
  isLive(tenant: string, generation: string): boolean;
  /** Looks up an API token, see `api_tokens.ts`. */
  apiToken(token: string): TokenUse;
  /**
   * Ends sessions and tokens of accounts that were disabled in the file by hand, so that they do not
   * work again when they are enabled, and stores when tokens were used. To be called each second.
   */
  refresh(): Promise<void>;
  /** Waits for what logins have left to do: hashing passwords again, writing known addresses. */
  settled(): Promise<void>;
  /** Stops the workers and ends all sessions. */
  close(): void;
}

/**
 * Opens the accounts in a users file. Changes of the file take effect at once.
 *
 * @throws {Failure} `bad-users-file`, `users-file-unreadable`
 *
 * @example
 * ```ts
 * import { createAccounts } from "./accounts.ts";
 * const accounts = createAccounts({ usersPath: "mysimbdp-data/users.json" });
 * const answer = await accounts.verify("customer-1", "password-1", "192.0.2.1");
 * accounts.close();
 * ```
 */
export function createAccounts(options: AccountsOptions): Accounts {
  return new FileAccounts(options);
}

class FileAccounts implements Accounts {
  readonly #users: UsersFile;
  readonly #accounts: CurrentAccounts;
  readonly #pool: HashPool;
  readonly #ownsPool: boolean;
  readonly #logins: Logins;
  readonly #sessions: Sessions;
  readonly #credentials: LiveCredentials;
  /** The accounts that {@link refresh} has looked at. */
  #refreshed: ReadonlyMap<string, Account> | null = null;

  constructor(options: AccountsOptions) {
    const { clock = systemClock, emit = () => {} } = options;
    const users = new UsersFile(options.usersPath, options.kind);
    this.#users = users;
    this.#accounts = new CurrentAccounts(users, emit);
    this.#credentials = new LiveCredentials({ users, now: () => clock.now(), emit });
    this.#ownsPool = options.pool === undefined;
    this.#pool = options.pool ?? new HashPool();
    this.#logins = new Logins({
      ...options,
      users,
      pool: this.#pool,
      clock,
      emit,
      passwords: (name) => this.#passwords(name),
      anySeed: () => this.#accounts.anySeed(),
      isAccount: (name) => this.#accounts.all().has(name),
    });
    this.#sessions = new Sessions({ clock });
  }

  async verify(user: string, password: string, address: string): Promise<Verification> {
    const result = await this.#logins.verify(user, password, address);
    if (!result.ok || this.#users.kind === "operator" || isTenantName(user)) return result;
    const text = `Cannot sign in as "${user}": a tenant cannot have this name`;
    throw new Failure("auth", "bad-account-name", text, {
      hint: "Ask the operator of the platform to rename your account.",
    });
  }

  openSession(
    tenant: string,
    generation = this.#passwords(tenant)[0]?.generation,
  ): Promise<{ token: string; expiresAt: number }> {
    if (generation !== undefined && this.isLive(tenant, generation)) {
      return Promise.resolve(this.#sessions.open(tenant, generation));
    }
    return Promise.reject(
      new Failure("auth", "no-such-tenant", `Cannot open a session for "${tenant}": no account`),
    );
  }

  session(token: string): { tenant: string } | null {
    const session = this.#sessions.find(token);
    if (!session) return null;
    const { tenant, generation } = session;
    if (this.isLive(tenant, generation)) return { tenant };
    this.#sessions.close(token);
    return null;
  }

  closeSession(token: string): void {
    this.#sessions.close(token);
  }

  isLive(tenant: string, generation: string): boolean {
    const account = this.#accounts.enabled(tenant);
    return account !== null && this.#credentials.isLive(account, generation);
  }

  apiToken(token: string): TokenUse {
    const name = accountOfToken(token);
    const account = name === null ? null : this.#accounts.enabled(name);
    return account === null
      ? { ok: false, expiredAt: null }
      : this.#credentials.use(account, token);
  }

  async refresh(): Promise<void> {
    const accounts = this.#accounts.all();
    if (accounts !== this.#refreshed) {
      const disabled = [...accounts.values()].filter(({ enabled }) => !enabled);
      for (const { name } of disabled) this.#sessions.closeAll(name);
      for (const account of disabled) await this.#credentials.endDisabled(account);
      this.#refreshed = accounts;
    }
    await this.#credentials.tidy();
  }

  async settled(): Promise<void> {
    await this.#logins.settled();
  }

  close(): void {
    this.#logins.close();
    if (this.#ownsPool) this.#pool.close();
    this.#sessions.clear();
  }

  /** The current password of an enabled account, then the one before it while both work. */
  #passwords(name: string): readonly Password[] {
    const account = this.#accounts.enabled(name);
    return account === null ? [] : this.#credentials.passwords(account);
  }
}
