const KIB = 1024;

/** Bytes of the first piece of an upload. */
export const FIRST_PIECE = 1024 * KIB;
/** Maximum bytes of a piece. A piece is streamed, so it needs no memory. */
export const LARGEST_PIECE = 1024 * 1024 * KIB;
const SMALLEST_PIECE = 64 * KIB;
/** The target duration of a request: the server syncs each piece, so large ones are cheaper. */
const SECONDS_A_REQUEST = 2;
const FASTEST_GROWTH = 8;

/** Chooses the bytes per request from the speed of the previous ones. */
export class Pace {
  #piece = FIRST_PIECE;
  #largest = LARGEST_PIECE;

  /** The bytes of the next request. */
  get piece(): number {
    return this.#piece;
  }

  /** A full piece of `bytes` took `seconds`. */
  took(bytes: number, seconds: number): void {
    const aim = (bytes / Math.max(seconds, 0.001)) * SECONDS_A_REQUEST;
    // Limited, so that one fast request does not make the next one far too large.
    this.#set(Math.min(aim, this.#piece * FASTEST_GROWTH));
  }

  /** A request failed: the next one risks fewer bytes. */
  lost(): void {
    this.#set(this.#piece / 4);
  }

  /** A proxy does not accept that many bytes per request. */
  tooLarge(): void {
    this.#largest = Math.max(SMALLEST_PIECE, this.#piece / 2);
    this.#set(this.#largest);
  }

  #set(bytes: number): void {
    const rounded = Math.round(bytes / SMALLEST_PIECE) * SMALLEST_PIECE;
    this.#piece = Math.min(this.#largest, Math.max(SMALLEST_PIECE, rounded));
  }
}
