import { diskCauseOf } from "../base/disk.ts";
import { Failure, messageOf } from "../base/failure.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { isTenantName } from "../base/tenant_name.ts";
import type { Emit } from "../telemetry/events.ts";
import { HashPool } from "./hash_pool.ts";
import { Sessions } from "./sessions.ts";
import { SingleFlight } from "./single_flight.ts";
import { dummyHash, needsRehash, parseStoredHash } from "./stored_hash.ts";
import { addressGroup, Throttle, type ThrottleOptions } from "./throttle.ts";
import { type AccountKind, UsersFile } from "./users.ts";
import type { Account } from "./users_text.ts";
import { VerifiedCache } from "./verified_cache.ts";

/** The result of checking credentials. */
type Verification =
  | { ok: true; tenant: string }
  /** With `retryAfterSeconds` nothing was checked: too many failures, or the server is too busy. */
  | { ok: false; retryAfterSeconds?: number };

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
  /** A refused login takes at least this long. @default 250 */
  refusalFloorMs?: number;
  /** How long verified credentials are remembered. @default 300_000 */
  cacheMs?: number;
}

/** Checks passwords and keeps sessions. */
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
   * Opens a session of at most an hour. Changing the password or disabling the account ends it.
   *
   * @returns the bearer token (RFC 6750) and when it expires, in milliseconds since the epoch
   * @throws {Failure} `no-such-tenant` when the account does not exist or is disabled
   */
  openSession(tenant: string): Promise<{ token: string; expiresAt: number }>;
  /** Returns whose session it is; null for an unknown or expired token. */
  session(token: string): { tenant: string } | null;
  closeSession(token: string): void;
  /** Waits for passwords that are being hashed again after a login. */
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
  readonly #clock: Clock;
  readonly #users: UsersFile;
  readonly #pool: HashPool;
  readonly #ownsPool: boolean;
  readonly #throttle: Throttle;
  readonly #sessions: Sessions;
  readonly #verified: VerifiedCache;
  readonly #floorMs: number;
  readonly #emit: Emit;
  readonly #attempts = new SingleFlight<Verification>();
  readonly #checks = new SingleFlight<boolean>();
  readonly #rehashing = new Map<string, Promise<void>>();
  // From a replaced hash to its new one, so that sessions survive hashing again.
  readonly #successors = new Map<string, string>();
  readonly #dummies = { seed: dummyHash("seed"), argon2id: dummyHash("argon2id") };
  #lastGood: ReadonlyMap<string, Account>;
  #lastFailure: Failure | null = null;
  #invalidNames: string[] = [];
  #closed = false;

  constructor(options: AccountsOptions) {
    this.#clock = options.clock ?? systemClock;
    // The time of day can be set; sessions and blocked logins must not last longer or shorter then.
    const now = () => this.#clock.monotonic();
    this.#users = new UsersFile(options.usersPath, options.kind);
    this.#lastGood = this.#firstAccounts();
    this.#ownsPool = options.pool === undefined;
    this.#pool = options.pool ?? new HashPool();
    this.#throttle = new Throttle({ ...options.throttle, now });
    this.#sessions = new Sessions({ clock: this.#clock });
    this.#verified = new VerifiedCache({ now, lifeMs: options.cacheMs ?? 300_000 });
    this.#floorMs = options.refusalFloorMs ?? 250;
    this.#emit = options.emit ?? (() => {});
    if (this.#lastFailure) this.#emit({ kind: "users.broken", error: this.#lastFailure.message });
    else this.#reportInvalidNames();
  }

  /** One account with a fault must not keep all others out. */
  #firstAccounts(): ReadonlyMap<string, Account> {
    try {
      return this.#users.accounts();
    } catch (error) {
      const usable = this.#users.usable();
      this.#lastFailure = error as Failure;
      return usable;
    }
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
    const blocked = this.#throttle.blockedSeconds(user, address);
    if (blocked > 0) return { ok: false, retryAfterSeconds: blocked };
    const stored = this.#enabled(user)?.stored ?? null;
    // Includes the address: an attacker elsewhere must not learn that credentials were right.
    const key = this.#verified.key(user, password, stored ?? "", addressGroup(address));
    if (stored !== null && this.#verified.has(key)) return { ok: true, tenant: user };
    return await this.#attempts.share(key, () => this.#attempt(user, password, address, stored));
  }

  openSession(tenant: string): Promise<{ token: string; expiresAt: number }> {
    const account = this.#enabled(tenant);
    if (account) return Promise.resolve(this.#sessions.open(tenant, account.stored));
    return Promise.reject(
      new Failure("auth", "no-such-tenant", `Cannot open a session for "${tenant}": no account`),
    );
  }

  session(token: string): { tenant: string } | null {
    const session = this.#sessions.find(token);
    if (!session) return null;
    const current = this.#enabled(session.tenant)?.stored;
    const { credential, tenant } = session;
    if (current === credential || current === this.#successors.get(credential)) {
      if (current !== undefined) return { tenant };
    }
    this.#sessions.close(token);
    return null;
  }

  closeSession(token: string): void {
    this.#sessions.close(token);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#rehashing.values());
  }

  close(): void {
    this.#closed = true;
    if (this.#ownsPool) this.#pool.close();
    this.#sessions.clear();
    this.#verified.clear();
  }

  async #attempt(
    user: string,
    password: string,
    address: string,
    stored: string | null,
  ): Promise<Verification> {
    const started = this.#clock.monotonic();
    const attempt = this.#throttle.begin(user, address);
    if ("retryAfterSeconds" in attempt) {
      return { ok: false, retryAfterSeconds: attempt.retryAfterSeconds };
    }
    try {
      const matches = await this.#check(user, password, stored);
      // The account may have been disabled in the meantime.
      if (matches && stored !== null && this.#enabled(user)) {
        attempt.succeeded();
        this.#remember(user, password, address, stored);
        return { ok: true, tenant: user };
      }
    } catch (error) {
      attempt.succeeded();
      if (error instanceof Failure && error.code === "too-busy") {
        return { ok: false, retryAfterSeconds: 1 };
      }
      throw error;
    }
    await this.#delayRefusal(started, attempt.delayMs);
    return { ok: false };
  }

  /** A wrong password costs one hash of each kind in use, whether or not the user exists. */
  #check(user: string, password: string, stored: string | null): Promise<boolean> {
    const compared = stored ?? this.#dummies.argon2id;
    const kind = parseStoredHash(compared)?.kind;
    const decoys: string[] = [];
    if (kind !== "argon2id") decoys.push(this.#dummies.argon2id);
    if (kind !== "seed" && this.#anySeed()) decoys.push(this.#dummies.seed);
    const key = this.#verified.key(user, password, stored ?? "");
    return this.#checks.share(key, () => this.#pool.verify(password, compared, decoys));
  }

  #anySeed(): boolean {
    for (const { stored } of this.#current().values()) {
      if (!stored.startsWith("$")) return true;
    }
    return false;
  }

  async #delayRefusal(started: number, delayMs: number): Promise<void> {
    const most = this.#floorMs + delayMs;
    const left = Math.min(most, started + most - this.#clock.monotonic());
    if (left > 0) await this.#clock.sleep(left);
  }

  #remember(user: string, password: string, address: string, stored: string): void {
    const group = addressGroup(address);
    this.#verified.add(this.#verified.key(user, password, stored, group));
    if (!needsRehash(stored) || this.#rehashing.has(user) || this.#closed) return;
    const work = this.#rehash(user, password, stored, group)
      .finally(() => this.#rehashing.delete(user));
    this.#rehashing.set(user, work);
  }

  async #rehash(user: string, password: string, stored: string, group: string): Promise<void> {
    try {
      const next = await this.#pool.hash(password);
      // Remembered before the file is written, so that valid sessions and logins never fail meanwhile.
      this.#successors.set(stored, next);
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

  #enabled(name: string): Account | null {
    const account = this.#current().get(name);
    return account?.enabled ? account : null;
  }

  /** Returns the accounts; while the file is broken, the last ones that could be read. */
  #current(): ReadonlyMap<string, Account> {
    try {
      const accounts = this.#users.accounts();
      // Removed by mistake: nobody would be let in.
      if (accounts.size === 0 && this.#lastGood.size > 0) this.#users.requireFile();
      this.#lastFailure = null;
      if (accounts !== this.#lastGood) {
        this.#lastGood = accounts;
        this.#reportInvalidNames();
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const known = this.#lastFailure?.message === error.message;
      this.#lastFailure = error;
      if (!known) this.#emit({ kind: "users.broken", error: error.message });
    }
    return this.#lastGood;
  }

  #reportInvalidNames(): void {
    const names = this.#users.invalidNames();
    if (names.length > 0 && names.join() !== this.#invalidNames.join()) {
      this.#emit({ kind: "accounts.invalid_name", names });
    }
    this.#invalidNames = names;
  }
}
