import type { SchemaElement } from "hyparquet";
import { readPlain } from "hyparquet/src/plain.js";
import { readerOf } from "./page.ts";
import type { Convert } from "./value.ts";

/** Values up to this number are kept converted; more would need several times the page's memory. */
const MAX_KEPT = 8_192;

/** The distinct values of a column, to which its pages refer by position. */
export class Dictionary {
  readonly count: number;
  readonly #stored: (position: number) => unknown;
  readonly #convert: Convert;
  readonly #kept: unknown[] | null;

  /**
   * @param page the decompressed page
   * @param count the number of values
   * @param convert converts a value when it is used
   */
  constructor(page: Uint8Array, count: number, element: SchemaElement, convert: Convert) {
    this.count = count;
    this.#convert = convert;
    this.#kept = count > MAX_KEPT ? null : Array.from({ length: count }, () => undefined);
    this.#stored = storedValues(page, count, element);
  }

  /** The converted value; undefined if there is none at the position. */
  at(position: number): unknown {
    if (!(position >= 0 && position < this.count)) return undefined;
    if (this.#kept === null) return this.#convert(this.#stored(position));
    return this.#kept[position] ??= this.#convert(this.#stored(position));
  }
}

/** Access to the stored values by position, without an object for each. */
function storedValues(page: Uint8Array, count: number, element: SchemaElement) {
  const { type, type_length: width = 0 } = element;
  const reader = readerOf(page);
  if (type === "FIXED_LEN_BYTE_ARRAY") {
    return (position: number) => slice(page, position * width, width);
  }
  if (type === "BYTE_ARRAY") {
    const starts = new Uint32Array(count + 1);
    for (let i = 0, at = 0; i < count; i++) {
      starts[i] = at + 4;
      at += 4 + reader.view.getUint32(at, true);
      starts[i + 1] = at + 4;
    }
    return (position: number) => {
      const start = starts[position]!;
      return slice(page, start, starts[position + 1]! - 4 - start);
    };
  }
  const values = readPlain(reader, type!, count, width);
  return (position: number) => values[position];
}

function slice(page: Uint8Array, start: number, length: number): Uint8Array {
  if (start + length > page.length) throw new Error("a dictionary is cut short");
  return page.subarray(start, start + length);
}
