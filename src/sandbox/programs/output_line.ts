import { Failure, messageOf } from "../../base/failure.ts";
import { mayDiffer } from "../formats/json/numbers.ts";
import { parseJson, parseJsonTexts } from "../formats/json/value.ts";

/** Maximum length of a line that a program writes, in bytes. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;
/** Row ids store the line in 48 bits. */
const MAX_LINE_NUMBER = 2 ** 48 - 1;

/** A parsed line of a program's output. */
export type OutputLine =
  | { rows: object; line: number | null; raw: string | null }
  | { reject: string; column: string | null; line: number | null; raw: string | null }
  | { skip: number }
  | { end: number };

/**
 * Parses a line of a program's output.
 *
 * @param number the line's number in the output, for messages
 * @throws {Failure} `program-protocol`
 *
 * @example
 * ```ts
 * import { parseOutputLine } from "./output_line.ts";
 * parseOutputLine('{"skip":2}', 1); // { skip: 2 }
 * ```
 */
export function parseOutputLine(text: string, number: number): OutputLine {
  const output = parseObject(text, number);
  const line = lineOrNull(output["line"], number);
  const raw = textOrNull(output["raw"], "raw", number);
  if ("rows" in output) {
    const { rows } = output;
    if (typeof rows !== "object" || rows === null || Array.isArray(rows)) {
      throw invalidLine(number, '"rows" is not an object of rows by table');
    }
    return { rows: mayDiffer(text) ? rowsAsWritten(text) : rows, line, raw };
  }
  if ("reject" in output) {
    const reject = textOrNull(output["reject"], "reject", number);
    if (!reject) throw invalidLine(number, '"reject" has no reason');
    return { reject, column: textOrNull(output["column"], "column", number), line, raw };
  }
  if ("skip" in output) return { skip: count(output["skip"], "skip", number) };
  if ("end" in output) return { end: count(output["end"], "end", number) };
  throw invalidLine(number, 'it has none of "rows", "reject", "skip" and "end"');
}

/** The rows with the digits that the program has written. */
function rowsAsWritten(text: string): object {
  return (parseJsonTexts(text, "changed") as { rows: object }).rows;
}

function parseObject(text: string, number: number): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    throw invalidLine(number, `it is not JSON (${messageOf(error).slice(0, 200)})`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidLine(number, "it is not a JSON object");
  }
  return value as Record<string, unknown>;
}

function lineOrNull(value: unknown, number: number): number | null {
  if (value === undefined) return null;
  const isLine = typeof value === "number" && Number.isInteger(value) && value >= 1 &&
    value <= MAX_LINE_NUMBER;
  if (isLine) return value;
  throw invalidLine(number, '"line" is not a whole number from 1');
}

function count(value: unknown, name: string, number: number): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalidLine(number, `"${name}" is not a whole number`);
}

function textOrNull(value: unknown, name: string, number: number): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "string") return value;
  throw invalidLine(number, `"${name}" is not text`);
}

/** A line breaks the protocol, so none of the output can be trusted. */
export function invalidLine(number: number, state: string): Failure {
  const text = `Cannot use line ${number} of the program's output: ${state}`;
  return new Failure("refused", "program-protocol", text, {
    hint: "See docs/module-protocol.md for the format. Write messages to standard error.",
  });
}
