const KIB = 1024;

/** Bytes of the first piece of an upload. */
export const FIRST_PIECE = 1024 * KIB;
/** Bytes of a piece at most. A piece is streamed, so it costs no memory. */
export const LARGEST_PIECE = 1024 * 1024 * KIB;
const SMALLEST_PIECE = 64 * KIB;
/** A server makes every piece durable, which few large ones pay for less often. */
const SECONDS_A_REQUEST = 2;
const FASTEST_GROWTH = 8;

/** Chooses how many bytes go into one request, from how long the last ones took. */
export class Pace {
  #piece = FIRST_PIECE;
  #largest = LARGEST_PIECE;

  /** Bytes that the next request should carry. */
  get piece(): number {
    return this.#piece;
  }

  /** A full piece of `bytes` was answered after `seconds`. */
  took(bytes: number, seconds: number): void {
    const aim = (bytes / Math.max(seconds, 0.001)) * SECONDS_A_REQUEST;
    // Bounded, so that one lucky request does not make the next one far too large.
    this.#set(Math.min(aim, this.#piece * FASTEST_GROWTH));
  }

  /** A request was lost: less is lost next time. */
  lost(): void {
    this.#set(this.#piece / 4);
  }

  /** Something on the way does not let so many bytes through in one request. */
  tooLarge(): void {
    this.#largest = Math.max(SMALLEST_PIECE, this.#piece / 2);
    this.#set(this.#largest);
  }

  #set(bytes: number): void {
    const rounded = Math.round(bytes / SMALLEST_PIECE) * SMALLEST_PIECE;
    this.#piece = Math.min(this.#largest, Math.max(SMALLEST_PIECE, rounded));
  }
}
