/** Where the records of a JSON text are. */
export type JsonLayout =
  | { kind: "lines" }
  /** @property at the path to the array; null if the array is the top level */
  | { kind: "array"; at: string | null; others: string[] }
  | { kind: "none"; why: string };

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/gs;

/**
 * Finds the records of a JSON text from its start.
 *
 * @param start cut anywhere
 * @example
 * ```ts
 * import { jsonLayout } from "./json_layout.ts";
 * jsonLayout('{"data":{"items":[{"id":1'); // { kind: "array", at: "data.items", others: [] }
 * ```
 */
export function jsonLayout(start: string): JsonLayout {
  const first = start.slice(0, start.search(/\r?\n|$/));
  const isOneLine = start.trim() === first.trim();
  if (isObject(first) && !isOneLine) return { kind: "lines" };
  const paths = arraysOfObjects(start);
  const [at, ...others] = paths;
  if (at !== undefined) return { kind: "array", at: at === "" ? null : at, others };
  if (isOneLine && isObject(start)) return { kind: "lines" };
  if (/^\s*\[/.test(start)) return { kind: "none", why: "its array has no objects" };
  return { kind: "none", why: "it has no array of objects, which would be the records" };
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** The paths to the arrays of objects that are not within another array, "" for the top level. */
function arraysOfObjects(text: string): string[] {
  const found: string[] = [];
  const path: string[] = [];
  let depth = 0;
  let key = "";
  let previous = "";
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === "{" && depth === 0) path.push(key);
    else if (token === "}" && depth === 0) path.pop();
    else if (token === "[") {
      if (depth++ === 0) path.push(key);
    } else if (token === "]" && --depth === 0) path.pop();
    if (token === "{" && previous === "[" && depth === 1) found.push(path.slice(1).join("."));
    if (token === ":" && previous.startsWith('"') && depth === 0) key = JSON.parse(previous);
    previous = token;
  }
  return found;
}
