import { isIPv6 } from "node:net";
import { SlidingWindow } from "./sliding_window.ts";

export interface ThrottleOptions {
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Failures a minute for one user from one address. @default 5 */
  perUserAndAddress?: number;
  /** Failures a minute from one address, whoever it tries to be. @default 60 */
  perAddress?: number;
  /** Failures a minute for one user, from wherever. @default 30 */
  perUser?: number;
  /** Users, addresses and pairs that are remembered, each. @default 20_000 */
  maxKeys?: number;
  /** How long the second failure in a row is held back; it doubles. @default 250 */
  firstDelayMs?: number;
  /** @default 2_000 */
  maxDelayMs?: number;
}

/** An attempt to log in. It counts as failed until {@link Attempt.succeeded} says otherwise. */
export interface Attempt {
  /** How much longer than usual its failure has to be held back. */
  delayMs: number;
  /** Takes it out of the count: the password was right, or was never looked at. */
  succeeded(): void;
}

const WINDOW_MS = 60_000;

/**
 * Counts failed logins in a sliding minute. An attempt is counted when it begins, so that many at
 * once gain nothing. Users that do not exist are counted like those that do.
 *
 * @example
 * ```ts
 * import { Throttle } from "./throttle.ts";
 * const throttle = new Throttle({ now: Date.now });
 * const attempt = throttle.begin("customer-1", "192.0.2.1");
 * if ("retryAfterSeconds" in attempt) console.log("429");
 * ```
 */
export class Throttle {
  readonly #pairs: SlidingWindow;
  readonly #addresses: SlidingWindow;
  readonly #users: SlidingWindow;
  readonly #now: () => number;
  readonly #firstDelayMs: number;
  readonly #maxDelayMs: number;

  constructor(options: ThrottleOptions) {
    const window = (limit: number) =>
      new SlidingWindow(limit, WINDOW_MS, options.maxKeys ?? 20_000);
    this.#pairs = window(options.perUserAndAddress ?? 5);
    this.#addresses = window(options.perAddress ?? 60);
    this.#users = window(options.perUser ?? 30);
    this.#now = options.now;
    this.#firstDelayMs = options.firstDelayMs ?? 250;
    this.#maxDelayMs = options.maxDelayMs ?? 2_000;
  }

  /**
   * Whole seconds until this user may try again from this address, by their own failures alone;
   * 0 when it may now. Even credentials that are known to be right wait for it, or they would
   * tell a guesser from the same address which guess was right.
   */
  blockedSeconds(user: string, address: string): number {
    return seconds(this.#pairs.blockedMs(keysOf(user, address).pair, this.#now()));
  }

  /** Begins an attempt, or says how long to wait by the strictest of the three limits. */
  begin(user: string, address: string): Attempt | { retryAfterSeconds: number } {
    const now = this.#now();
    const keys = keysOf(user, address);
    const counters: [SlidingWindow, string][] = [
      [this.#pairs, keys.pair],
      [this.#addresses, keys.address],
      [this.#users, keys.user],
    ];
    const blocked = Math.max(...counters.map(([window, key]) => window.blockedMs(key, now)));
    if (blocked > 0) return { retryAfterSeconds: seconds(blocked) };
    const earlier = this.#pairs.count(keys.pair, now);
    for (const [window, key] of counters) window.add(key, now);
    return {
      delayMs: this.#delayAfter(earlier),
      succeeded: () => {
        for (const [window, key] of counters) window.remove(key, now);
      },
    };
  }

  #delayAfter(failures: number): number {
    if (failures === 0) return 0;
    return Math.min(this.#maxDelayMs, this.#firstDelayMs * 2 ** (failures - 1));
  }
}

/**
 * The part of an address that one party holds: all of an IPv4 address, the first 64 bits of an
 * IPv6 address (RFC 6177).
 */
export function addressGroup(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
  if (!isIPv6(plain)) return plain.slice(0, 64);
  const [head = "", tail] = plain.toLowerCase().split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail ? tail.split(":") : [];
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array<string>(Math.max(0, zeros)).fill("0"), ...right];
  return groups.slice(0, 4).map((group) => parseInt(group, 16).toString(16)).join(":") + "::/64";
}

function keysOf(user: string, address: string) {
  // No account has a longer name; a request must not decide how much is remembered.
  const name = user.slice(0, 64);
  const group = addressGroup(address);
  return { pair: `${name}\n${group}`, address: group, user: name };
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}
