import type { ScalarType } from "../../batch/column.ts";
import { type Converter, converterOf } from "../../batch/convert.ts";

/** The types of a column of texts: the first one that fits all values is chosen. */
const OF_TEXT: ScalarType[] = [
  "int",
  "bigint",
  "double",
  "decimal",
  "date",
  "timestamp",
  "time",
  "uuid",
  "text",
];
const OF_NUMBER: ScalarType[] = ["int", "bigint", "varint", "double", "text"];
const OF_JSON_TEXT: ScalarType[] = ["date", "timestamp", "uuid", "text"];

const KEY_TYPES = new Set<ScalarType>(["int", "bigint", "date", "timestamp", "uuid", "text"]);
const MAX_KEY_CHARS = 100;
/** A column with more values is no key: checking that they are unique would take too much memory. */
const MAX_UNIQUE = 500_000;
// A zip code such as 00501 is not a number, and a double must not lose digits.
const LEADING_ZERO = /^\s*[+-]?0\d/;
const DIGITS_OF_DOUBLE = 15;

/** Collects the values of a column to derive its type. */
export class ColumnProfile {
  readonly name: string;
  #types: ScalarType[] | null = null;
  #seen: Set<string> | null = new Set();
  #values = 0;
  #missing = 0;
  #isBoolean = true;
  #isJson = false;

  constructor(name: string) {
    this.name = name;
  }

  /** Adds a field of a CSV file. */
  text(value: string): void {
    if (value.trim() === "") return this.missing();
    this.#see(value);
    if (this.#isBoolean) this.#isBoolean = /^\s*(true|false|yes|no)\s*$/i.test(value);
    this.#narrow(OF_TEXT, value);
  }

  /** Adds a member of a JSON object. */
  json(value: unknown): void {
    if (value === null || value === undefined) return this.missing();
    this.#see(typeof value === "object" ? JSON.stringify(value) : String(value));
    if (typeof value !== "boolean") this.#isBoolean = false;
    if (typeof value === "object") {
      this.#isJson = true;
      this.#types = ["text"];
    } else this.#narrow(typeof value === "string" ? OF_JSON_TEXT : OF_NUMBER, value);
  }

  /** Adds an empty or missing value. */
  missing(): void {
    this.#missing++;
  }

  get type(): ScalarType {
    if (this.#values === 0 || this.#isJson) return "text";
    return this.#isBoolean ? "boolean" : this.#types?.[0] ?? "text";
  }

  /** Whether some value is an object or an array. */
  get isJson(): boolean {
    return this.#isJson;
  }

  /** Whether its values identify the records: all present, unique, and of a type for keys. */
  get isKey(): boolean {
    return this.#seen !== null && this.#values > 0 && this.#missing === 0 && !this.#isJson &&
      KEY_TYPES.has(this.type);
  }

  #see(value: string): void {
    this.#values++;
    if (this.#seen === null) return;
    const isNew = !this.#seen.has(value.trim());
    if (isNew && value.length <= MAX_KEY_CHARS && this.#seen.size < MAX_UNIQUE) {
      this.#seen.add(value.trim());
    } else this.#seen = null;
  }

  #narrow(possible: ScalarType[], value: unknown): void {
    const before = this.#types ?? possible;
    if (this.#types && before.length === 1) return;
    this.#types = before.filter((type) => possible.includes(type) && fits(type, value));
    if (this.#types.length === 0) this.#types = ["text"];
  }
}

const CONVERTERS = new Map<ScalarType, Converter>();

function fits(type: ScalarType, value: unknown): boolean {
  if (typeof value === "string" && type !== "text") {
    const isNumber = ["int", "bigint", "double", "decimal"].includes(type);
    if (isNumber && LEADING_ZERO.test(value)) return false;
    const digits = value.replace(/[eE].*$/, "").replaceAll(/\D|^[0.+-]+/g, "");
    if (type === "double" && digits.length > DIGITS_OF_DOUBLE) return false;
  }
  const convert = CONVERTERS.get(type) ?? converterOf(type);
  CONVERTERS.set(type, convert);
  try {
    return convert(value) !== null;
  } catch {
    return false;
  }
}
