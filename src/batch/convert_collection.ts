/**
 * Converts lists, sets and maps to canonical JSON.
 *
 * @module
 */
import { collectionParts } from "./collection_text.ts";
import type { Collection, ScalarType, Value } from "./column.ts";
import { fault, ValueFault } from "../sdk/values/value_fault.ts";
import type { WrittenNumbers } from "../sdk/values/written_numbers.ts";

/** More would be too large for one cell. */
const MAX_ELEMENTS = 65_535;

/** As `Converter` in convert.ts. */
type Convert = (value: unknown, numbers?: WrittenNumbers, names?: readonly string[]) => Value;

interface Element {
  type: ScalarType;
  convert: Convert;
}

const WHAT = {
  list: 'a list (an array, or text such as ["a", "b"])',
  set: 'a set (an array, a Set, or text such as ["a", "b"])',
  map: 'a map (an object, a Map, or text such as {"a": 1})',
} as const;

/**
 * @param elements the type of the elements; for a map, of the keys and of the values
 * @returns a function that throws {@link ValueFault} if the value does not fit; an empty
 *   collection becomes null
 */
export function collectionConverter(
  kind: Collection["kind"],
  elements: readonly Element[],
): Convert {
  return (value, numbers, names) => {
    if (value === null || value === undefined) return null;
    if (typeof value !== "string") {
      const items = kind === "map" ? pairsOf(value) : itemsOf(value);
      const [first, second] = elements.map((element) => withNumbers(element, numbers, names));
      return collectionText(kind, items ?? fault(value, WHAT[kind]), first!, second!);
    }
    if (value.trim() === "") return null;
    const parts = collectionParts(value, kind) ?? fault(value, WHAT[kind]);
    return collectionText(kind, parts, elements[0]!, elements[1]!);
  };
}

function withNumbers(
  { type, convert }: Element,
  numbers: WrittenNumbers | undefined,
  names: readonly string[] | undefined,
): Element {
  return { type, convert: (value) => convert(value, numbers, names) };
}

function collectionText(
  kind: Collection["kind"],
  items: unknown[],
  first: Element,
  second: Element,
): string | null {
  if (items.length > MAX_ELEMENTS) {
    throw new ValueFault(`the ${kind} has ${items.length} elements (limit: ${MAX_ELEMENTS})`);
  }
  if (items.length === 0) return null;
  if (kind === "map") return mapText(items as [unknown, unknown][], first, second);
  const texts = items.map((item, i) => elementText(item, first, `element ${i + 1}`));
  return `[${(kind === "set" ? [...new Set(texts)].sort() : texts).join(",")}]`;
}

function mapText(pairs: [unknown, unknown][], key: Element, value: Element): string {
  const byKey = new Map<string, string>();
  for (const [i, pair] of pairs.entries()) {
    const name = elementText(pair[0], key, `key ${i + 1}`);
    byKey.set(name, elementText(pair[1], value, `the value of key ${name}`));
  }
  const sorted = [...byKey].sort(([a], [b]) => a < b ? -1 : 1);
  return `[${sorted.map(([name, text]) => `[${name},${text}]`).join(",")}]`;
}

function elementText(given: unknown, { type, convert }: Element, place: string): string {
  let value: Value;
  try {
    value = convert(given);
  } catch (error) {
    if (!(error instanceof ValueFault)) throw error;
    throw new ValueFault(`${place}: ${error.message}`);
  }
  if (value === null) throw new ValueFault(`${place} is empty`);
  // Not `value.toHex()`: a module may return a subclass that overrides it.
  if (value instanceof Uint8Array) return `"0x${Uint8Array.prototype.toHex.call(value)}"`;
  return JSON.stringify(type === "boolean" ? value === 1 : value);
}

function itemsOf(given: unknown): unknown[] | null {
  if (Array.isArray(given)) return [...given];
  return given instanceof Set ? [...given] : null;
}

function pairsOf(given: unknown): unknown[] | null {
  if (given instanceof Map) return [...given];
  if (Array.isArray(given)) {
    return given.every((pair) => Array.isArray(pair) && pair.length === 2) ? [...given] : null;
  }
  const isPlain = typeof given === "object" && given !== null && !(given instanceof Set) &&
    !(given instanceof Date) && !(given instanceof Uint8Array);
  return isPlain ? Object.entries(given) : null;
}
