import { parse, TomlError } from "smol-toml";
import { Failure } from "../base/failure.ts";

/** A position in a text, counted from 1. */
export interface Place {
  line: number;
  column: number;
}

/**
 * Parses TOML 1.0.0.
 *
 * @param file the file's path, for messages
 * @throws {Failure} `bad-config` with file, line and column
 */
export function parseToml(text: string, file: string): Record<string, unknown> {
  try {
    return parse(text, { unsafeKeyBehaviour: "throw" });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const { line, column } = error;
    const state = error.message.replace(/^Invalid TOML document: /, "").split("\n")[0] ?? "";
    throw new Failure(
      "usage",
      "bad-config",
      `Cannot read the config file "${file}:${line}:${column}": ${state}`,
      { hint: "Fix that line; in TOML, text needs quotes.", details: { file, line, column } },
    );
  }
}

/**
 * Returns the position of a key in a valid TOML text: the start of the statement after which the text
 * so far is valid and contains the key.
 *
 * @param path the keys from the root
 * @returns null if the text does not set the key
 */
export function placeOfKey(text: string, path: readonly string[]): Place | null {
  const lines = text.split("\n");
  let statement = 0;
  for (let end = 1; end <= lines.length; end++) {
    const tree = tryParse(lines.slice(0, end).join("\n"));
    if (tree === null) continue;
    if (has(tree, path)) {
      const key = path.at(-1) ?? "";
      const column = (lines[statement] ?? "").indexOf(key) + 1;
      return { line: statement + 1, column: Math.max(1, column) };
    }
    statement = end;
  }
  return null;
}

function tryParse(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return null;
  }
}

function has(tree: unknown, path: readonly string[]): boolean {
  let node = tree;
  for (const key of path) {
    if (typeof node !== "object" || node === null || !Object.hasOwn(node, key)) return false;
    node = (node as Record<string, unknown>)[key];
  }
  return true;
}
