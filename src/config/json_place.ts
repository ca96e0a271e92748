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
  for (const member of membersOf(text)) {
    if (JSON.stringify(member.path.map(String)) === wanted) return placeAt(text, member.index);
  }
  return null;
}

/** Returns the keys that an object in a valid JSON text has more than once, with their positions. */
export function placesOfRepeatedKeys(text: string): (Place & { key: string })[] {
  const seen = new Set<string>();
  const repeated: (Place & { key: string })[] = [];
  for (const { path, index } of membersOf(text)) {
    const whole = JSON.stringify(path);
    if (seen.has(whole)) repeated.push({ ...placeAt(text, index), key: path.join(".") });
    seen.add(whole);
  }
  return repeated;
}

/** The members of a valid JSON text: an object's at their keys, an array's at their values. */
function* membersOf(text: string): Generator<{ path: (string | number)[]; index: number }> {
  const open: { array: boolean; key: string | number | null }[] = [];
  const path = () => open.map(({ key }) => key ?? "");
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    const inner = open.at(-1);
    const starts = token !== "}" && token !== "]" && token !== ",";
    if (inner?.array && starts) yield { path: path(), index };
    if (token === "{" || token === "[") {
      open.push({ array: token === "[", key: token === "[" ? 0 : null });
    } else if (token === "}" || token === "]") {
      open.pop();
    } else if (token === "," && inner) {
      inner.key = inner.array ? Number(inner.key) + 1 : null;
    } else if (inner && !inner.array && inner.key === null && token.startsWith('"')) {
      inner.key = String(JSON.parse(token));
      yield { path: path(), index };
    }
  }
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
