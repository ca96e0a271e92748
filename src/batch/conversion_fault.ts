/** A value that its column cannot hold; the message follows the column's name. */
export class ConversionFault extends Error {}

/** How a value is shown in a reason: short, quoted, and never by running the value's own code. */
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

/** @param what what the value is not, such as "a date" */
export function fault(value: unknown, what: string): never {
  throw new ConversionFault(`${show(value)} is not ${what}`);
}
