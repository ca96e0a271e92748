import { addressGroup } from "../base/address_group.ts";
import type { Clock } from "../base/clock.ts";
import { diskCauseOf } from "../base/disk.ts";
import { Failure, messageOf } from "../base/failure.ts";
import type { Emit } from "../telemetry/events.ts";
import type { HashPool, Turn } from "./hash_pool.ts";
import { KnownAddresses } from "./known_addresses.ts";
import type { Password } from "./live_credentials.ts";
import { LoginWaits } from "./login_waits.ts";
import { SingleFlight } from "./single_flight.ts";
import { dummyHash, needsRehash, parseStoredHash } from "./stored_hash.ts";
import {
  type Attempt,
  type Blocked,
  type Caller,
  Throttle,
  type ThrottleOptions,
} from "./throttle.ts";
import type { UsersFile } from "./users.ts";
import { VerifiedCache } from "./verified_cache.ts";

/** The result of checking credentials. */
export type Verification =
  /** `generation` belongs to the password that was right: what is opened with it ends with it. */
  | { ok: true; tenant: string; generation: string }
  /** With `retryAfterSeconds` after too many failures, or because too many logins are waiting. */
  | { ok: false; retryAfterSeconds?: number; isBusy?: boolean };

/** How logins are checked. */
export interface LoginSettings {
  throttle?: Omit<ThrottleOptions, "now">;
  /** The file that keeps from where accounts have signed in. @default null, kept in memory */
  knownAddressesPath?: string | null;
  /** A refused login takes at least this long. @default 250 */
  refusalFloorMs?: number;
  /** How long verified credentials are remembered. @default 300_000 */
  cacheMs?: number;
}

interface LoginsOptions extends LoginSettings {
  users: UsersFile;
  pool: HashPool;
  clock: Clock;
  emit: Emit;
  /** The passwords of an enabled account that work, the current one first; none for other names. */
  passwords(name: string): readonly Password[];
  /** Whether an account has a hash of the first version's format. */
  anySeed(): boolean;
  isAccount(name: string): boolean;
}

/** What is checked, and for whom. */
interface Login extends Caller {
  password: string;
  /** Empty: there is no such account, or it is disabled. */
  passwords: readonly Password[];
  /** A keyed digest of all this, for what is remembered. */
  key: string;
}

/** The result of an attempt; nothing is set for a wrong password, or an attempt not allowed. */
interface Check {
  right?: Password;
  /** Nothing was computed; this is how long it would have taken. */
  pretendedMs?: number;
  /** Too many others are waiting; the seconds to wait. */
  busySeconds?: number;
}

/** Checks passwords: throttled, with bounded and fair work, and remembering what was right. */
export class Logins {
  readonly #options: LoginsOptions;
  readonly #throttle: Throttle;
  readonly #verified: VerifiedCache;
  readonly #refused: VerifiedCache;
  readonly #known: KnownAddresses;
  /** Of those whose address is known, and of others. */
  readonly #waits: { known: LoginWaits; new: LoginWaits };
  readonly #floorMs: number;
  readonly #attempts = new SingleFlight<Verification>();
  readonly #checks = new SingleFlight<boolean>();
  readonly #rehashing = new Map<string, Promise<void>>();
  readonly #dummies = { seed: dummyHash("seed"), argon2id: dummyHash("argon2id") };
  #closed = false;

