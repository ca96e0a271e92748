import { BadValue } from "../logical_time.ts";
import type { Page } from "./page.ts";
import { type ColumnChunk, PageReader } from "./pages.ts";
import type { Convert } from "./value.ts";

/** Receives why a value cannot be used, as a continuation of "the record …". */
export type OnFault = (reason: string) => void;

/**
 * A column of single values, read one after the other. In the words of Parquet, each value has a
 * definition level (how many of its optional and repeated parents are there) and a repetition level
 * (which of its repeated parents it continues).
 */
export class Leaf {
  readonly #maxDefinition: number;
  readonly #name: string;
  readonly #pages: PageReader;
  readonly #convert: Convert;
  readonly #onFault: OnFault;
  #page: Page | null;
  #at = 0;

  /**
   * @param convert converts a stored value
   * @param onFault receives why a value cannot be used; it is taken as null
   */
  constructor(chunk: ColumnChunk, convert: Convert, onFault: OnFault) {
    this.#name = chunk.name;
    this.#maxDefinition = chunk.maxDefinition;
    this.#onFault = onFault;
    this.#convert = convert;
    this.#pages = new PageReader(chunk, orFault(convert));
    this.#page = this.#pages.next();
  }

  /** Whether all values have been taken. */
  get isEnd(): boolean {
    return this.#page === null;
  }

  /** The definition level of the next value. */
  get definition(): number {
    return this.#current().definitionLevels?.[this.#at] ?? this.#maxDefinition;
  }

  /** The repetition level of the next value; 0, as for a new record, after the last one. */
  get repetition(): number {
    return this.#page?.repetitionLevels?.[this.#at] ?? 0;
  }

  /** Takes the next value; null stands for itself and for parents that are missing. */
  take(): unknown {
    const { definitionLevels, next, count, isDictionary } = this.#current();
    let value: unknown = null;
    if (definitionLevels === null || definitionLevels[this.#at] === this.#maxDefinition) {
      const stored = next();
      if (stored === undefined) throw new Error(`column "${this.#name}" has too few values`);
      value = isDictionary ? this.#fromDictionary(stored as number) : this.#usable(stored);
    }
    if (++this.#at === count) {
      this.#page = this.#pages.next();
      this.#at = 0;
    }
    return value;
  }

  #current(): Page {
    if (this.#page === null) throw new Error(`column "${this.#name}" has too few values`);
    return this.#page;
  }

  #usable(stored: unknown): unknown {
    try {
      return this.#convert(stored);
    } catch (error) {
      return this.#checked(error);
    }
  }

  #fromDictionary(position: number): unknown {
    const value = this.#pages.dictionaryValue(position);
    if (value === undefined) {
      throw new Error(`a value of column "${this.#name}" is not in its dictionary`);
    }
    return value instanceof BadValue ? this.#checked(value) : value;
  }

  /** Reports a value that cannot be used. Other errors are faults of the file. */
  #checked(error: unknown): null {
    if (!(error instanceof BadValue)) throw error;
    this.#onFault(error.message);
    return null;
  }
}

/** Returns faults instead of throwing them: a value of a dictionary may never be used. */
function orFault(convert: Convert): Convert {
  return (stored) => {
    try {
      return convert(stored);
    } catch (error) {
      if (error instanceof BadValue) return error;
      throw error;
    }
  };
}
