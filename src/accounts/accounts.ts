import { diskCauseOf } from "../base/disk.ts";
import { Failure, messageOf } from "../base/failure.ts";
import { addressGroup } from "../base/address_group.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { isTenantName } from "../base/tenant_name.ts";
import { accountOfToken, type TokenScope } from "../protocol/tokens.ts";
import type { Emit } from "../telemetry/events.ts";
import { CurrentAccounts } from "./current_accounts.ts";
import { HashPool, type Turn } from "./hash_pool.ts";
import { KnownAddresses } from "./known_addresses.ts";
import { LiveCredentials, type Password } from "./live_credentials.ts";
import { LoginWaits } from "./login_waits.ts";
import { Sessions } from "./sessions.ts";
import { SingleFlight } from "./single_flight.ts";
import { dummyHash, needsRehash, parseStoredHash } from "./stored_hash.ts";
import {
  type Attempt,
  type Blocked,
  type Caller,
  Throttle,
  type ThrottleOptions,
} from "./throttle.ts";
import { type AccountKind, UsersFile } from "./users.ts";
import type { Account } from "./users_text.ts";
import { VerifiedCache } from "./verified_cache.ts";

/** The result of checking credentials. */
type Verification =
  /** `generation` belongs to the password that was right: what is opened with it ends with it. */
  | { ok: true; tenant: string; generation: string }
  /** With `retryAfterSeconds` after too many failures, or because too many logins are waiting. */
  | { ok: false; retryAfterSeconds?: number; isBusy?: boolean };

export interface AccountsOptions {
  /** The path of users.json or admins.json. */
  usersPath: string;
  /** @default "tenant" */
  kind?: AccountKind;
  clock?: Clock;
  /** @default none */
  emit?: Emit;
  /** A pool that the caller closes. @default a pool that is closed with the accounts */
  pool?: HashPool;
  throttle?: Omit<ThrottleOptions, "now">;
  /** The file that keeps from where accounts have signed in. @default null, kept in memory */
  knownAddressesPath?: string | null;
  /** A refused login takes at least this long. @default 250 */
  refusalFloorMs?: number;
  /** How long verified credentials are remembered. @default 300_000 */
  cacheMs?: number;
}

/** Whose API token it is, and what it may do; or why it may do nothing any more. */
type TokenUse =
  | { ok: true; tenant: string; id: string; scope: TokenScope }
  /** `expiredAt` is null for a token that is unknown or was revoked. */
  | { ok: false; expiredAt: string | null };

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

/** What is checked, and for whom. */
interface Login extends Caller {
  password: string;
  /** Empty: there is no such account, or it is disabled. */
  passwords: readonly Password[];
}

/** The result of an attempt; nothing is set for a wrong password, or an attempt not allowed. */
interface Check {
  right?: Password;
  /** Nothing was computed; this is how long it would have taken. */
  pretendedMs?: number;
  /** Too many others are waiting; the seconds to wait. */
  busySeconds?: number;
}

class FileAccounts implements Accounts {
  readonly #clock: Clock;
  readonly #users: UsersFile;
  readonly #accounts: CurrentAccounts;
  readonly #pool: HashPool;
  readonly #ownsPool: boolean;
  readonly #throttle: Throttle;
  readonly #sessions: Sessions;
  readonly #verified: VerifiedCache;
  readonly #known: KnownAddresses;
  /** Of those whose address is known, and of others. */
  readonly #waits: { known: LoginWaits; new: LoginWaits };
  readonly #floorMs: number;
  readonly #emit: Emit;
  readonly #attempts = new SingleFlight<Verification>();
  readonly #checks = new SingleFlight<boolean>();
  readonly #rehashing = new Map<string, Promise<void>>();
  readonly #credentials: LiveCredentials;
  readonly #dummies = { seed: dummyHash("seed"), argon2id: dummyHash("argon2id") };
  /** The accounts that {@link refresh} has looked at. */
  #refreshed: ReadonlyMap<string, Account> | null = null;
  #closed = false;