  constructor(options: LoginsOptions) {
    this.#options = options;
    const { clock, isAccount } = options;
    // The time of day can be set; blocked logins must not last longer or shorter then.
    const now = () => clock.monotonic();
    this.#throttle = new Throttle({ ...options.throttle, now });
    this.#verified = new VerifiedCache({ now, lifeMs: options.cacheMs ?? 300_000 });
    this.#refused = new VerifiedCache({ now, lifeMs: 60_000 });
    this.#known = new KnownAddresses({
      path: options.knownAddressesPath ?? null,
      clock,
      isAccount,
    });
    const waits = () => new LoginWaits({ clock, maxPerParty: 1024, maxTotal: 4096 });
    this.#waits = { known: waits(), new: waits() };
    this.#floorMs = options.refusalFloorMs ?? 250;
  }

  /**
   * Checks a name and password, see `Accounts.verify`.
   *
   * @throws {Failure} `hash-failed`, `hash-closed`
   */
  async verify(user: string, password: string, address: string): Promise<Verification> {
    const group = addressGroup(address);
    const passwords = this.#options.passwords(user);
    // Includes the address: an attacker elsewhere must not learn that credentials were right.
    const keyOf = (stored: string) => this.#verified.key(user, password, stored, group);
    const verified = passwords.find(({ stored }) => this.#verified.has(keyOf(stored)));
    if (verified && this.#throttle.accepts(user, group)) {
      return { ok: true, tenant: user, generation: verified.generation };
    }
    const key = keyOf(passwords.map(({ stored }) => stored).join());
    const exists = passwords.length > 0;
    const known = exists && this.#known.has(user, group);
    const isRepeated = exists && this.#refused.has(key);
    const login = { user, password, passwords, group, exists, known, isRepeated, key };
    const waits = known ? this.#waits.known : this.#waits.new;
    const attempt = () => this.#attempts.share(key, () => this.#attempt(login, waits));
    return await waits.run(group, attempt) ?? busy(1);
  }

  /** Waits for what logins have left to do: hashing passwords again, writing known addresses. */
  async settled(): Promise<void> {
    await Promise.all([...this.#rehashing.values(), this.#known.flush()]);
  }

  close(): void {
    this.#closed = true;
    this.#verified.clear();
    this.#refused.clear();
  }

  async #attempt(login: Login, waits: LoginWaits): Promise<Verification> {
    const started = this.#options.clock.monotonic();
    const attempt = this.#throttle.begin(login);
    const { right, pretendedMs = 0, busySeconds } = await this.#check(login, attempt);
    if (right) {
      this.#remember(login, right);
      return { ok: true, tenant: login.user, generation: right.generation };
    }
    const passed = this.#options.clock.monotonic() - started;
    const left = Math.max(pretendedMs, this.#floorMs + attempt.delayMs - passed);
    if (left > 0) await waits.delay(login.group, left);
    if (busySeconds !== undefined) return busy(busySeconds);
    const { retryAfterSeconds } = attempt;
    return retryAfterSeconds === null ? { ok: false } : { ok: false, retryAfterSeconds };
  }

  async #check(login: Login, attempt: Attempt | Blocked): Promise<Check> {
    if (!("isChecked" in attempt)) return {};
    const turn = this.#turn(login, attempt);
    try {
      if (!attempt.isChecked) return { pretendedMs: await this.#options.pool.pretend(turn) };
      const right = await this.#matching(login, turn);
      if (right === null) {
        this.#refused.add(login.key);
        return {};
      }
      attempt.uncounted();
      return { right };
    } catch (error) {
      attempt.uncounted();
      if (!(error instanceof Failure) || error.code !== "too-busy") throw error;
      return { busySeconds: Number(error.details.retryAfterSeconds) };
    }
  }

  /** The password that is right: the current one, or the one before it while it still works. */
  async #matching(login: Login, turn: Turn): Promise<Password | null> {
    const { user, passwords } = login;
    if (passwords.length === 0) await this.#matches(login, null, turn);
    for (const each of passwords) {
      if (!await this.#matches(login, each.stored, turn)) continue;
      // The account may have been disabled in the meantime, or its password changed.
      const now = this.#options.passwords(user);
      return now.some(({ generation }) => generation === each.generation) ? each : null;
    }
    return null;
  }

  /** A wrong password costs one hash of each kind in use, whether or not the user exists. */
  async #matches(login: Login, stored: string | null, turn: Turn): Promise<boolean> {
    const { user, password } = login;
    const compared = stored ?? this.#dummies.argon2id;
    const kind = parseStoredHash(compared)?.kind;
    const decoys: string[] = [];
    if (kind !== "argon2id") decoys.push(this.#dummies.argon2id);
    if (kind !== "seed" && this.#options.anySeed()) decoys.push(this.#dummies.seed);
    const key = this.#verified.key(user, password, stored ?? "");
    const verify = () => this.#options.pool.verify(password, compared, decoys, turn);
    const matches = await this.#checks.share(key, verify);
    return matches && stored !== null;
  }

  /** Known addresses wait for nobody else, and accounts that nobody attacks not for those attacked. */
  #turn({ known, group }: Login, { isAttacked }: Attempt): Turn {
    const lane = known ? "known" : isAttacked ? "attacked" : "new";
    return { lane: `${this.#options.users.kind} ${lane}`, party: group };
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
      const next = await this.#options.pool.hash(password);
      // Remembered before the file is written, so that valid logins never fail meanwhile.
      this.#verified.add(this.#verified.key(user, password, next, group));
      if (await this.#options.users.replaceHash(user, stored, next)) {
        this.#options.emit({ kind: "auth.rehashed", tenant: user });
      }
    } catch (error) {
      // On a full disk the old hash stays, and the next login tries again.
      if (this.#closed || diskCauseOf(error) !== null) return;
      this.#options.emit({ kind: "auth.rehash_failed", tenant: user, error: messageOf(error) });
    }
  }
}

function busy(retryAfterSeconds: number): Verification {
  return { ok: false, retryAfterSeconds, isBusy: true };
}
