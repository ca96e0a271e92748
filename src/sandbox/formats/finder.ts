/** Not found. Greater than every string index and, unlike Infinity, a small integer in V8. */
export const NOWHERE = 0x3fff_ffff;

/**
 * Finds a needle from ever higher positions of a text. All searches together take one pass over the
 * text, however rare the needle is.
 */
export class Finder {
  readonly #needle: string;
  #text = "";
  #at = -1;

  constructor(needle: string) {
    this.#needle = needle;
  }

  /** Starts over with another text. An empty needle is never found. */
  reset(text: string): void {
    this.#text = text;
    this.#at = this.#needle === "" ? NOWHERE : -1;
  }

  /** The first index of the needle at or after `from`, which must not decrease between resets. */
  next(from: number): number {
    if (this.#at < from) {
      const index = this.#text.indexOf(this.#needle, from);
      this.#at = index < 0 ? NOWHERE : index;
    }
    return this.#at;
  }
}

/** A {@link Finder} of one character that can go back. */
export class RewindableFinder {
  readonly #needle: string;
  #text = "";
  #at = -1;
  /** Where the last search began. */
  #from = 0;

  constructor(needle: string) {
    this.#needle = needle;
  }

  reset(text: string): void {
    this.#text = text;
    this.#at = -1;
    this.#from = 0;
  }

  next(from: number): number {
    if (this.#at < from) {
      const index = this.#text.indexOf(this.#needle, from);
      this.#at = index < 0 ? NOWHERE : index;
      this.#from = from;
    }
    return this.#at;
  }

  /** Goes back: the next search may begin at `to`. It takes time only for the text in between. */
  rewind(to: number): void {
    if (to >= this.#from) return;
    const index = this.#text.slice(to, this.#from).indexOf(this.#needle);
    if (index >= 0) this.#at = to + index;
    this.#from = to;
  }
}
