import { SlidingWindow } from "./sliding_window.ts";

export interface ThrottleOptions {
  /** Milliseconds of a monotonic clock. */
  now: () => number;
  /** Failures per minute for one name from one address. @default 5 */
  perPair?: number;
  /**
   * Further failures per minute for an account from an address that it has used before, during which
   * the right password is accepted. @default 95
   */
  perKnownPair?: number;
  /** Failures per minute from one address, for any accounts. @default 60 */
  perAddress?: number;
  /** Failures per minute for one name, after which other addresses have one attempt. @default 30 */
  perName?: number;
  /** Failures per minute for one name, after which other addresses have none. @default 200 */
  perNameAtMost?: number;
  /** Passwords per minute that are hashed for unknown names from one address. @default 10 */
  perAddressUnknown?: number;
  /** Passwords per minute that are hashed for unknown names. @default 30 */
  unknown?: number;
  /** Maximum number of names, of addresses and of pairs in memory. @default 20_000 */
  maxKeys?: number;
  /** Delay of the second failure in a row; it doubles with each further one. @default 250 */
  firstDelayMs?: number;
  /** @default 2_000 */
  maxDelayMs?: number;
}

/** Who tries to sign in, and from where. */
export interface Caller {
  user: string;
  /** See `addressGroup`. */
  group: string;
  /** Whether an account has this name. */
  exists: boolean;
  /** Whether this account has signed in from this address before. */
  known: boolean;
  /** Whether the same password was refused here in the last minute. */
  isRepeated: boolean;
}

/** An attempt to log in. It counts as failed unless {@link Attempt.uncounted} is called. */
export interface Attempt {
  /** Whether the password is checked. If not, the answer must look as if it had been. */
  isChecked: boolean;
  /** Whether others have just failed with this name. */
  isAttacked: boolean;
  /** Additional delay of the response if the attempt fails. */
  delayMs: number;
  /** If the attempt fails, the answer is to wait this long; null: that the password is wrong. */
  retryAfterSeconds: number | null;
  /** Removes the attempt from the count: the password was right, or was not checked. */
  uncounted(): void;
}

/** An attempt that is not allowed yet. */
export interface Blocked {
  retryAfterSeconds: number;
  /** Additional delay of the response. */
  delayMs: number;
}

const WINDOW_MS = 60_000;
/** Refusals that come in large numbers are delayed more: each answer takes time of the server. */
const BLOCKED_DELAY_MS = 750;
const CROWDED_DELAY_MS = 1_750;
/** Failures per minute from one address, and from all, that are large numbers. */
const CROWD = 60;
const CROWD_IN_ALL = 600;
/** With this many failures of a name, attempts with it wait behind those with others. */
const MANY = 5;
/** With fewer failures than this of an account, an address is let in while others are slowed down. */
const FEW = 2;

/**
 * Counts failed logins in a sliding minute. An attempt counts from its start, so concurrent attempts
 * gain nothing. An account is slowed down where it is attacked, and locked out nowhere where it has
 * signed in before. Names without an account look like others and cost others nothing.
 *
 * @example
 * ```ts
 * import { Throttle } from "./throttle.ts";
 * const throttle = new Throttle({ now: () => performance.now() });
 * const from = { user: "customer-1", group: "192.0.2.1", exists: true };
 * const attempt = throttle.begin({ ...from, known: false, isRepeated: false });
 * if (!("isChecked" in attempt)) console.log("429");
 * ```
 */
export class Throttle {
  readonly #accounts: Windows;
  /** Apart from the others: those who make up names must not displace what is known of accounts. */
  readonly #strangers: Windows;
  readonly #addresses: SlidingWindow;
  readonly #unknown: SlidingWindow;
  readonly #unknownInAll: SlidingWindow;
  /** All failures, of any names: they make further refusals slow, and nothing else. */
  readonly #crowds: SlidingWindow;
  readonly #crowdInAll: SlidingWindow;
  readonly #options: ThrottleOptions;

  constructor(options: ThrottleOptions) {
    const maxKeys = options.maxKeys ?? 20_000;
    this.#options = options;
    this.#accounts = windowsOf(options, maxKeys);
    this.#strangers = windowsOf(options, maxKeys);
    this.#addresses = new SlidingWindow(options.perAddress ?? 60, WINDOW_MS, maxKeys);
    this.#unknown = new SlidingWindow(options.perAddressUnknown ?? 10, WINDOW_MS, maxKeys);
    this.#unknownInAll = new SlidingWindow(options.unknown ?? 30, WINDOW_MS, 1);
    this.#crowds = new SlidingWindow(CROWD, WINDOW_MS, maxKeys);
    this.#crowdInAll = new SlidingWindow(CROWD_IN_ALL, WINDOW_MS, 1);
  }

