import type { Clock } from "../base/clock.ts";

interface LoginWaitsOptions {
  clock: Pick<Clock, "sleep" | "monotonic">;
  /** Maximum number of waiting logins from one address group. */
  maxPerParty: number;
  /** Maximum number of waiting logins. */
  maxTotal: number;
}

/** Milliseconds between two delayed answers: many at once would hold up all other requests. */
const APART_MS = 3;

/** A refused login whose answer is being delayed. */
interface Delay {
  party: string;
  end: AbortController;
}

/**
 * Bounds the logins that wait, because each holds a request. When there is no room, the refused
 * login that has been delayed the longest is answered early, so that nobody new is turned away.
 */
export class LoginWaits {
  readonly #options: LoginWaitsOptions;
  readonly #perParty = new Map<string, number>();
  // In the order in which they began.
  readonly #delays = new Set<Delay>();
  /** The times of delayed answers, in units of {@link APART_MS}. */
  readonly #taken = new Set<number>();
  #total = 0;

  constructor(options: LoginWaitsOptions) {
    this.#options = options;
  }

  /** Runs a login. @returns null when too many logins wait that cannot be answered early */
  async run<T>(party: string, login: () => Promise<T>): Promise<T | null> {
    if (!this.#makeRoom(party)) return null;
    this.#count(party, 1);
    try {
      return await login();
    } finally {
      this.#count(party, -1);
    }
  }

  /**
   * Waits `ms` milliseconds; longer while many others end at the same time, and less when others
   * need the room.
   */
  async delay(party: string, ms: number): Promise<void> {
    const delay = { party, end: new AbortController() };
    const now = this.#options.clock.monotonic();
    const wanted = Math.floor((now + ms) / APART_MS);
    let time = wanted;
    while (this.#taken.has(time)) time++;
    this.#taken.add(time);
    this.#delays.add(delay);
    try {
      const wait = time === wanted ? ms : time * APART_MS - now;
      await this.#options.clock.sleep(wait, delay.end.signal);
    } catch (error) {
      if (!delay.end.signal.aborted) throw error;
    } finally {
      this.#taken.delete(time);
      this.#delays.delete(delay);
    }
  }

  #makeRoom(party: string): boolean {
    const { maxPerParty, maxTotal } = this.#options;
    if ((this.#perParty.get(party) ?? 0) >= maxPerParty) {
      return this.#endDelay((delay) => delay.party === party);
    }
    return this.#total < maxTotal || this.#endDelay(() => true);
  }

  #endDelay(isMeant: (delay: Delay) => boolean): boolean {
    for (const delay of this.#delays) {
      if (!isMeant(delay)) continue;
      this.#delays.delete(delay);
      delay.end.abort();
      return true;
    }
    return false;
  }

  #count(party: string, change: number): void {
    this.#total += change;
    const left = (this.#perParty.get(party) ?? 0) + change;
    if (left > 0) this.#perParty.set(party, left);
    else this.#perParty.delete(party);
  }
}
