/** Counts events by key within a sliding window, in memory bounded by `maxKeys` times `limit`. */
export class SlidingWindow {
  readonly #limit: number;
  readonly #windowMs: number;
  readonly #maxKeys: number;
  readonly #times = new Map<string, number[]>();

  /**
   * @param limit number of events within the window that blocks a key
   * @param windowMs length of the window
   * @param maxKeys maximum number of keys; the least recently used is dropped
   */
  constructor(limit: number, windowMs: number, maxKeys: number) {
    this.#limit = limit;
    this.#windowMs = windowMs;
    this.#maxKeys = maxKeys;
  }

  /** Returns the number of events in the window that ends now. */
  count(key: string, now: number): number {
    return this.#recent(key, now).length;
  }

  /**
   * Returns milliseconds until the key is no longer blocked; 0 when it is not blocked.
   *
   * @param limit a lower limit than that of the window
   */
  blockedMs(key: string, now: number, limit = this.#limit): number {
    const recent = this.#recent(key, now);
    const freed = recent[recent.length - limit];
    return freed === undefined ? 0 : Math.max(1, freed + this.#windowMs - now);
  }

  /** Adds an event. @returns false when the key is blocked: further events change nothing */
  add(key: string, now: number): boolean {
    const recent = this.#recent(key, now);
    if (recent.length >= this.#limit) return false;
    this.#times.delete(key);
    const [oldest] = this.#times.keys();
    if (this.#times.size >= this.#maxKeys && oldest !== undefined) this.#times.delete(oldest);
    this.#times.set(key, [...recent, now]);
    return true;
  }

  /** Removes an event that was added at this time. */
  remove(key: string, time: number): void {
    const times = this.#times.get(key);
    const at = times?.indexOf(time) ?? -1;
    if (!times || at < 0) return;
    times.splice(at, 1);
    if (times.length === 0) this.#times.delete(key);
  }

  /** Number of keys in memory. */
  get size(): number {
    return this.#times.size;
  }

  #recent(key: string, now: number): number[] {
    const times = this.#times.get(key);
    if (!times) return [];
    const recent = times.filter((time) => time > now - this.#windowMs);
    if (recent.length === 0) this.#times.delete(key);
    else if (recent.length < times.length) this.#times.set(key, recent);
    return recent;
  }
}