  /**
   * Returns whether remembered credentials of an account are accepted. They wait only after many
   * failures from the same address, otherwise somebody guessing there would learn which guess was
   * right.
   */
  accepts(user: string, group: string): boolean {
    const [pair, now] = [pairOf(user, group), this.#options.now()];
    const { pairs, more } = this.#accounts;
    return pairs.blockedMs(pair, now) === 0 || more.blockedMs(pair, now) === 0;
  }

  /** Begins an attempt, or returns how long to wait. */
  begin(caller: Caller): Attempt | Blocked {
    const now = this.#options.now();
    const windows = caller.exists ? this.#accounts : this.#strangers;
    const pair = pairOf(caller.user, caller.group);
    const pairMs = windows.pairs.blockedMs(pair, now);
    if (pairMs > 0) return this.#beginFurther(caller, windows.more, pair, pairMs);
    const blockedMs = caller.known ? 0 : this.#blockedMs(caller, windows, now);
    if (blockedMs > 0) return this.#blocked(caller, blockedMs, now);
    const isChecked = caller.exists || this.#isHashed(caller.group, now);
    const name = nameOf(caller.user);
    const counters: Counter[] = [[windows.pairs, pair], [windows.names, name]];
    counters.push([this.#crowds, caller.group], [this.#crowdInAll, ""]);
    if (caller.exists) counters.push([this.#addresses, caller.group]);
    else if (isChecked) counters.push([this.#unknown, caller.group], [this.#unknownInAll, ""]);
    const delayMs = this.#delayAfter(windows.pairs.count(pair, now));
    return {
      isChecked,
      isAttacked: windows.names.blockedMs(name, now, MANY) > 0,
      delayMs: Math.max(delayMs, this.#crowdedMs(caller.group, now)),
      retryAfterSeconds: null,
      uncounted: count(counters, now),
    };
  }

  /**
   * An attempt after too many failures of this pair. Only the right password at a known address is
   * accepted; anybody else cannot see whether the address is known.
   */
  #beginFurther(
    caller: Caller,
    more: SlidingWindow,
    pair: string,
    pairMs: number,
  ): Attempt | Blocked {
    const now = this.#options.now();
    const answer = this.#blocked(caller, pairMs, now);
    // Nobody learns anything from a password that was refused: a program that keeps sending an old
    // one must not lock out others behind the same address.
    if (caller.isRepeated || more.blockedMs(pair, now) > 0) return answer;
    const uncounted = count([[more, pair]], now);
    return { ...answer, isChecked: caller.known, isAttacked: true, uncounted };
  }

  #blocked({ group }: Caller, ms: number, now: number): Blocked {
    const delayMs = Math.max(BLOCKED_DELAY_MS, this.#crowdedMs(group, now));
    return { retryAfterSeconds: Math.ceil(ms / 1000), delayMs };
  }

  #crowdedMs(group: string, now: number): number {
    if (this.#crowds.blockedMs(group, now) > 0) return CROWDED_DELAY_MS;
    return this.#crowdInAll.blockedMs("", now) > 0 ? BLOCKED_DELAY_MS : 0;
  }

  /** How long an address that is not known has to wait, although this pair has not failed often. */
  #blockedMs({ user, group }: Caller, { pairs, names }: Windows, now: number): number {
    const { perName = 30 } = this.#options;
    const name = nameOf(user);
    const pair = pairOf(user, group);
    const slowedMs = Math.min(names.blockedMs(name, now, perName), pairs.blockedMs(pair, now, FEW));
    return Math.max(this.#addresses.blockedMs(group, now), names.blockedMs(name, now), slowedMs);
  }

  #isHashed(group: string, now: number): boolean {
    return this.#unknown.blockedMs(group, now) === 0 && this.#unknownInAll.blockedMs("", now) === 0;
  }

  #delayAfter(failures: number): number {
    const { firstDelayMs = 250, maxDelayMs = 2_000 } = this.#options;
    return failures === 0 ? 0 : Math.min(maxDelayMs, firstDelayMs * 2 ** (failures - 1));
  }
}

/** The failures of names, by name and by name and address. */
interface Windows {
  pairs: SlidingWindow;
  /** Failures of pairs that had too many already. */
  more: SlidingWindow;
  names: SlidingWindow;
}

type Counter = [SlidingWindow, string];

function windowsOf(options: ThrottleOptions, maxKeys: number): Windows {
  const window = (limit: number) => new SlidingWindow(limit, WINDOW_MS, maxKeys);
  return {
    pairs: window(options.perPair ?? 5),
    more: window(options.perKnownPair ?? 95),
    names: window(options.perNameAtMost ?? 200),
  };
}

/** Counts an event. @returns removes it again */
function count(counters: readonly Counter[], now: number): () => void {
  const counted = counters.filter(([window, key]) => window.add(key, now));
  return () => {
    for (const [window, key] of counted) window.remove(key, now);
  };
}

/** No account has a longer name; a request must not decide how much memory is used. */
function nameOf(user: string): string {
  return user.slice(0, 64);
}

function pairOf(user: string, group: string): string {
  return `${nameOf(user)}\n${group}`;
}
