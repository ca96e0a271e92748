/** "Not in this text": above every index of a string and, unlike Infinity, a small integer. */
export const NOWHERE = 0x3fff_ffff;

/**
 * Remembers where a needle comes next in a text, so that many questions with rising positions cost
 * one pass over the text, however rare the needle is.
 */
export class Finder {
  readonly #needle: string;
  #text = "";
  #at = -1;

  constructor(needle: string) {
    this.#needle = needle;
  }

  /** Starts over with another text. An empty needle is nowhere. */
  reset(text: string): void {
    this.#text = text;
    this.#at = this.#needle === "" ? NOWHERE : -1;
  }

  /** The first index of the needle at or after `from`, which must not fall between resets. */
  next(from: number): number {
    if (this.#at < from) {
      const index = this.#text.indexOf(this.#needle, from);
      this.#at = index < 0 ? NOWHERE : index;
    }
    return this.#at;
  }
}
