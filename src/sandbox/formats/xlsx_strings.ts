import { corrupt } from "./xlsx_failures.ts";
import type { Package } from "./xlsx_package.ts";
import type { XmlHandler } from "./xlsx_xml.ts";

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

/** Reads the texts that cells share. @throws {Failure} `xlsx-corrupt`, `xlsx-too-large` */
export async function readSharedStrings(parts: Package, part: string | null): Promise<string[]> {
  const strings: string[] = [];
  if (part === null || !parts.has(part)) return strings;
  const cell = new CellText();
  await parts.parse(part, {
    open: (name) => cell.open(name),
    text: (text) => cell.text(text),
    close(name) {
      cell.close(name);
      if (name === "si") strings.push(cell.take());
    },
  });
  return strings;
}