  constructor(options: AccountsOptions) {
    this.#clock = options.clock ?? systemClock;
    // The time of day can be set; sessions and blocked logins must not last longer or shorter then.
    const now = () => this.#clock.monotonic();
    this.#users = new UsersFile(options.usersPath, options.kind);
    this.#emit = options.emit ?? (() => {});
    this.#accounts = new CurrentAccounts(this.#users, this.#emit);
    this.#credentials = new LiveCredentials({
      users: this.#users,
      now: () => this.#clock.now(),
      emit: this.#emit,
    });
    this.#ownsPool = options.pool === undefined;
    this.#pool = options.pool ?? new HashPool();
    this.#throttle = new Throttle({ ...options.throttle, now });
    this.#sessions = new Sessions({ clock: this.#clock });
    this.#verified = new VerifiedCache({ now, lifeMs: options.cacheMs ?? 300_000 });
    this.#known = new KnownAddresses({
      path: options.knownAddressesPath ?? null,
      clock: this.#clock,
      isAccount: (name) => this.#accounts.all().has(name),
    });
    const waits = () => new LoginWaits({ clock: this.#clock, maxPerParty: 512, maxTotal: 2048 });
    this.#waits = { known: waits(), new: waits() };
    this.#floorMs = options.refusalFloorMs ?? 250;
  }

  async verify(user: string, password: string, address: string): Promise<Verification> {
    const result = await this.#verify(user, password, address);
    if (!result.ok || this.#users.kind === "operator" || isTenantName(user)) return result;
    const text = `Cannot sign in as "${user}": a tenant cannot have this name`;
    throw new Failure("auth", "bad-account-name", text, {
      hint: "Ask the operator of the platform to rename your account.",
    });
  }

  async #verify(user: string, password: string, address: string): Promise<Verification> {
    const group = addressGroup(address);
    const passwords = this.#passwords(user);
    // Includes the address: an attacker elsewhere must not learn that credentials were right.
    const keyOf = (stored: string) => this.#verified.key(user, password, stored, group);
    const verified = passwords.find(({ stored }) => this.#verified.has(keyOf(stored)));
    if (verified && this.#throttle.accepts(user, group)) {
      return { ok: true, tenant: user, generation: verified.generation };
    }
    const key = keyOf(passwords.map(({ stored }) => stored).join());
    const exists = passwords.length > 0;
    const known = exists && this.#known.has(user, group);
    const login = { user, password, passwords, group, exists, known };
    const waits = known ? this.#waits.known : this.#waits.new;
    const attempt = () => this.#attempts.share(key, () => this.#attempt(login, waits));
    return await waits.run(group, attempt) ?? busy(1);
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
    await this.#credentials.storeUses();
  }

  async settled(): Promise<void> {
    await Promise.all([...this.#rehashing.values(), this.#known.flush()]);
  }

  close(): void {
    this.#closed = true;
    if (this.#ownsPool) this.#pool.close();
    this.#sessions.clear();
    this.#verified.clear();
  }

  async #attempt(login: Login, waits: LoginWaits): Promise<Verification> {
    const started = this.#clock.monotonic();
    const attempt = this.#throttle.begin(login);
    const { right, pretendedMs = 0, busySeconds } = await this.#check(login, attempt);
    if (right) {
      this.#remember(login, right);
      return { ok: true, tenant: login.user, generation: right.generation };
    }
    const passed = this.#clock.monotonic() - started;
    const left = Math.max(pretendedMs, this.#floorMs + attempt.delayMs - passed);
    if (left > 0) await waits.delay(login.group, left);
    if (busySeconds !== undefined) return busy(busySeconds);
    const { retryAfterSeconds } = attempt;
    return retryAfterSeconds === null ? { ok: false } : { ok: false, retryAfterSeconds };
  }

  async #check(login: Login, attempt: Attempt | Blocked): Promise<Check> {
    if (!("isChecked" in attempt)) return {};
    try {
      if (!attempt.isChecked) return { pretendedMs: await this.#pool.pretend(this.#turn(login)) };
      const right = await this.#matching(login);
      if (right === null) return {};
      attempt.uncounted();
      return { right };
    } catch (error) {
      attempt.uncounted();
      if (!(error instanceof Failure) || error.code !== "too-busy") throw error;
      return { busySeconds: Number(error.details.retryAfterSeconds) };
    }
  }

  /** The password that is right: the current one, or the one before it while it still works. */
  async #matching(login: Login): Promise<Password | null> {
    const { user, passwords } = login;
    if (passwords.length === 0) await this.#matches(login, null);
    for (const each of passwords) {
      // The account may have been disabled in the meantime.
      if (await this.#matches(login, each.stored)) return this.#accounts.enabled(user) && each;
    }
    return null;
  }

  /** A wrong password costs one hash of each kind in use, whether or not the user exists. */
  async #matches(login: Login, stored: string | null): Promise<boolean> {
    const { user, password } = login;
    const compared = stored ?? this.#dummies.argon2id;
    const kind = parseStoredHash(compared)?.kind;
    const decoys: string[] = [];
    if (kind !== "argon2id") decoys.push(this.#dummies.argon2id);
    if (kind !== "seed" && this.#accounts.anySeed()) decoys.push(this.#dummies.seed);
    const key = this.#verified.key(user, password, stored ?? "");
    const verify = () => this.#pool.verify(password, compared, decoys, this.#turn(login));
    const matches = await this.#checks.share(key, verify);
    return matches && stored !== null;
  }

  #turn({ known, group }: Login): Turn {
    return { lane: `${this.#users.kind} ${known ? "known" : "new"}`, party: group };
  }

  #remember({ user, password, passwords, group }: Login, right: Password): void {
    const { stored } = right;
    this.#known.add(user, group);
    this.#verified.add(this.#verified.key(user, password, stored, group));
    if (
      right !== passwords[0] || !needsRehash(stored) || this.#rehashing.has(user) || this.#closed
    ) return;
    const work = this.#rehash(user, password, stored, group)
      .finally(() => this.#rehashing.delete(user));
    this.#rehashing.set(user, work);
  }

  async #rehash(user: string, password: string, stored: string, group: string): Promise<void> {
    try {
      const next = await this.#pool.hash(password);
      // Remembered before the file is written, so that valid logins never fail meanwhile.
      this.#verified.add(this.#verified.key(user, password, next, group));
      if (await this.#users.replaceHash(user, stored, next)) {
        this.#emit({ kind: "auth.rehashed", tenant: user });
      }
    } catch (error) {
      // On a full disk the old hash stays, and the next login tries again.
      if (this.#closed || diskCauseOf(error) !== null) return;
      this.#emit({ kind: "auth.rehash_failed", tenant: user, error: messageOf(error) });
    }
  }

  /** The current password of an enabled account, then the one before it while both work. */
  #passwords(name: string): readonly Password[] {
    const account = this.#accounts.enabled(name);
    return account === null ? [] : this.#credentials.passwords(account);
  }
}

function busy(retryAfterSeconds: number): Verification {
  return { ok: false, retryAfterSeconds, isBusy: true };
}
