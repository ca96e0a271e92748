import { Failure, messageOf } from "../../base/failure.ts";
import { parseJson } from "../formats/json_value.ts";

/** The longest line that a program may write, in bytes. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;
/** Row ids hold a line in 48 bits. */
const MAX_LINE_NUMBER = 2 ** 48 - 1;

/** What a line of a program's output says. */
export type Said =
  | { rows: object; line: number | null; raw: string | null }
  | { reject: string; column: string | null; line: number | null; raw: string | null }
  | { skip: number }
  | { end: number };

/**
 * Reads a line of a program's output.
 *
 * @param number of the line in the output, for messages
 * @throws {Failure} `program-protocol`
 *
 * @example
 * ```ts
 * import { readLine } from "./protocol.ts";
 * readLine('{"skip":2}', 1); // { skip: 2 }
 * ```
 */
export function readLine(text: string, number: number): Said {
  const said = parsed(text, number);
  const where = { line: place(said["line"], number), raw: textOrNull(said["raw"], "raw", number) };
  if ("rows" in said) {
    const { rows } = said;
    if (typeof rows !== "object" || rows === null || Array.isArray(rows)) {
      throw badLine(number, '"rows" is not an object of rows by table');
    }
    return { rows, ...where };
  }
  if ("reject" in said) {
    const reject = textOrNull(said["reject"], "reject", number);
    if (!reject) throw badLine(number, '"reject" is not a reason');
    return { reject, column: textOrNull(said["column"], "column", number), ...where };
  }
  if ("skip" in said) return { skip: count(said["skip"], "skip", number) };
  if ("end" in said) return { end: count(said["end"], "end", number) };
  throw badLine(number, 'it has none of "rows", "reject", "skip" and "end"');
}

function parsed(text: string, number: number): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    throw badLine(number, `it is not JSON (${messageOf(error).slice(0, 200)})`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw badLine(number, "it is not a JSON object");
  }
  return value as Record<string, unknown>;
}

function place(value: unknown, number: number): number | null {
  if (value === undefined) return null;
  const isPlace = typeof value === "number" && Number.isInteger(value) && value >= 1 &&
    value <= MAX_LINE_NUMBER;
  if (isPlace) return value;
  throw badLine(number, '"line" is not a whole number from 1');
}

function count(value: unknown, name: string, number: number): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw badLine(number, `"${name}" is not a whole number`);
}

function textOrNull(value: unknown, name: string, number: number): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "string") return value;
  throw badLine(number, `"${name}" is not text`);
}

/** A line that breaks the protocol: nothing of the output can be trusted. */
export function badLine(number: number, state: string): Failure {
  const text = `Cannot use line ${number} of the program's output: ${state}`;
  return new Failure("refused", "program-protocol", text, {
    hint: "The protocol of programs says what a line may be. Messages go to standard error.",
  });
}
