import type { ColumnType } from "../../column.ts";
import { DAY_MS } from "../../values/calendar.ts";

/** Counts the values of a column of a format with types. */
export class TypedProfile {
  values = 0;
  /** Whole numbers, and numbers with decimal places. */
  wholes = 0;
  doubles = 0;
  min = Infinity;
  max = -Infinity;
  booleans = 0;
  /** Dates of Excel, Parquet and Avro, and those among them that are whole days. */
  dates = 0;
  days = 0;
  bytes = 0;
  lists = 0;
  objects = 0;
  /** The elements of all lists. */
  elements: TypedProfile | null = null;
  texts = 0;

  /** Adds a value other than null and text. */
  add(value: unknown): void {
    this.values++;
    switch (typeof value) {
      case "number":
        return this.#number(value, Number.isInteger(value));
      case "bigint":
        return this.#number(Number(value), true);
      case "boolean":
        this.booleans++;
        return;
      default:
        this.#object(value);
    }
  }

  /** The narrowest type of the values; null if they are of several kinds, or not of a simple one. */
  type(): ColumnType | null {
    const { values } = this;
    if (values === 0) return null;
    if (this.booleans === values) return "boolean";
    if (this.wholes === values) return wholeType(this.min, this.max);
    if (this.wholes + this.doubles === values) return "double";
    if (this.dates === values) return this.days === values ? "date" : "timestamp";
    if (this.bytes === values) return "blob";
    if (this.texts === values) return "text";
    if (this.lists !== values || this.elements === null) return null;
    const element = this.elements.type();
    return element === null || element.includes("<") ? null : `list<${element}>` as ColumnType;
  }

  #number(value: number, isWhole: boolean): void {
    if (isWhole) this.wholes++;
    else this.doubles++;
    this.min = Math.min(this.min, value);
    this.max = Math.max(this.max, value);
  }

  #object(value: unknown): void {
    if (value instanceof Date) {
      this.dates++;
      if (value.getTime() % DAY_MS === 0) this.days++;
    } else if (value instanceof Uint8Array) this.bytes++;
    else if (Array.isArray(value)) {
      this.lists++;
      this.elements ??= new TypedProfile();
      for (const element of value) this.elements.#element(element);
    } else this.objects++;
  }

  #element(value: unknown): void {
    if (typeof value === "string") {
      this.values++;
      this.texts++;
    } else if (value === null || value === undefined) {
      // A list has no null elements.
      this.values++;
      this.objects++;
    } else this.add(value);
  }
}

/** Larger numbers are likely to outgrow an `int`. */
const MAX_INT = 1e9;

/** @returns `int`, `bigint` or `varint`: the narrowest that holds both, with room to grow */
export function wholeType(min: number, max: number): "int" | "bigint" | "varint" {
  if (min >= -MAX_INT && max < MAX_INT) return "int";
  return min >= -(2 ** 63) && max < 2 ** 63 ? "bigint" : "varint";
}
