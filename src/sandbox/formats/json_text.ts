const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const NOT_SPACE = /[^ \t\r\n]/g;

/**
 * JSON text that arrives in pieces, read by generators that yield where more of it is needed. It
 * knows brackets and quotes and nothing else of JSON.
 */
export class JsonText {
  readonly #maxHeld: number;
  #piece = "";
  #at = 0;
  #isClosed = false;
  #depth = 0;
  #isQuoted = false;
  #isEscaped = false;
  #stop = "";

  /** @param maxHeld the most characters of one {@link until} that are given back */
  constructor(maxHeld: number) {
    this.#maxHeld = maxHeld;
  }

  /** Adds a piece that is not empty; what was there before must be used up. */
  add(piece: string): void {
    this.#piece = piece;
    this.#at = 0;
  }

  /** There is no more. */
  close(): void {
    this.#isClosed = true;
  }

  /** Passes over the character that {@link next} or {@link until} ended at. */
  skip(): void {
    this.#at++;
  }

  /** The character at which the last {@link until} ended; "" at the end of the text. */
  stopped(): string {
    return this.#stop;
  }

  /** The next character that is no white space, not passed over yet; "" at the end. */
  *next(): Generator<void, string, void> {
    do {
      NOT_SPACE.lastIndex = this.#at;
      const found = NOT_SPACE.exec(this.#piece);
      if (found !== null) {
        this.#at = found.index;
        return found[0];
      }
    } while (yield* this.#more());
    return "";
  }

  /**
   * The text up to the next `end` that is in no brackets or quotes, or to a bracket that closes more
   * than was opened; without the white space around it.
   */
  *until(end: "," | ":"): Generator<void, string, void> {
    this.#depth = 0;
    this.#isQuoted = this.#isEscaped = false;
    const endCode = end === "," ? COMMA : COLON;
    let text = "";
    for (;;) {
      const start = this.#at;
      const isFound = this.#find(endCode);
      text = this.#held(text, start, this.#at);
      if (isFound) {
        this.#stop = this.#piece[this.#at]!;
        return text.trim();
      }
      if (!(yield* this.#more())) {
        this.#stop = "";
        return text.trim();
      }
    }
  }

  /** Goes on to where {@link until} ends, or to the end of the piece. */
  #find(end: number): boolean {
    const piece = this.#piece;
    let at = this.#at;
    for (; at < piece.length; at++) {
      if (this.#isEscaped) {
        this.#isEscaped = false;
        continue;
      }
      const code = piece.charCodeAt(at);
      if (this.#isQuoted) {
        if (code === QUOTE) this.#isQuoted = false;
        else if (code === BACKSLASH) this.#isEscaped = true;
      } else if (code === QUOTE) this.#isQuoted = true;
      else if (code === OPEN_OBJECT || code === OPEN_ARRAY) this.#depth++;
      else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
        if (this.#depth === 0) break;
        this.#depth--;
      } else if (code === end && this.#depth === 0) break;
    }
    this.#at = at;
    return at < piece.length;
  }

  /** Adds to a text what may still matter of it. */
  #held(text: string, start: number, end: number): string {
    const part = this.#piece.slice(start, Math.min(end, start + this.#maxHeld - text.length));
    return text === "" ? part : text + part;
  }

  *#more(): Generator<void, boolean, void> {
    if (this.#isClosed) return false;
    yield;
    return !this.#isClosed;
  }
}
