/**
 * Drops the first lines of a file, whatever they contain. A line ends with LF, CR, CRLF or CRCRLF.
 *
 * @example
 * ```ts
 * const skipper = new LineSkipper(1);
 * skipper.push("Report of May\r"); // ""
 * skipper.push("\nid;name"); // "id;name"
 * ```
 */
export class LineSkipper {
  /** The number of lines that are still to be dropped. */
  left: number;
  /** CRs at the end of the text so far: what follows them decides which line ends they are. */
  #held = "";

  constructor(lines: number) {
    this.left = lines;
  }

  /** @returns the text after the dropped lines, or "" if they have not all ended */
  push(text: string): string {
    return this.#rest(this.#held + text, false);
  }

  /** The file has ended. @returns the rest of its text */
  end(): string {
    return this.#rest(this.#held, true);
  }

  #rest(text: string, isWhole: boolean): string {
    const lineEnd = /\r?\r?\n|\r/g;
    let from = 0;
    while (this.left > 0) {
      const found = lineEnd.exec(text);
      if (found === null) break;
      const isLoneCr = found[0] === "\r";
      if (isLoneCr && !isWhole && /^\r?$/.test(text.slice(found.index + 1, found.index + 3))) break;
      this.left--;
      from = lineEnd.lastIndex;
    }
    this.#held = this.left > 0 ? /\r?\r?$/.exec(text.slice(from).slice(-2))![0] : "";
    return this.left > 0 ? "" : text.slice(from);
  }
}
