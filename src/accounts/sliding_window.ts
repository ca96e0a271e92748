/** Counts happenings by key over the last moments; memory is bounded by `maxKeys` times `limit`. */
export class SlidingWindow {
  readonly #limit: number;
  readonly #windowMs: number;
  readonly #maxKeys: number;
  readonly #times = new Map<string, number[]>();

  /**
   * @param limit happenings within the window from which a key is blocked
   * @param windowMs length of the window
   * @param maxKeys keys that are remembered; beyond it the one longest untouched is forgotten
   */
  constructor(limit: number, windowMs: number, maxKeys: number) {
    this.#limit = limit;
    this.#windowMs = windowMs;
    this.#maxKeys = maxKeys;
  }

  /** Happenings within the window that ends now. */
  count(key: string, now: number): number {
    return this.#recent(key, now).length;
  }

  /** Milliseconds until the key is no longer blocked; 0 when it is not. */
  blockedMs(key: string, now: number): number {
    const recent = this.#recent(key, now);
    const freed = recent[recent.length - this.#limit];
    return freed === undefined ? 0 : Math.max(1, freed + this.#windowMs - now);
  }

  add(key: string, now: number): void {
    const recent = this.#recent(key, now);
    this.#times.delete(key);
    const [oldest] = this.#times.keys();
    if (this.#times.size >= this.#maxKeys && oldest !== undefined) this.#times.delete(oldest);
    this.#times.set(key, [...recent, now]);
  }

  /** Takes one happening of that time back. */
  remove(key: string, time: number): void {
    const times = this.#times.get(key);
    const at = times?.indexOf(time) ?? -1;
    if (!times || at < 0) return;
    times.splice(at, 1);
    if (times.length === 0) this.#times.delete(key);
  }

  /** Keys that are remembered. */
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
