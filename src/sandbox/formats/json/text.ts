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
 * JSON text that arrives in pieces. Its generators yield when they need more text. It only knows
 * brackets and quotes, no other part of JSON.
 */
export class JsonText {
  readonly #maxChars: number;
  #piece = "";
  #at = 0;
  #isClosed = false;
  #depth = 0;
  #isQuoted = false;
  #isEscaped = false;
  #stop = "";

  /** @param maxChars maximum length of the text that {@link until} returns, in characters */
  constructor(maxChars: number) {
    this.#maxChars = maxChars;
  }

  /** Adds a piece, which must not be empty, once the previous one is used up. */
  add(piece: string): void {
    this.#piece = piece;
    this.#at = 0;
  }

  /** The text is complete. */
  close(): void {
    this.#isClosed = true;
  }

  /** Skips the character at which {@link next} or {@link until} stopped. */
  skip(): void {
    this.#at++;
  }

  /** The character at which the last {@link until} stopped; "" at the end of the text. */
  stopped(): string {
    return this.#stop;
  }

  /** The next character that is not white space, without skipping it; "" at the end. */
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
   * The text up to the next `end` outside brackets and quotes, or up to a closing bracket without an
   * opening one; trimmed.
   */
  *until(end: "," | ":"): Generator<void, string, void> {
    this.#depth = 0;
    this.#isQuoted = this.#isEscaped = false;
    const endCode = end === "," ? COMMA : COLON;
    let text = "";
    for (;;) {
      const start = this.#at;
      const isFound = this.#find(endCode);
      text = this.#extended(text, start, this.#at);
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

  /** Advances to where {@link until} stops, or to the end of the piece. */
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

  /** Extends a text, up to the maximum length. */
  #extended(text: string, start: number, end: number): string {
    const part = this.#piece.slice(start, Math.min(end, start + this.#maxChars - text.length));
    return text === "" ? part : text + part;
  }

  *#more(): Generator<void, boolean, void> {
    if (this.#isClosed) return false;
    yield;
    return !this.#isClosed;
  }
}
