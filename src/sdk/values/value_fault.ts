/**
 * A value that does not fit. The message continues the column's name, as in `"wet" is not a number`.
 * Thrown out of `row`, it rejects the record with this message as the reason.
 */
export class ValueFault extends Error {}

/** A value for a reason: short and quoted, and without running code of the value. */
export function show(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
    case "number":
    case "boolean":
    case "bigint":
      return String(value);
    default:
      return value === null ? "null" : `a value of type ${typeof value}`;
  }
}

/** @param what what the value should be, such as "a date" */
export function fault(value: unknown, what: string): never {
  throw new ValueFault(`${show(value)} is not ${what}`);
}
