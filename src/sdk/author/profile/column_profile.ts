import { NumberProfile } from "./number_profile.ts";
import { TemporalProfile } from "./temporal_profile.ts";
import { TypedProfile } from "./typed_profile.ts";
import { meansNull } from "./words.ts";

/** Different short values that are kept, to recognise words. */
const MAX_WORDS = 12;
const MAX_WORD_CHARS = 24;
const MAX_NULLS = 8;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const AMOUNT = /^-?[€$£¥] ?-?\d[\d.,' ]*$|^-?\d[\d.,' ]* ?[€$£¥%]$/;
const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:.]*:[0-9a-f:.]*)$/i;

/** What the values of a column look like. Bounded: it keeps counts and a few examples. */
export class ColumnProfile {
  readonly name: string;
  /** The values that are not blank and do not look like null. */
  texts = 0;
  /** Blank texts, and null or missing values of typed formats. */
  blanks = 0;
  /** The texts that may mean null, as they are written, with their number. */
  readonly nulls = new Map<string, number>();
  readonly numbers = new NumberProfile();
  readonly moments = new TemporalProfile();
  readonly typed = new TypedProfile();
  /** The different values in lower case; null if there are too many. */
  words: Set<string> | null = new Set();
  uuids = 0;
  addresses = 0;
  /** Amounts with a currency or percent sign. */
  amounts = 0;
  /** Values with white space around them. */
  padded = 0;
  maxChars = 0;
  /** Values of more than one word, as free text has. */
  phrases = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Adds a text. */
  text(value: string, line: number): void {
    const trimmed = value.trim();
    if (trimmed === "") {
      this.blanks++;
      return;
    }
    if (meansNull(trimmed) && (this.nulls.has(trimmed) || this.nulls.size < MAX_NULLS)) {
      this.nulls.set(trimmed, (this.nulls.get(trimmed) ?? 0) + 1);
      return;
    }
    this.texts++;
    if (trimmed.length !== value.length) this.padded++;
    if (trimmed.length > this.maxChars) this.maxChars = trimmed.length;
    if (trimmed.includes(" ")) this.phrases++;
    this.numbers.add(value, line);
    this.moments.add(value, line);
    if (this.uuids === this.texts - 1 && UUID.test(trimmed)) this.uuids++;
    if (this.addresses === this.texts - 1 && ADDRESS.test(trimmed)) this.addresses++;
    if (this.amounts === this.texts - 1 && AMOUNT.test(trimmed)) this.amounts++;
    this.#word(trimmed);
  }

  /** Adds a value of a format with types. */
  value(value: unknown, line: number): void {
    if (value === null || value === undefined) this.blanks++;
    else if (typeof value === "string") this.text(value, line);
    else this.typed.add(value);
  }

  /** The values of all kinds, without null and texts that may mean null. */
  get values(): number {
    return this.texts + this.typed.values;
  }

  #word(trimmed: string): void {
    if (this.words === null) return;
    if (trimmed.length <= MAX_WORD_CHARS) this.words.add(trimmed.toLowerCase());
    if (trimmed.length > MAX_WORD_CHARS || this.words.size > MAX_WORDS) this.words = null;
  }
}
