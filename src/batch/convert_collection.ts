/**
 * Converts lists, sets and maps to canonical JSON.
 *
 * @module
 */
import type { Collection, ScalarType, Value } from "./column.ts";
import { fault, ValueFault } from "../sdk/values/value_fault.ts";

/** More would be too large for one cell. */
const MAX_ELEMENTS = 65_535;

interface Element {
  type: ScalarType;
  convert: (value: unknown) => Value;
}

const WHAT = {
  list: 'a list (an array, or JSON such as ["a", "b"])',
  set: 'a set (an array, a Set, or JSON such as ["a", "b"])',
  map: 'a map (an object, a Map, or JSON such as {"a": 1})',
} as const;

/**
 * @param elements the type of the elements; for a map, of the keys and of the values
 * @returns a function that throws {@link ValueFault} if the value does not fit; an empty
 *   collection becomes null
 */
export function collectionConverter(
  kind: Collection["kind"],
  elements: readonly Element[],
): (value: unknown) => Value {
  const [first, second] = elements;
  return (value) => {
    if (value === null || value === undefined || value === "") return null;
    const given = typeof value === "string" ? parsed(value, kind) : value;
    const items = kind === "map" ? pairsOf(given) : itemsOf(given);
    if (items === null) return fault(value, WHAT[kind]);
    if (items.length > MAX_ELEMENTS) {
      throw new ValueFault(
        `the ${kind} has ${items.length} elements (limit: ${MAX_ELEMENTS})`,
      );
    }
    if (items.length === 0) return null;
    if (kind === "map") return mapText(items as [unknown, unknown][], first!, second!);
    const texts = items.map((item, i) => elementText(item, first!, `element ${i + 1}`));
    return `[${(kind === "set" ? [...new Set(texts)].sort() : texts).join(",")}]`;
  };
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

/** Parses JSON, keeping numbers that a double would change as text. */
function parsed(text: string, kind: Collection["kind"]): unknown {
  const keep = (_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" && !Number.isSafeInteger(value) ? context?.source ?? value : value;
  try {
    return JSON.parse(text, keep);
  } catch {
    return fault(text, WHAT[kind]);
  }
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
