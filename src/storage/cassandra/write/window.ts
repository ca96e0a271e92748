const START = 32;
const MIN = 4;
const MAX = 512;
/** Maximum bytes in flight. */
const MAX_BYTES = 4 << 20;
/** The window always grows while answers are this fast. */
const FAST_MS = 25;
/** The window stops growing, or shrinks, when answers are this many times slower than the fastest. */
const SLOWER_HOLDS = 3;
const SLOWER_SHRINKS = 8;
const SHRINK_ABOVE_MS = 100;
const GROWTH = 1 / 8;
const SHRINK = 0.8;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/**
 * The maximum number of requests in flight. It grows while answers are fast and shrinks when they become
 * slow. It is halved, with a pause before the next request, when the cluster is overloaded or does not
 * answer.
 */
export class AdaptiveWindow {
  readonly #now: () => number;
  #limit = START;
  #inFlight = 0;
  #bytes = 0;
  #wasFull = false;
  /** In the current round, which has as many answers as the limit. */
  #answers = 0;
  #sumMs = 0;
  #bestMs = Infinity;
  #pausedUntil = 0;
  #pauseMs = FIRST_PAUSE_MS;

  /** @param now milliseconds of a monotonic clock */
  constructor(now: () => number) {
    this.#now = now;
  }

  get limit(): number {
    return Math.floor(this.#limit);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Milliseconds until the next request can be sent; 0 without a pause. */
  get pauseMs(): number {
    return Math.max(0, this.#pausedUntil - this.#now());
  }

  /** Whether a request of this size can be sent now. */
  admits(bytes: number): boolean {
    if (this.pauseMs > 0) return false;
    if (this.#inFlight === 0) return true;
    if (this.#inFlight >= this.limit) {
      this.#wasFull = true;
      return false;
    }
    return this.#bytes + bytes <= MAX_BYTES;
  }

  sent(bytes: number): void {
    this.#inFlight++;
    this.#bytes += bytes;
  }

  /** Call it when a request was acknowledged. */
  acknowledged(bytes: number, ms: number): void {
    this.ended(bytes);
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#answers++;
    this.#sumMs += ms;
    if (this.#answers >= this.limit) this.#endRound();
  }

  /** Call it when a request failed because the cluster is overloaded or unreachable. */
  pushedBack(bytes: number): void {
    this.ended(bytes);
    // Of all requests that were in flight, only the first failure counts.
    if (this.pauseMs > 0) return;
    this.#limit = Math.max(MIN, this.#limit / 2);
    this.#pausedUntil = this.#now() + this.#pauseMs;
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2);
    this.#startRound();
  }

  /** Call it when a request failed for a reason that does not depend on the load. */
  ended(bytes: number): void {
    this.#inFlight--;
    this.#bytes -= bytes;
  }

  #endRound(): void {
    const ms = this.#sumMs / this.#answers;
    this.#bestMs = Math.min(ms, this.#bestMs);
    if (ms > SHRINK_ABOVE_MS && ms > this.#bestMs * SLOWER_SHRINKS) {
      this.#limit = Math.max(MIN, this.#limit * SHRINK);
    } else if (this.#wasFull && (ms <= FAST_MS || ms <= this.#bestMs * SLOWER_HOLDS)) {
      this.#limit = Math.min(MAX, this.#limit + Math.max(1, this.#limit * GROWTH));
    }
    this.#startRound();
  }

  #startRound(): void {
    this.#answers = 0;
    this.#sumMs = 0;
    this.#wasFull = false;
  }
}
