import type { Place } from "./toml_file.ts";

const TOKEN = /"(?:[^"\\\n]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g;

/**
 * Returns the position of a member in a valid JSON text (RFC 8259).
 *
 * @param path the keys and indexes from the root
 * @returns null if the text does not contain it
 *
 * @example
 * ```ts
 * import { placeOfMember } from "./json_place.ts";
 * placeOfMember('{\n "a": [1, 2]}', ["a", 1]); // { line: 2, column: 11 }
 * ```
 */
export function placeOfMember(text: string, path: readonly PropertyKey[]): Place | null {
  const wanted = JSON.stringify(path.map(String));
  const open: { array: boolean; key: string | number }[] = [];
  const isThere = () => JSON.stringify(open.map(({ key }) => String(key))) === wanted;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    const inner = open.at(-1);
    const starts = token !== "}" && token !== "]" && token !== ",";
    // The position of a member is that of its key, the position of an element that of its value.
    if (inner?.array && starts && isThere()) return placeAt(text, index);
    if (token === "{" || token === "[") {
      open.push({ array: token === "[", key: token === "[" ? 0 : "" });
    } else if (token === "}" || token === "]") {
      open.pop();
    } else if (token === "," && inner) {
      inner.key = inner.array ? Number(inner.key) + 1 : "";
    } else if (inner && !inner.array && inner.key === "" && token.startsWith('"')) {
      inner.key = String(JSON.parse(token));
      if (isThere()) return placeAt(text, index);
    }
  }
  return null;
}

/**
 * Returns the position of the first syntax error in a JSON text.
 */
export function placeOfSyntaxError(text: string): Place {
  let low = 0;
  let high = text.length;
  // A text before the error can be completed to valid JSON, a text beyond it cannot.
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (canBeCompleted(text.slice(0, middle))) low = middle;
    else high = middle - 1;
  }
  return placeAt(text, low);
}

/** Whether the only error is the end of the text. */
function canBeCompleted(prefix: string): boolean {
  try {
    JSON.parse(prefix);
    return true;
  } catch (error) {
    const { message } = error as SyntaxError;
    if (/^(Unexpected end of|Unterminated string)/.test(message)) return true;
    const at = /at position (\d+)/.exec(message)?.[1];
    return at !== undefined && Number(at) >= prefix.length;
  }
}

function placeAt(text: string, index: number): Place {
  const before = text.slice(0, index).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
