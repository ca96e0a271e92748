import { fault, show, ValueFault } from "../sdk/values/value_fault.ts";
import type { WrittenNumbers } from "../sdk/values/written_numbers.ts";

/** Puts text into JSON unchanged; TypeScript's library does not have it yet. */
const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => object };

/**
 * The JSON text of an array or a plain object, such as a nested member of a JSON record. Numbers keep
 * the digits that they have in the file.
 *
 * @throws {ValueFault} for other objects, and if a member is no JSON
 *
 * @example
 * ```ts
 * import { jsonText } from "./json_text.ts";
 * jsonText({ a: [1n, null] }); // '{"a":[1,null]}'
 * ```
 */
export function jsonText(value: object, numbers?: WrittenNumbers): string {
  if (!isJson(value)) return fault(value, "text");
  return JSON.stringify(value, (name: string, member: unknown) => {
    switch (typeof member) {
      case "number":
        return rawJSON(numbers?.textOf(member, [name], false) ?? finite(name, member));
      case "bigint":
        return rawJSON(String(member));
      case "object":
        return member === null || isJson(member) ? member : noJson(name, member);
      case "function":
      case "symbol":
        return noJson(name, member);
      default:
        return member;
    }
  });
}

/** Whether a value is an array or an object without a class. Dates are text before they get here. */
function isJson(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function finite(name: string, value: number): string {
  return Number.isFinite(value) ? String(value) : noJson(name, value);
}

function noJson(name: string, value: unknown): never {
  throw new ValueFault(
    `its member ${JSON.stringify(name.slice(0, 60))} is ${show(value)}, not JSON`,
  );
}
