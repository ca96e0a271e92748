import { diskCauseOf } from "../base/disk.ts";
import { Failure, messageOf } from "../base/failure.ts";
import { addressGroup } from "../base/address_group.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { isTenantName } from "../base/tenant_name.ts";
import type { Emit } from "../telemetry/events.ts";
import { CurrentAccounts } from "./current_accounts.ts";
import { HashPool, type Turn } from "./hash_pool.ts";
import { KnownAddresses } from "./known_addresses.ts";
import { LoginWaits } from "./login_waits.ts";
import { Sessions } from "./sessions.ts";
import { SingleFlight } from "./single_flight.ts";
import { dummyHash, needsRehash, parseStoredHash } from "./stored_hash.ts";
import { type Attempt, type Caller, Throttle, type ThrottleOptions } from "./throttle.ts";
import { type AccountKind, UsersFile } from "./users.ts";
import { VerifiedCache } from "./verified_cache.ts";

/** The result of checking credentials. */
type Verification =
  | { ok: true; tenant: string }
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
  /** A refused login takes at least this long, or a multiple of it. @default 250 */
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
  /** Null: there is no such account, or it is disabled. */
  stored: string | null;
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
  // From a replaced hash to its new one, so that sessions survive hashing again.
  readonly #successors = new Map<string, string>();
  readonly #dummies = { seed: dummyHash("seed"), argon2id: dummyHash("argon2id") };
  #closed = false;

  constructor(options: AccountsOptions) {
    this.#clock = options.clock ?? systemClock;
    // The time of day can be set; sessions and blocked logins must not last longer or shorter then.
    const now = () => this.#clock.monotonic();
    this.#users = new UsersFile(options.usersPath, options.kind);
    this.#emit = options.emit ?? (() => {});
    this.#accounts = new CurrentAccounts(this.#users, this.#emit);
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
    const waits = () => new LoginWaits({ clock: this.#clock, maxPerParty: 256, maxTotal: 1024 });
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
    const stored = this.#accounts.enabled(user)?.stored ?? null;
    // Includes the address: an attacker elsewhere must not learn that credentials were right.
    const key = this.#verified.key(user, password, stored ?? "", group);
    if (stored !== null && this.#throttle.accepts(user, group) && this.#verified.has(key)) {
      return { ok: true, tenant: user };
    }
    const known = stored !== null && this.#known.has(user, group);
    const login = { user, password, stored, group, exists: stored !== null, known };
    const waits = known ? this.#waits.known : this.#waits.new;
    const attempt = () => this.#attempts.share(key, () => this.#attempt(login, waits));
    return await waits.run(group, attempt) ?? { ok: false, retryAfterSeconds: 1, isBusy: true };
  }

  openSession(tenant: string): Promise<{ token: string; expiresAt: number }> {
    const account = this.#accounts.enabled(tenant);
    if (account) return Promise.resolve(this.#sessions.open(tenant, account.stored));
    return Promise.reject(
      new Failure("auth", "no-such-tenant", `Cannot open a session for "${tenant}": no account`),
    );
  }

  session(token: string): { tenant: string } | null {
    const session = this.#sessions.find(token);
    if (!session) return null;
    const current = this.#accounts.enabled(session.tenant)?.stored;
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
    if (!("isChecked" in attempt)) return { ok: false, ...attempt };
    let pretendedMs = 0;
    try {
      if (attempt.isChecked && await this.#check(login)) {
        attempt.uncounted();
        this.#remember(login);
        return { ok: true, tenant: login.user };
      }
      if (!attempt.isChecked) pretendedMs = await this.#pool.pretend(this.#turn(login));
    } catch (error) {
      attempt.uncounted();
      if (!(error instanceof Failure) || error.code !== "too-busy") throw error;
      return {
        ok: false,
        retryAfterSeconds: Number(error.details.retryAfterSeconds),
        isBusy: true,
      };
    }
    const passed = this.#clock.monotonic() - started + pretendedMs;
    await waits.delay(login.group, pretendedMs + this.#restOf(passed, attempt.delayMs));
    return refusalOf(attempt);
  }

  /** A wrong password costs one hash of each kind in use, whether or not the user exists. */
  async #check(login: Login): Promise<boolean> {
    const { user, password, stored } = login;
    const compared = stored ?? this.#dummies.argon2id;
    const kind = parseStoredHash(compared)?.kind;
    const decoys: string[] = [];
    if (kind !== "argon2id") decoys.push(this.#dummies.argon2id);
    if (kind !== "seed" && this.#accounts.anySeed()) decoys.push(this.#dummies.seed);
    const key = this.#verified.key(user, password, stored ?? "");
    const verify = () => this.#pool.verify(password, compared, decoys, this.#turn(login));
    const matches = await this.#checks.share(key, verify);
    // The account may have been disabled in the meantime.
    return matches && stored !== null && this.#accounts.enabled(user) !== null;
  }

  #turn({ known, group }: Login): Turn {
    return { lane: `${this.#users.kind} ${known ? "known" : "new"}`, party: group };
  }

  /**
   * How long a refusal still has to wait. It comes at a multiple of the floor, so that its time does
   * not show what was computed.
   */
  #restOf(passed: number, delayMs: number): number {
    if (this.#floorMs === 0) return Math.max(0, delayMs - passed);
    const floors = Math.max(1, Math.ceil((passed - delayMs) / this.#floorMs));
    return delayMs + floors * this.#floorMs - passed;
  }

  #remember({ user, password, stored, group }: Login): void {
    if (stored === null) return;
    this.#known.add(user, group);
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
}

function refusalOf({ retryAfterSeconds }: Attempt): Verification {
  return retryAfterSeconds === null ? { ok: false } : { ok: false, retryAfterSeconds };
}
