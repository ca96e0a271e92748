const START = 32;
const MIN = 4;
const MAX = 512;
/** Bytes that may be on their way and unanswered. */
const MAX_BYTES = 4 << 20;
/** As long as answers come this fast there is no reason to hold back. */
const CALM_MS = 25;
/** How much slower than at its best the cluster may answer before the window stops growing, shrinks. */
const SLOWER_HOLDS = 3;
const SLOWER_SHRINKS = 8;
const SHRINK_ABOVE_MS = 100;
const GROWTH = 1 / 8;
const SHRINK = 0.8;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/**
 * How many requests may be unanswered at a time. It grows while answers stay fast, shrinks when they
 * get slow, and is halved, with a pause before the next request, when the cluster says that it is too
 * much or says nothing.
 */
export class AdaptiveWindow {
  readonly #now: () => number;
  #limit = START;
  #inFlight = 0;
  #bytes = 0;
  #wasFull = false;
  /** Of the round that is running: as many answers as the window is wide. */
  #answers = 0;
  #sumMs = 0;
  #bestMs = Infinity;
  #pausedUntil = 0;
  #pauseMs = FIRST_PAUSE_MS;

  /** @param now milliseconds of any clock that does not go back */
  constructor(now: () => number) {
    this.#now = now;
  }

  get limit(): number {
    return Math.floor(this.#limit);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Milliseconds until the next request may go out; 0 when no pause is on. */
  get pauseMs(): number {
    return Math.max(0, this.#pausedUntil - this.#now());
  }

  /** Whether a request of so many bytes may go out now. */
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

  /** A request was acknowledged after so long. */
  acknowledged(bytes: number, ms: number): void {
    this.#gone(bytes);
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#answers++;
    this.#sumMs += ms;
    if (this.#answers >= this.limit) this.#endRound();
  }

  /** A request came back because the cluster is overloaded or out of reach. */
  pushedBack(bytes: number): void {
    this.#gone(bytes);
    // Of all requests that were out when trouble came, only the first counts.
    if (this.pauseMs > 0) return;
    this.#limit = Math.max(MIN, this.#limit / 2);
    this.#pausedUntil = this.#now() + this.#pauseMs;
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2);
    this.#startRound();
  }

  /** A request ended in a way that says nothing about the cluster's load. */
  dropped(bytes: number): void {
    this.#gone(bytes);
  }

  #gone(bytes: number): void {
    this.#inFlight--;
    this.#bytes -= bytes;
  }

  #endRound(): void {
    const ms = this.#sumMs / this.#answers;
    this.#bestMs = Math.min(ms, this.#bestMs);
    if (ms > SHRINK_ABOVE_MS && ms > this.#bestMs * SLOWER_SHRINKS) {
      this.#limit = Math.max(MIN, this.#limit * SHRINK);
    } else if (this.#wasFull && (ms <= CALM_MS || ms <= this.#bestMs * SLOWER_HOLDS)) {
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
