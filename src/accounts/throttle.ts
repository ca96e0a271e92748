import { isIPv6 } from "node:net";
import { SlidingWindow } from "./sliding_window.ts";

export interface ThrottleOptions {
  /** Milliseconds of a monotonic clock. */
  now: () => number;
  /** Failures per minute for one user from one address. @default 5 */
  perUserAndAddress?: number;
  /** Failures per minute from one address, for any user. @default 60 */
  perAddress?: number;
  /** Failures per minute for one user, from any address. @default 30 */
  perUser?: number;
  /** Maximum number of users, of addresses and of pairs in memory. @default 20_000 */
  maxKeys?: number;
  /** Delay of the second failure in a row; it doubles with each further one. @default 250 */
  firstDelayMs?: number;
  /** @default 2_000 */
  maxDelayMs?: number;
}

/** An attempt to log in. It counts as failed unless {@link Attempt.succeeded} is called. */
export interface Attempt {
  /** Additional delay of the response if the attempt fails. */
  delayMs: number;
  /** Removes the attempt from the count: the password was right, or was not checked. */
  succeeded(): void;
}

const WINDOW_MS = 60_000;

/**
 * Counts failed logins in a sliding minute. An attempt counts from its start, so concurrent attempts
 * gain nothing. Unknown users count like existing ones.
 *
 * @example
 * ```ts
 * import { Throttle } from "./throttle.ts";
 * const throttle = new Throttle({ now: () => performance.now() });
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
   * Returns the whole seconds until this user can try again from this address, counting only
   * failures of this pair; 0 when allowed now. Right credentials wait as well, otherwise somebody
   * guessing from the same address would learn which guess was right.
   */
  blockedSeconds(user: string, address: string): number {
    return seconds(this.#pairs.blockedMs(keysOf(user, address).pair, this.#now()));
  }

  /** Begins an attempt, or returns how long to wait by the strictest of the three limits. */
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
 * Returns the part of an address that belongs to one party: a whole IPv4 address, or the first 64
 * bits of an IPv6 address (RFC 6177).
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
  // No account has a longer name; a request must not decide how much memory is used.
  const name = user.slice(0, 64);
  const group = addressGroup(address);
  return { pair: `${name}\n${group}`, address: group, user: name };
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}
