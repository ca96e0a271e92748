import type { Place } from "./toml_file.ts";

const TOKEN = /"(?:[^"\\\n]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g;

/**
 * Finds where a member stands in a valid JSON text (RFC 8259).
 *
 * @param path the keys and, for arrays, the indexes from the root to it
 * @returns null when the text does not have it
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
    // A member stands at its key, an element at its value.
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
 * Finds where a text stops being JSON.
 *
 * @returns the place of the first character that cannot go on, or of the end
 */
export function placeOfSyntaxError(text: string): Place {
  let low = 0;
  let high = text.length;
  // Whatever comes before the fault can be completed, whatever reaches beyond it cannot.
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (canGoOn(text.slice(0, middle))) low = middle;
    else high = middle - 1;
  }
  return placeAt(text, low);
}

/** True when V8 complains of nothing but the end. */
function canGoOn(prefix: string): boolean {
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
