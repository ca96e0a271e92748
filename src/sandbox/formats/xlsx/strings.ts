import { corrupt } from "./failures.ts";
import type { Package } from "./package.ts";
import type { XmlHandler } from "./xml.ts";

/** Excel allows 32,767 characters in a cell; other programs write more. */
const MAX_CELL_CHARS = 1_048_576;

/**
 * Collects the text of a cell from its parts with different fonts. How a text is pronounced, which
 * Japanese workbooks have beside it, is left out.
 */
export class CellText implements XmlHandler {
  #text = "";
  #phonetic = 0;
  #isOpen = false;

  open(name: string): void {
    if (name === "rPh") this.#phonetic++;
    else if (name === "t") this.#isOpen = this.#phonetic === 0;
  }

  close(name: string): void {
    if (name === "rPh") this.#phonetic--;
    else if (name === "t") this.#isOpen = false;
  }

  text(text: string): void {
    if (!this.#isOpen) return;
    this.#text = this.#text === "" ? text : this.#text + text;
    if (this.#text.length > MAX_CELL_CHARS) throw corrupt("the text of a cell is too long");
  }

  /** Returns the text and starts over. */
  take(): string {
    const text = this.#text;
    this.#text = "";
    return unescaped(text);
  }
}

/** Resolves `_x000D_`, which stands for a character that XML cannot contain. */
export function unescaped(text: string): string {
  if (!text.includes("_x")) return text;
  return text.replace(/_x([0-9a-f]{4})_/gi, (_all, hex) => String.fromCharCode(parseInt(hex, 16)));
}

const TEXTS_IN_CHUNK = 256;

/**
 * The texts that cells share, by their number. They are parts of larger strings: millions of small
 * ones would need several times the memory.
 */
export class SharedStrings {
  readonly #chunks: string[] = [];
  /** The texts after the last chunk. */
  #open: string[] = [];
  /** Where each text ends in its chunk. */
  #ends = new Uint32Array(1_024);
  #end = 0;
  #count = 0;

  add(text: string): void {
    if (this.#count === this.#ends.length) {
      const ends = new Uint32Array(2 * this.#count);
      ends.set(this.#ends);
      this.#ends = ends;
    }
    this.#open.push(text);
    this.#end += text.length;
    this.#ends[this.#count++] = this.#end;
    if (this.#open.length < TEXTS_IN_CHUNK) return;
    this.#chunks.push(this.#open.join(""));
    this.#open = [];
    this.#end = 0;
  }

  /** @returns undefined if there is no such text */
  get(index: number): string | undefined {
    if (index >= this.#count) return undefined;
    const chunk = this.#chunks[Math.floor(index / TEXTS_IN_CHUNK)];
    const at = index % TEXTS_IN_CHUNK;
    if (chunk === undefined) return this.#open[at];
    return chunk.slice(at === 0 ? 0 : this.#ends[index - 1], this.#ends[index]);
  }
}

/** Reads the texts that cells share. @throws {Failure} `xlsx-corrupt`, `xlsx-too-large` */
export async function readSharedStrings(
  parts: Package,
  part: string | null,
): Promise<SharedStrings> {
  const strings = new SharedStrings();
  if (part === null || !parts.has(part)) return strings;
  const cell = new CellText();
  await parts.parse(part, {
    open: (name) => cell.open(name),
    text: (text) => cell.text(text),
    close(name) {
      cell.close(name);
      if (name === "si") strings.add(cell.take());
    },
  });
  return strings;
}
