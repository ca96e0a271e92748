import type { z } from "zod";
import { nearest } from "../base/nearest.ts";
import { placeOfMember, placeOfSyntaxError, placesOfRepeatedKeys } from "./json_place.ts";
import type { Place } from "./toml_file.ts";

/** A fault in a JSON file that people write. */
export interface JsonFault extends Place {
  /** The path of the member, such as `limits.memoryMb`; "" for the whole file. */
  setting: string;
  message: string;
}

const BOM = "\uFEFF";

/**
 * Parses a JSON text that people write; its faults say what to change.
 *
 * @returns undefined as value if there is a syntax error
 */
export function parseJson(text: string): { value: unknown; faults: JsonFault[] } {
  try {
    const value: unknown = JSON.parse(text);
    return { value, faults: placesOfRepeatedKeys(text).map(repeated) };
  } catch {
    const place = placeOfSyntaxError(text);
    return { value: undefined, faults: [{ ...place, setting: "", message: syntaxMessage(text) }] };
  }
}

/**
 * Returns all faults that a schema finds in a JSON text, with their places.
 *
 * @param keysAt the allowed keys of the object at a path
 */
export function schemaFaults(
  error: z.ZodError | undefined,
  text: string,
  keysAt: (path: readonly PropertyKey[]) => string[],
): JsonFault[] {
  const fault = (path: readonly PropertyKey[], message: string): JsonFault => ({
    ...(placeOfMember(text, path) ?? { line: 1, column: 1 }),
    setting: path.map(String).join("."),
    message,
  });
  return (error?.issues ?? []).flatMap((issue) => {
    if (issue.code !== "unrecognized_keys") {
      const message = issue.message.replace(/^Invalid input: /, "");
      return [fault(issue.path, /received undefined$/.test(message) ? "it is missing" : message)];
    }
    const allowed = keysAt(issue.path);
    return issue.keys.map((key) => {
      const similar = nearest(key, allowed);
      const meant = similar === null ? "" : `; did you mean "${similar}"?`;
      const message = `unknown setting; allowed are ${allowed.join(", ")}${meant}`;
      return fault([...issue.path, key], message);
    });
  });
}

function repeated({ key, ...place }: Place & { key: string }): JsonFault {
  return { ...place, setting: key, message: "it is there twice; remove one of the two" };
}

/** One line with all faults of a file and their places. */
export function describeFaults(path: string, faults: readonly JsonFault[]): string {
  return faults.map(({ line, column, setting, message }) => {
    const thing = setting === "" ? "" : `"${setting}": `;
    return `${path}:${line}:${column}: ${thing}${message}`;
  }).join("; ");
}

function syntaxMessage(text: string): string {
  if (text.startsWith(BOM)) {
    return "it is not JSON: it starts with a byte order mark; save it as UTF-8 without one";
  }
  if (text.trim() === "") return "it is not JSON: it is empty";
  const { line, column } = placeOfSyntaxError(text);
  const lines = text.split("\n");
  const rest = lines[line - 1]?.slice(column - 1) ?? "";
  const before = [...lines.slice(0, line - 1), lines[line - 1]?.slice(0, column - 1)].join("\n");
  if (/^(\/\/|\/\*|#)/.test(rest)) return "it is not JSON: JSON has no comments; remove this one";
  if (/^[}\]]/.test(rest) && /,\s*$/.test(before)) {
    return "it is not JSON: remove the comma before this bracket";
  }
  if (/^['‘’“”]/.test(rest)) return 'it is not JSON: write text in straight double quotes (")';
  if (rest.trim() === "" && line === lines.length) return "it is not JSON: it ends too early";
  return "it is not JSON";
}
