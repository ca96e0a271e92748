/**
 * Reads the text of a collection: JSON, or what exports of cqlsh (`['a', 'b']`, `{'a': 1}`) and of
 * PostgreSQL (`{a,"b c"}`) write.
 *
 * @module
 */
import type { Collection } from "./column.ts";

/** An array of elements, or an array of pairs; the converters of the elements check their types. */
type Parts = unknown[];

/**
 * @returns the elements, or the pairs of a map; null if the text is in none of these forms
 *
 * @example
 * ```ts
 * import { collectionParts } from "./collection_text.ts";
 * collectionParts("{'a': 1}", "map"); // [["a", "1"]]
 * ```
 */
export function collectionParts(text: string, kind: Collection["kind"]): Parts | null {
  const trimmed = text.trim();
  // An error of JSON.parse costs more than all the rest.
  const isLiteral = LITERAL.test(trimmed) || kind !== "map" && trimmed.startsWith("{");
  return (isLiteral ? null : jsonParts(trimmed, kind)) ?? literalParts(trimmed, kind);
}

/** Text that cannot be JSON. */
const LITERAL = /^[[{]\s*(?:'|[TF])/;

function jsonParts(text: string, kind: Collection["kind"]): Parts | null {
  let value: unknown;
  try {
    value = /\d/.test(text) ? JSON.parse(text, writtenNumber) : JSON.parse(text);
  } catch {
    return null;
  }
  const isArray = Array.isArray(value);
  if (kind !== "map") return isArray ? value as unknown[] : null;
  if (!isArray) return typeof value === "object" && value !== null ? Object.entries(value) : null;
  const pairs = value as unknown[];
  return pairs.every((pair) => Array.isArray(pair) && pair.length === 2) ? pairs : null;
}

/** Keeps numbers that a JavaScript number would change as text. */
function writtenNumber(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number") return value;
  const source = context?.source ?? String(value);
  return source === String(value) ? value : source;
}

const SPACE = /\s*/y;
/** Text in single quotes, in double quotes, or without quotes. */
const ELEMENT = /'((?:[^']|'')*)'|"((?:[^"\\]|\\[\s\S])*)"|([^\s,:'"{}[\]][^,'"{}[\]]*)/y;
const MAP_ELEMENT = /'((?:[^']|'')*)'|"((?:[^"\\]|\\[\s\S])*)"|([^\s,:'"{}[\]][^,:'"{}[\]]*)/y;

function literalParts(text: string, kind: Collection["kind"]): Parts | null {
  const close = text.startsWith("{") ? "}" : text.startsWith("[") && kind !== "map" ? "]" : null;
  if (close === null) return null;
  if (text.slice(1, -1).trim() === "") return text.endsWith(close) ? [] : null;
  const reader = new LiteralReader(text, kind === "map" ? MAP_ELEMENT : ELEMENT);
  const parts: Parts = [];
  do {
    const element = reader.element();
    if (element === undefined) return null;
    if (kind !== "map") parts.push(element);
    else {
      const value = reader.skip(":") ? reader.element() : undefined;
      if (value === undefined) return null;
      parts.push([element, value]);
    }
  } while (reader.skip(","));
  return reader.skip(close) && reader.isAtEnd() ? parts : null;
}

class LiteralReader {
  readonly #text: string;
  readonly #pattern: RegExp;
  #at = 1;

  constructor(text: string, pattern: RegExp) {
    this.#text = text;
    this.#pattern = pattern;
  }

  /** The next element; null for NULL, undefined if there is none. */
  element(): string | null | undefined {
    const found = this.#match(this.#pattern);
    if (found === null) return undefined;
    const [, single, double, bare] = found;
    if (single !== undefined) return withoutEscapes(single.replaceAll("''", "'"));
    if (double !== undefined) return double.replace(/\\([\s\S])/g, "$1");
    const text = bare!.trim();
    return text.toUpperCase() === "NULL" ? null : text;
  }

  /** Skips a character after white space. @returns whether it is there */
  skip(character: string): boolean {
    this.#match(SPACE);
    const isThere = this.#text[this.#at] === character;
    if (isThere) this.#at++;
    return isThere;
  }

  isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    if (pattern !== SPACE) this.#match(SPACE);
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.#at = pattern.lastIndex;
    return found;
  }
}

const CONTROL: Record<string, string> = { n: "\n", r: "\r", t: "\t" };

/** cqlsh doubles backslashes, and writes control characters as in Python. */
function withoutEscapes(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(/\\(\\|[nrt]|x([0-9a-f]{2}))/g, (_all, escape: string, hex?: string) => {
    if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16));
    return CONTROL[escape] ?? escape;
  });
}
